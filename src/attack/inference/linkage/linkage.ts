import { clusterRate, type Estimate, type Rate } from '../../../metric/intervals.ts';
import { rocArea } from '../../../metric/roc-area.ts';
import { similaritiesTo } from '../../../metric/similarity.ts';
import { InputError } from '../../../util/errors.ts';
import { throwIfAborted } from '../../../util/progress.ts';
import { Random } from '../../../util/random.ts';
import { requireMaskedShape } from '../../masked-shape.ts';
import type { RowFunction } from '../attribute/row-function.ts';
import { centredRows, meanRow, meanSimilarity, partPairs } from './held-out.ts';
import type { LinkageStudent, MaskedFace, StudentOptions } from './student.ts';
import { LINKAGE_STUDENTS } from './students.ts';

/** How many pairs an attacker is given, beside all that there are. */
export const PAIR_COUNTS = [0, 30, 256, 1000] as const;

/** Pairs and people below which nothing can be learnt, and what was learnt cannot be tried on others. */
const FEWEST = { pairs: 10, people: 4 } as const;

/** Whose masked faces are linked, and what the attacker has of others. */
export interface LinkageFaces {
  /** The attacker's pairs: other people than the targets. */
  readonly pairs: readonly MaskedFace[];
  /** Of each person the first photo is searched for, and the others are what is searched with; those of one photo are there to be taken for others. */
  readonly targets: readonly MaskedFace[];
}

export interface LinkageOptions extends StudentOptions {
  /** How many of the pairs the attacker has. The pairs of a smaller number are among those of a larger one. */
  readonly pairCount: number;
  /** Default {@link LINKAGE_STUDENTS}. */
  readonly students?: readonly LinkageStudent[];
  /** Draws of the bootstrap for the area's interval; default 500. */
  readonly draws?: number;
}

/** How well faces are linked. */
export interface LinkageFigures {
  /** Photos that are searched with, and people who are searched through. */
  readonly probes: number;
  readonly people: number;
  /** Share of the probes whose own person comes first, ties against them; with an interval over people. */
  readonly rank1: Rate;
  /** What rank-1 is by chance: 1 / people. */
  readonly chance: number;
  /** Area under the ROC curve of all comparisons, 0.5 by chance; with an interval over people. */
  readonly auc: Estimate;
  /** The same where anybody of the probe's {@link MaskedFace.company} may come first too: of a mix, whether it gave away anybody at all. */
  readonly anybody: Rate;
  /** Behind `rank1` and `anybody`: of each person, of each of their probes, whether it was so. People are in the order of the targets. */
  readonly first: readonly (readonly boolean[])[];
  readonly found: readonly (readonly boolean[])[];
}

/** What an attacker with so many pairs links. */
export interface Linkage {
  readonly pairs: number;
  /** The student that held-out people of the attacker's chose; undefined without pairs. */
  readonly student: string | undefined;
  /** Mean cosine similarity to the templates of those people. */
  readonly heldOutSimilarity: number | undefined;
  /** A masked face against open photos, as the encoder sees them; undefined where nothing tells how the one becomes the other. */
  readonly templateToFace: LinkageFigures | undefined;
  /** A masked face against other masked faces. */
  readonly templateToTemplate: LinkageFigures;
}

/** The numbers of pairs to measure: those of {@link PAIR_COUNTS} that there are, and all. */
export function pairCounts(available: number): number[] {
  return [...PAIR_COUNTS.filter((count) => count < available), available];
}

/**
 * Links masked faces with open photos and with each other, always with another photo of that person. An attacker without pairs compares masked faces as they are, as the encoder sees them where they can be
 * shown; one with pairs does it through the student that does best on held-out people of his own, trained on all his pairs.
 *
 * Cost: two trainings of each student, and one pass over all comparisons for each draw of the bootstrap (100 people of four photos: a tenth of a second).
 *
 * Source: linkage of protected templates as ISO/IEC 30136 asks (unlinkability), by a learnt map (reference/masking.md).
 *
 * @throws InputError where no target has two photos, fewer than two people are targets, a person is on both sides, or there are not so many pairs; ShapeError where a masked face has not the shape's numbers.
 */
export async function measureLinkage(faces: LinkageFaces, options: LinkageOptions): Promise<Linkage> {
  const { pairCount, seed } = options;
  const { pairs, targets } = faces;
  requireApart(faces);
  requireMaskedShape(
    [...pairs, ...targets].map(({ masked }) => masked),
    options.shape,
  );
  if (pairCount > pairs.length) throw new InputError(`${pairCount} pairs are asked for, and there are ${pairs.length}`);
  const templates = targets.map(({ template }) => template);
  const search = (probes: readonly Float32Array[], gallery: readonly Float32Array[]): LinkageFigures =>
    linked(targets, { probes, gallery }, options);
  if (pairCount === 0) {
    const shown = targets.flatMap((target) => target.shown ?? []);
    const isShown = shown.length === targets.length;
    const own = isShown ? shown : targets.map(({ masked }) => masked);
    return {
      pairs: 0,
      student: undefined,
      heldOutSimilarity: undefined,
      templateToFace: isShown ? search(shown, templates) : undefined,
      templateToTemplate: search(own, own),
    };
  }
  const known = new Random(seed).fork('pairs').shuffle(pairs).slice(0, pairCount);
  const { student, similarity } = await chooseStudent(known, options);
  const mapped = await through(await student.train(known, options), targets);
  return {
    pairs: pairCount,
    student: student.name,
    heldOutSimilarity: similarity,
    templateToFace: search(mapped, templates),
    templateToTemplate: search(mapped, mapped),
  };
}

