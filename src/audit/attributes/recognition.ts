import { identificationRanks, type LabelledEmbedding, rankRate } from '../../metric/identification.ts';
import { clusterRate, type Rate } from '../../metric/intervals.ts';
import { compareAll } from '../../metric/score-set.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { pairsNeeded, type Threshold, thresholdAtFmr } from '../../metric/threshold.ts';
import { equalErrorRate, tarAtFmr } from '../../metric/verification.ts';
import type { Random } from '../../util/random.ts';
import type { Recognition } from '../findings.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { AttributeFace } from './faces.ts';
import { subgroups } from './leakage.ts';

/** Impostor pairs for each that may be accepted, so that a threshold does not hang on a single pair. */
const PAIRS_ACCEPTED = 10;

/** An embedding of a test photo. */
export interface Template extends LabelledEmbedding {
  readonly face: AttributeFace;
}

/** The k-th encoder's templates of faces. */
export const templates = (faces: readonly AttributeFace[], k: number): Template[] =>
  faces.map((face) => ({ face, person: face.person, embedding: face.embeddings[k] ?? new Float32Array() }));

/** The threshold of an encoder at the verdict's FMR, from calibration people, one face each; undefined where they give too few impostor pairs. */
export function calibrationThreshold(
  faces: readonly Template[],
  origin: { readonly dataset: string; readonly encoder: string },
): Threshold | undefined {
  const onePerPerson = [...new Map(faces.map((face) => [face.person, face])).values()];
  const pairs = (onePerPerson.length * (onePerPerson.length - 1)) / 2;
  if (pairs < PAIRS_ACCEPTED * pairsNeeded(VERDICT_FMR)) return undefined;
  const { impostors } = compareAll(
    onePerPerson.map(({ embedding }) => embedding),
    onePerPerson.map(({ person }) => person),
  );
  return thresholdAtFmr(impostors, VERDICT_FMR, origin);
}

/** What is compared, and how it is told. */
export interface RecognitionOptions {
  /** Undefined where there is none: then nothing is said to match. */
  readonly threshold: Pick<Threshold, 'similarity' | 'fmr'> | undefined;
  readonly origin: Pick<Recognition, 'target' | 'comparison' | 'transformation'>;
  readonly parts: 'subgroups' | 'all';
  readonly random: Random;
}

/**
 * How well people are recognised who hand in one kind of photo and are known by another: every probe is compared with every reference but that of the same photo.
 *
 * @returns no row where nobody has two photos.
 */
export function recognitionRows(
  probes: readonly Template[],
  references: readonly Template[],
  { threshold, origin, parts, random }: RecognitionOptions,
): Recognition[] {
  const isSame = probes === references;
  const pairs = comparedPairs(probes, references, isSame);
  const rankOne = rankOneOf(probes, references);
  const groups = [undefined, ...(parts === 'subgroups' ? subgroups() : [])];
  return groups.flatMap((group) => {
    const own = group ? pairs.filter(({ a, b }) => group.holds(a.face) && group.holds(b.face)) : pairs;
    const genuine = own.filter(({ a, b }) => a.person === b.person);
    const impostors = own.filter(({ a, b }) => a.person !== b.person).map(({ similarity }) => similarity);
    if (genuine.length === 0 || impostors.length === 0) return [];
    const similarities = genuine.map(({ similarity }) => similarity);
    const tar = (far: number): Rate | null =>
      impostors.length < PAIRS_ACCEPTED * pairsNeeded(far) ? null : tarAtFmr(similarities, impostors, far).tar;
    const name = group?.name ?? null;
    return [
      {
        ...origin,
        subgroup: name,
        genuinePairs: genuine.length,
        impostorPairs: impostors.length,
        eer: equalErrorRate(similarities, impostors).rate,
        fmr: VERDICT_FMR,
        matched: threshold
          ? matchedRate(genuine, threshold.similarity, random.fork(`${name} ${Object.values(origin).join()}`))
          : null,
        tarAtFar1: tar(0.01),
        tarAtFar01: tar(0.001),
        rankOne: group ? null : rankOne,
      },
    ];
  });
}

interface Pair {
  readonly a: Template;
  readonly b: Template;
  readonly similarity: number;
}

function comparedPairs(probes: readonly Template[], references: readonly Template[], isSame: boolean): Pair[] {
  return probes.flatMap((a, i) =>
    references.flatMap((b, j) => {
      // Of one set each pair counts once; the same photo on both sides is no comparison of two.
      if (isSame ? j <= i : a.face.id === b.face.id) return [];
      return [{ a, b, similarity: cosineSimilarityOr(-1, a.embedding, b.embedding) }];
    }),
  );
}

function matchedRate(genuine: readonly Pair[], similarity: number, random: Random): Rate {
  const byPerson = [...Map.groupBy(genuine, ({ a }) => a.person).values()];
  const matches = byPerson.map((own) => own.map((pair) => pair.similarity >= similarity));
  return clusterRate(matches, { random, samples: 500 });
}

/** One reference of each person is enrolled; the other photos of those who have several are looked for. */
function rankOneOf(probes: readonly Template[], references: readonly Template[]): Rate | null {
  const enrolled = [...new Map(references.toReversed().map((one) => [one.person, one])).values()];
  const ids = new Set(enrolled.map(({ face }) => face.id));
  const people = new Set(enrolled.map(({ person }) => person));
  const isBlank = ({ embedding }: Template): boolean => embedding.every((value) => value === 0);
  if (enrolled.some(isBlank) || probes.some(isBlank)) return null;
  const looked = probes.filter(({ face, person }) => !ids.has(face.id) && people.has(person));
  return looked.length === 0 ? null : rankRate(identificationRanks(looked, enrolled), 1);
}
