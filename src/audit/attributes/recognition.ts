import { type FalseMatch, falseMatchInterval } from '../../metric/false-match-interval.ts';
import { identificationRanks, type LabelledEmbedding } from '../../metric/identification.ts';
import { clusterRate, type Rate } from '../../metric/intervals.ts';
import { compareAll } from '../../metric/score-set.ts';
import { normalise, normaliseOrZero, similaritiesTo } from '../../metric/similarity.ts';
import { pairsNeeded, type Threshold, thresholdAtFmr } from '../../metric/threshold.ts';
import { equalErrorRate, tarAtFmr } from '../../metric/verification.ts';
import { Random } from '../../util/random.ts';
import type { Recognition } from '../findings.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { AttributeFace } from './faces.ts';
import { subgroups } from './leakage.ts';
import { SimilaritySample } from './similarity-sample.ts';

/** Impostor pairs for each that may be accepted, so that a threshold does not hang on a single pair. */
const PAIRS_ACCEPTED = 10;

/** Impostor pairs of a row, at most; of more as many are drawn. 8 MB; all of them for 2,000 photos among themselves. */
const MOST_IMPOSTOR_PAIRS = 2_000_000;

/** Probes that are searched for in the gallery at a time. */
const SEARCHED_TOGETHER = 256;

/** An embedding of a test photo. */
export interface Template extends LabelledEmbedding {
  readonly face: AttributeFace;
}

/** The k-th encoder's templates of faces. */
export const templates = (faces: readonly AttributeFace[], k: number): Template[] =>
  faces.map((face) => ({ face, person: face.person, embedding: face.embeddings[k] ?? new Float32Array() }));

/**
 * The threshold of an encoder at the verdict's FMR, from calibration people, one face each; undefined where they give too few impostor pairs. The interval of its FMR is of a bootstrap over people: each
 * is in many pairs.
 */
export function calibrationThreshold(
  faces: readonly Template[],
  origin: { readonly dataset: string; readonly encoder: string },
): Threshold | undefined {
  const onePerPerson = [...new Map(faces.map((face) => [face.person, face])).values()];
  const count = onePerPerson.length;
  if ((count * (count - 1)) / 2 < PAIRS_ACCEPTED * pairsNeeded(VERDICT_FMR)) return undefined;
  const { impostors } = compareAll(
    onePerPerson.map(({ embedding }) => embedding),
    onePerPerson.map(({ person }) => person),
  );
  const threshold = thresholdAtFmr(impostors, VERDICT_FMR, origin);
  const matches: FalseMatch[] = [];
  let at = 0;
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) if ((impostors[at++] ?? -1) >= threshold.similarity) matches.push([i, j]);
  const { low, high } = falseMatchInterval(matches, new Array<number>(count).fill(1), {
    random: new Random(`calibration at ${VERDICT_FMR}`),
  });
  return { ...threshold, interval: { ...threshold.interval, low, high } };
}

/** What is compared, and how it is told. */
export interface RecognitionOptions {
  /** Undefined where there is none: then nothing is said to match. */
  readonly threshold: Pick<Threshold, 'similarity' | 'fmr'> | undefined;
  readonly origin: Pick<Recognition, 'target' | 'comparison' | 'transformation'>;
  readonly parts: 'subgroups' | 'all';
  readonly random: Random;
  /** Default 2,000,000. */
  readonly mostImpostorPairs?: number;
}

/**
 * How well people are recognised who hand in one kind of photo and are known by another: every probe is compared with every reference but that of the same photo. Intervals draw people, whose photos are
 * not independent.
 *
 * Of impostor pairs as many are kept as `mostImpostorPairs`, drawn by the seed where there are more; memory does not grow with the square of the photos.
 *
 * @returns no row where nobody has two photos.
 */