async function chooseStudent(
  pairs: readonly MaskedFace[],
  options: LinkageOptions,
): Promise<{ readonly student: LinkageStudent; readonly similarity: number }> {
  const people = new Set(pairs.map(({ person }) => person)).size;
  if (pairs.length < FEWEST.pairs || people < FEWEST.people) {
    throw new InputError(`${pairs.length} pairs of ${people} people teach a student nothing`, {
      hint: `give at least ${FEWEST.pairs} pairs, of ${FEWEST.people} people or more`,
    });
  }
  const { kept, heldOut } = partPairs(pairs, options.seed);
  const mean = meanRow(kept.map(({ template }) => template));
  const wanted = centredRows(
    heldOut.map(({ template }) => template),
    mean,
  );
  let best: { readonly student: LinkageStudent; readonly similarity: number } | undefined;
  for (const student of options.students ?? LINKAGE_STUDENTS) {
    throwIfAborted(options);
    const similarity = meanSimilarity(await through(await student.train(kept, options), heldOut), wanted);
    if (!best || similarity > best.similarity) best = { student, similarity };
  }
  if (!best) throw new InputError('linkage through a student needs a student');
  return best;
}

async function through(student: RowFunction, faces: readonly MaskedFace[]): Promise<Float32Array[]> {
  try {
    return await student.apply(faces.map(({ masked }) => masked));
  } finally {
    await student.close();
  }
}

/** Searches for each photo but a person's first among all first ones. Each side is seen about its own mean, which an attacker with many faces has. */
function linked(
  targets: readonly MaskedFace[],
  sides: { readonly probes: readonly Float32Array[]; readonly gallery: readonly Float32Array[] },
  { seed, draws }: LinkageOptions,
): LinkageFigures {
  const random = new Random(seed).fork('linkage intervals');
  const [probeUnits, galleryUnits] = [directions(sides.probes), directions(sides.gallery)];
  const places = targets.map(({ person }, place) => ({ person, place }));
  const byPerson = [...Map.groupBy(places, ({ person }) => person).values()].map((own) =>
    own.map(({ place }) => place),
  );
  const gallery = byPerson.map(([first]) => galleryUnits[first as number] as Float32Array);
  const scores: number[] = [];
  const [person, other]: [number[], number[]] = [[], []];
  const names = byPerson.map(([place]) => targets[place as number]?.person);
  const outcomes = byPerson.map(([, ...probes], own) =>
    probes.map((probe) => {
      const similarities = similaritiesTo(probeUnits[probe] as Float32Array, gallery);
      similarities.forEach((similarity, compared) => {
        scores.push(similarity);
        person.push(own);
        other.push(compared);
      });
      const best = Math.max(...similarities);
      const place = similarities.indexOf(best);
      if (similarities.includes(best, place + 1)) return { first: false, found: false };
      const company = targets[probe]?.company ?? [];
      return { first: place === own, found: place === own || company.some((name) => name === names[place]) };
    }),
  );
  const [first, found] = [
    outcomes.map((probes) => probes.map((outcome) => outcome.first)),
    outcomes.map((probes) => probes.map((outcome) => outcome.found)),
  ];
  const positive = person.map((own, i) => own === other[i]);
  const { auc } = rocArea(
    { scores, positive, person, other },
    { random, ...(draws === undefined ? {} : { samples: draws }) },
  );
  return {
    probes: first.flat().length,
    people: gallery.length,
    rank1: clusterRate(first, { random }),
    chance: 1 / gallery.length,
    auc,
    anybody: clusterRate(found, { random }),
    ...{ first, found },
  };
}

/** Rows about their mean, of length 1; what is the mean itself is like nothing. */
function directions(rows: readonly Float32Array[]): Float32Array[] {
  return centredRows(rows, meanRow(rows)).map((row) => {
    const length = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
    return length > 0 ? row.map((value) => value / length) : row;
  });
}

function requireApart({ pairs, targets }: LinkageFaces): void {
  const people = Map.groupBy(targets, ({ person }) => person);
  const both = pairs.find(({ person }) => people.has(person));
  if (both) throw new InputError(`"${both.person}" is among the attacker’s people and among those who are linked`);
  const repeated = [...people.values()].filter(({ length }) => length > 1).length;
  if (people.size < 2 || repeated < 2) {
    throw new InputError(`of ${people.size} people ${repeated} have two photos`, {
      hint: 'linkage is measured on two people or more who have two photos each',
    });
  }
}
