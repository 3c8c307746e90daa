import type { MixRecord } from './mix-log.ts';
import { type MixEquation, solveMixes } from './mix-system.ts';

/** What a set of mixes may do before it counts as exposed. */
export interface ExposureLimits {
  /** Most mixes that one image may be in; default 4. */
  readonly maxReencodings?: number;
}

/** An image and the mixes that it is in. */
export interface Reencodings {
  readonly image: string;
  readonly count: number;
}

/** Images that were mixed with each other, and nobody else, more than once. */
export interface RepeatedMix {
  readonly images: readonly string[];
  readonly count: number;
  /** Whether the weights were the same each time. */
  readonly sameWeights: boolean;
}

/** How much a set of mixes gives away of its images, to somebody who has the mixes and knows who was mixed with what weight. */
export interface Exposure {
  readonly schema: 'faceward.exposure/1';
  readonly exposed: boolean;
  /** Why, one sentence each; none where it is not exposed. */
  readonly reasons: readonly string[];
  readonly mixes: number;
  readonly images: number;
  /** Mixes by the number of images in them. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly reencodings: {
    readonly limit: number;
    readonly greatest: number;
    readonly mean: number;
    /** Images above the limit, the worst first. */
    readonly over: readonly Reencodings[];
  };
  readonly repeatedMixes: readonly RepeatedMix[];
  /** Mixes whose weights, to six digits and in any order, another mix has too: worth a look, but no exposure by itself. */
  readonly repeatedWeights: number;
  readonly system: {
    readonly equations: number;
    readonly unknowns: number;
    readonly rank: number;
    /** Ids of the images that can be solved for. */
    readonly determined: readonly string[];
    /** Images of parts too great for elimination, judged by their structure: there, mixes that share proportions of weights are missed. */
    readonly judgedByStructure: number;
  };
}

/** Most mixes of an image where nothing is said. */
const MAX_REENCODINGS = 4;

/** Decimals to which weights are the same. */
const DIGITS = 6;

/**
 * Tells whether a set of mixes is exposed: an image can be solved for, the same images were mixed with each other again, or an image is in too many mixes (their mean shows it,
 * since the others in them average out).
 *
 * What is solved for is the masked face, as the front gave it: pixels where the front is none, shuffled frequencies where it is secret. Random signs, as InstaHide has them, are
 * not counted as a protection: they were undone (Carlini et al. 2021, "Is private learning possible with instance encoding?").
 *
 * Cost: some hundred bytes for each different mix; see {@link solveMixes}.
 */
export async function findExposure(
  records: Iterable<MixRecord> | AsyncIterable<MixRecord>,
  { maxReencodings = MAX_REENCODINGS }: ExposureLimits = {},
): Promise<Exposure> {
  const mixes = await collectMixes(records);
  const { ids, counts, equations } = mixes;
  const solution = solveMixes(equations, ids.length);
  const determined = ids.filter((_, image) => solution.determined[image]);
  const over = ids
    .map((image, i) => ({ image, count: counts[i] as number }))
    .filter(({ count }) => count > maxReencodings)
    .sort((a, b) => b.count - a.count);
  const repeatedMixes = repeatsOf(mixes);
  const reasons = [
    ...(determined.length > 0 ? [`${determined.length} of ${ids.length} images can be solved for`] : []),
    ...(repeatedMixes.length > 0
      ? [`${plural(repeatedMixes.length, 'group of images', 'groups of images')} mixed with each other more than once`]
      : []),
    ...(over.length > 0 ? [`${plural(over.length, 'image', 'images')} in more than ${maxReencodings} mixes`] : []),
  ];
  return {
    schema: 'faceward.exposure/1',
    exposed: reasons.length > 0,
    reasons,
    mixes: mixes.total,
    images: ids.length,
    sizes: Object.fromEntries([...mixes.sizes].sort(([a], [b]) => a - b)),
    reencodings: {
      limit: maxReencodings,
      greatest: counts.reduce((a, b) => Math.max(a, b), 0),
      mean: ids.length === 0 ? 0 : counts.reduce((a, b) => a + b, 0) / ids.length,
      over,
    },
    repeatedMixes,
    repeatedWeights: [...mixes.weightings.values()].reduce((sum, count) => sum + (count > 1 ? count : 0), 0),
    system: {
      equations: equations.length,
      unknowns: ids.length,
      rank: solution.rank,
      determined,
      judgedByStructure: solution.judgedByStructure,
    },
  };
}

/** The records as numbers. */
interface Mixes {
  total: number;
  /** Ids of the images by their number. */
  readonly ids: string[];
  /** For each image the mixes that it is in. */
  readonly counts: number[];
  /** Each mix once, however often it was made. */
  readonly equations: MixEquation[];
  /** By the images' numbers, joined: how often these were mixed with each other, and in how many ways. */
  readonly groups: Map<string, { count: number; readonly weightings: Set<string> }>;
  readonly sizes: Map<number, number>;
  /** By the weights, sorted and rounded: how many mixes of several images have them. */
  readonly weightings: Map<string, number>;
}

async function collectMixes(records: Iterable<MixRecord> | AsyncIterable<MixRecord>): Promise<Mixes> {
  const mixes: Mixes = {
    total: 0,
    ids: [],
    counts: [],
    equations: [],
    groups: new Map(),
    sizes: new Map(),
    weightings: new Map(),
  };
  const numbers = new Map<string, number>();
  const numberOf = (image: string): number => {
    const known = numbers.get(image);
    if (known !== undefined) return known;
    numbers.set(image, numbers.size);
    mixes.counts.push(0);
    return mixes.ids.push(image) - 1;
  };
  for await (const { image, partners, weights } of records) {
    const parts = [image, ...partners]
      .map((id, i) => ({ number: numberOf(id), weight: weights[i] as number }))
      .sort((a, b) => a.number - b.number);
    addMix(mixes, parts);
  }
  return mixes;
}

function addMix(mixes: Mixes, parts: readonly { readonly number: number; readonly weight: number }[]): void {
  const images = parts.map(({ number }) => number);
  const rounded = parts.map(({ weight }) => weight.toFixed(DIGITS));
  mixes.total++;
  increase(mixes.sizes, parts.length);
  for (const image of images) mixes.counts[image] = (mixes.counts[image] as number) + 1;
  if (parts.length > 1) increase(mixes.weightings, rounded.toSorted().join());
  const key = images.join();
  const group = mixes.groups.get(key) ?? { count: 0, weightings: new Set<string>() };
  mixes.groups.set(key, group);
  group.count++;
  if (group.weightings.has(rounded.join())) return;
  group.weightings.add(rounded.join());
  mixes.equations.push({ images, weights: parts.map(({ weight }) => weight) });
}

function repeatsOf({ groups, ids }: Mixes): RepeatedMix[] {
  return [...groups]
    .filter(([key, { count }]) => count > 1 && key.includes(','))
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([key, { count, weightings }]) => ({
      images: key.split(',').map((number) => ids[Number(number)] as string),
      count,
      sameWeights: weightings.size === 1,
    }));
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const plural = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one} is` : `${count} ${many} are`;