export function recognitionRows(
  probes: readonly Template[],
  references: readonly Template[],
  options: RecognitionOptions,
): Recognition[] {
  const { threshold, origin, parts, random } = options;
  const rankOne = rankOneOf(probes, references, random.fork(`rank of ${Object.values(origin).join()}`));
  const groups = [undefined, ...(parts === 'subgroups' ? subgroups() : [])].map((group) => {
    const name = group?.name ?? null;
    const own = random.fork(`${name} ${Object.values(origin).join()}`);
    return {
      name,
      holds: group?.holds ?? (() => true),
      random: own,
      genuine: [] as Genuine[],
      impostors: new SimilaritySample(options.mostImpostorPairs ?? MOST_IMPOSTOR_PAIRS, own.fork('impostor pairs')),
    };
  });
  eachPair(probes, references, (a, b, similarity) => {
    for (const { holds, genuine, impostors } of groups) {
      if (!(holds(a.face) && holds(b.face))) continue;
      if (a.person === b.person) genuine.push({ person: a.person, similarity });
      else impostors.add(similarity);
    }
  });
  return groups.flatMap(({ name, genuine, impostors: { similarities: impostors, seen }, random: own }) => {
    if (genuine.length === 0 || impostors.length === 0) return [];
    const similarities = genuine.map(({ similarity }) => similarity);
    const tar = (far: number): Rate | null =>
      impostors.length < PAIRS_ACCEPTED * pairsNeeded(far)
        ? null
        : acceptedRate(genuine, tarAtFmr(similarities, impostors, far).similarity, own.fork(`TAR at ${far}`));
    return [
      {
        ...origin,
        subgroup: name,
        genuinePairs: genuine.length,
        impostorPairs: impostors.length,
        ...(seen > impostors.length ? { impostorPairsThere: seen } : {}),
        eer: equalErrorRate(similarities, impostors).rate,
        fmr: VERDICT_FMR,
        matched: threshold ? acceptedRate(genuine, threshold.similarity, own.fork('matched')) : null,
        tarAtFar1: tar(0.01),
        tarAtFar01: tar(0.001),
        rankOne: name === null ? rankOne : null,
      },
    ];
  });
}

/** A pair of one person's photos. */
interface Genuine {
  readonly person: string;
  readonly similarity: number;
}

/** Compares one probe after the other with all references; -1 where an embedding is all zeros. */
function eachPair(
  probes: readonly Template[],
  references: readonly Template[],
  visit: (probe: Template, reference: Template, similarity: number) => void,
): void {
  const units = references.map(({ embedding }) => normaliseOrZero(embedding));
  const isBlankReference = references.map(isBlank);
  probes.forEach((a, i) => {
    // Of one set each pair counts once.
    const from = probes === references ? i + 1 : 0;
    const similarities = isBlank(a) ? undefined : similaritiesTo(normalise(a.embedding), units, from);
    references.slice(from).forEach((b, j) => {
      // The same photo on both sides is no comparison of two.
      if (a.face.id === b.face.id) return;
      visit(a, b, isBlankReference[from + j] ? -1 : (similarities?.[j] ?? -1));
    });
  });
}

const isBlank = ({ embedding }: Template): boolean => embedding.every((value) => value === 0);

function acceptedRate(genuine: readonly Genuine[], threshold: number, random: Random): Rate {
  const byPerson = [...Map.groupBy(genuine, ({ person }) => person).values()];
  const accepted = byPerson.map((own) => own.map(({ similarity }) => similarity >= threshold));
  return clusterRate(accepted, { random, samples: 500 });
}

/** One reference of each person is enrolled; the other photos of those who have several are looked for. */
function rankOneOf(probes: readonly Template[], references: readonly Template[], random: Random): Rate | null {
  const enrolled = [...new Map(references.toReversed().map((one) => [one.person, one])).values()];
  const ids = new Set(enrolled.map(({ face }) => face.id));
  const people = new Set(enrolled.map(({ person }) => person));
  if (enrolled.some(isBlank) || probes.some(isBlank)) return null;
  const looked = probes.filter(({ face, person }) => !ids.has(face.id) && people.has(person));
  if (looked.length === 0) return null;
  const ranks: number[] = [];
  for (let first = 0; first < looked.length; first += SEARCHED_TOGETHER)
    ranks.push(...identificationRanks(looked.slice(first, first + SEARCHED_TOGETHER), enrolled));
  const byPerson = Map.groupBy(looked.keys(), (i) => looked[i]?.person);
  const first = [...byPerson.values()].map((own) => own.map((i) => ranks[i] === 1));
  return clusterRate(first, { random, samples: 500 });
}
