import { clusterBootstrap, type Estimate, percentileEstimate } from '../../metric/intervals.ts';
import { Random } from '../../util/random.ts';
import { parseContender } from './contender.ts';
import type { MaskingResult } from './result.ts';

/** Weights of what a recogniser is worth. Source: the related patent's (reference/masking.md): 0.6 for accuracy, 0.4 for privacy. */
export const WORTH = { accuracy: 0.6, privacy: 0.4 } as const;

/** One masking over all its seeds. */
export interface MaskingRow {
  readonly contender: string;
  readonly seeds: readonly number[];
  readonly meanCount: number;
  /** Of the first seed, at times spread evenly over the training. */
  readonly meanCounts: readonly number[];
  readonly privacy: MaskingResult['privacy'];
  /** Accuracy of the ten folds; drawn anew are the folds. */
  readonly accuracy: Estimate;
  readonly tarAtFar1: Estimate | undefined;
  readonly named: Estimate;
  /** Rank-1 of training mixes against open photos, by attacker; drawn anew are people. */
  readonly linkage: readonly (Pick<LinkageRow, 'attacker' | 'pairs'> & { readonly rank1: Estimate })[];
  /** That of the attacker who links most. */
  readonly linked: Estimate;
  /** Of training mixes with each other, by the attacker who links most. */
  readonly linkedMixes: Estimate;
  /** By whichever comes nearer: the front undone, or the network. */
  readonly recovery: { readonly psnr: Estimate; readonly ssim: Estimate; readonly recognised: Estimate | undefined };
  /** The judge that finds most, of each attack; beside it the same of strangers. */
  readonly inversion: readonly InversionRow[];
  /** The attack that finds most, and its interval. */
  readonly membership: (Estimate & { readonly attack: string }) | undefined;
  /** 0.6 accuracy + 0.4 (1 - linked). */
  readonly worth: Estimate;
  /** Seconds of processor time of one training, mean. */
  readonly trainingSeconds: number;
}

type LinkageRow = MaskingResult['linkage'][number];

/** How often an attack finds its people, by one judge. */
export interface InversionRow {
  readonly attack: string;
  readonly judge: string;
  readonly places: number;
  readonly trained: Estimate;
  /** Of people of the same side whom it was not trained on; undefined where there were none. */
  readonly strangers: Estimate | undefined;
  readonly chance: number;
}

/** One masking less another, on the same seeds, people and folds. */
export interface MaskingDifference {
  readonly of: string;
  readonly less: string;
  readonly accuracy: Estimate;
  readonly linkage: Estimate;
  readonly worth: Estimate;
}

/** What a comparison of maskings found. */
export interface MaskingSummary {
  readonly settings: MaskingResult['settings'];
  readonly rows: readonly MaskingRow[];
  /** Each adaptive masking less random k, and less the best fixed k. */
  readonly differences: readonly MaskingDifference[];
  /** Of the fixed ones, that of the greatest worth; on these very figures, which favours it. */
  readonly bestFixed: string | undefined;
}

/** Draws of each bootstrap. */
const DRAWS = 2000;

/** Puts results beside each other. Only seeds that both have count in a difference. */
export function summariseMaskings(results: readonly MaskingResult[]): MaskingSummary {
  const byContender = Map.groupBy(results, ({ contender }) => contender);
  const rows = [...byContender.values()].map(rowOf);
  const kindOf = (name: string): string => parseContender(name).masking.mix.kind;
  const isFixedMix = (name: string): boolean => /^fixed:\d$/.test(name);
  const best = rows
    .filter(({ contender }) => isFixedMix(contender))
    .toSorted((a, b) => b.worth.value - a.worth.value)[0]?.contender;
  const differences = [...byContender.keys()]
    .filter((name) => kindOf(name) === 'adaptive')
    .flatMap((name) =>
      ['random', best].flatMap((other) => {
        const [own, others] = [byContender.get(name) ?? [], other === undefined ? [] : (byContender.get(other) ?? [])];
        return differenceOf(own, others) ?? [];
      }),
    );
  return { settings: results[0]?.settings ?? {}, rows, differences, bestFixed: best };
}

function rowOf(results: readonly MaskingResult[]): MaskingRow {
  const [first] = results as [MaskingResult, ...MaskingResult[]];
  const random = new Random(first.contender);
  const linkage = first.linkage.map(({ attacker, pairs }, place) => ({
    ...{ attacker, pairs },
    rank1: clusterBootstrap(linkedBy(results, place), { random: random.fork(`linkage ${place}`), samples: DRAWS }),
  }));
  const means = (of: (result: MaskingResult) => Limits | null): Estimate | undefined =>
    meanOf(results.flatMap((result) => of(result) ?? []));
  return {
    contender: first.contender,
    seeds: results.map(({ seed }) => seed),
    meanCount: results.reduce((sum, { meanCount }) => sum + meanCount, 0) / results.length,
    meanCounts: first.meanCounts,
    privacy: first.privacy,
    accuracy: clusterBootstrap(foldsOf(results), { random: random.fork('folds'), samples: DRAWS }),
    tarAtFar1: means(({ utility }) => utility.tarAtFar1),
    named: means(({ utility }) => utility.named) as Estimate,
    linkage,
    linked: greatest(
      linkage.map(({ rank1 }) => rank1),
      sizeOf,
    ),
    linkedMixes: greatest(
      first.linkage.flatMap(
        (_, place) => means((result) => result.linkage[place]?.templateToTemplate.rank1 ?? null) ?? [],
      ),
      sizeOf,
    ),
    recovery: greatest(
      first.recovery.map((_, place) => ({
        psnr: means(({ recovery }) => recovery[place]?.psnr ?? null) as Estimate,
        ssim: means(({ recovery }) => recovery[place]?.ssim ?? null) as Estimate,
        recognised: means(({ recovery }) => recovery[place]?.recognised ?? null),
      })),
      ({ ssim }) => ssim.value,
    ),
    inversion: inversionRows(results),
    membership: mostFound(results),
    worth: worthOf(results, undefined, random.fork('worth')),
    trainingSeconds: results.reduce((sum, { cost }) => sum + cost.trainingSeconds, 0) / results.length,
  };
}

type Limits = { readonly low: number; readonly high: number } & (
  | { readonly rate: number }
  | { readonly value: number }
);

/** The mean over seeds, between the means of their limits: right where the seeds agree wholly, as the same people make them nearly do, and too wide otherwise. */
function meanOf(estimates: readonly Limits[]): Estimate | undefined {
  if (estimates.length === 0) return undefined;
  const mean = (of: (one: Limits) => number): number =>
    estimates.reduce((sum, one) => sum + of(one), 0) / estimates.length;
  return {
    value: mean((one) => ('rate' in one ? one.rate : one.value)),
    low: mean(({ low }) => low),
    high: mean(({ high }) => high),
  };
}

/** Of each fold its accuracy in each seed. */
const foldsOf = (results: readonly MaskingResult[]): number[][] =>
  (results[0]?.utility.accuracy.folds ?? []).map((_, fold) =>
    results.map(({ utility }) => utility.accuracy.folds[fold] as number),
  );

/** Of each person whether each of their probes came first, in all seeds, by the attacker at this place. */
const linkedBy = (results: readonly MaskingResult[], place: number): number[][] =>
  (results[0]?.linkage[place]?.templateToFace.first ?? []).map((_, person) =>
    results.flatMap(({ linkage }) => (linkage[place]?.templateToFace.first[person] ?? []).map(Number)),
  );

/** The same by the attacker who links most: each masking meets the one that is worst for it. */
const linkedOf = (results: readonly MaskingResult[]): number[][] =>
  greatest(
    (results[0]?.linkage ?? []).map((_, place) => linkedBy(results, place)),
    pooledMean,
  );

const sizeOf = ({ value }: Estimate): number => value;

/** The one of which `size` is the greatest, the first of equals. */
function greatest<T>(all: readonly T[], size: (one: T) => number): T {
  return all.toSorted((a, b) => size(b) - size(a))[0] as T;
}

/** Worth, or its difference to that of others on the same folds and people; each is drawn anew by itself. */
function worthOf(
  own: readonly MaskingResult[],
  others: readonly MaskingResult[] | undefined,
  random: Random,
): Estimate {
  const accuracy = others ? lessEach(foldsOf(own), foldsOf(others)) : foldsOf(own);
  const linked = others ? lessEach(linkedOf(own), linkedOf(others)) : linkedOf(own);
  const offset = others ? 0 : WORTH.privacy;
  const worth = (folds: readonly (readonly number[])[], people: readonly (readonly number[])[]): number =>
    WORTH.accuracy * pooledMean(folds) - WORTH.privacy * pooledMean(people) + offset;
  const redraw = (groups: readonly (readonly number[])[]) =>
    groups.map(() => groups[random.integer(groups.length)] as readonly number[]);
  return percentileEstimate(
    worth(accuracy, linked),
    Float64Array.from({ length: DRAWS }, () => worth(redraw(accuracy), redraw(linked))),
  );
}

function pooledMean(groups: readonly (readonly number[])[]): number {
  const values = groups.flat();
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const lessEach = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] =>
  a.map((group, i) => group.map((value, k) => value - (b[i]?.[k] as number)));

/** Undefined where they have no seed in common. */
function differenceOf(own: readonly MaskingResult[], others: readonly MaskingResult[]): MaskingDifference | undefined {
  const shared = own.filter(({ seed }) => others.some((other) => other.seed === seed));
  const same = shared.flatMap(({ seed }) => others.find((other) => other.seed === seed) ?? []);
  const [of, less] = [shared[0]?.contender, same[0]?.contender];
  if (of === undefined || less === undefined) return undefined;
  const random = new Random(`${of} less ${less}`);
  const options = (name: string) => ({ random: random.fork(name), samples: DRAWS });
  return {
    ...{ of, less },
    accuracy: clusterBootstrap(lessEach(foldsOf(shared), foldsOf(same)), options('accuracy')),
    linkage: clusterBootstrap(lessEach(linkedOf(shared), linkedOf(same)), options('linkage')),
    worth: worthOf(shared, same, random.fork('worth')),
  };
}

function inversionRows(results: readonly MaskingResult[]): InversionRow[] {
  const all = results.flatMap(({ inversion }) => inversion);
  return [...Map.groupBy(all, ({ attack, judge, places }) => `${attack} ${judge} ${places}`).values()].flatMap(
    (rows) => {
      const of = (kind: 'trained' | 'strangers'): Estimate | undefined =>
        meanOf(rows.filter((row) => row.of === kind).map(({ rate }) => rate));
      const [row, trained, strangers] = [rows[0], of('trained'), of('strangers')];
      if (!row || !trained) return [];
      const { attack, judge, places, chance } = row;
      return [{ attack, judge, places, trained, strangers, chance }];
    },
  );
}

/** The membership attack that finds most, by the mean over seeds. */
function mostFound(results: readonly MaskingResult[]): MaskingRow['membership'] {
  const all = results.flatMap(({ membership }) => membership);
  const rows = [
    ...Map.groupBy(all, ({ attack, reference }) => (reference === null ? attack : `${attack} ${reference}`)),
  ];
  return rows
    .flatMap(([attack, own]) => {
      const mean = meanOf(own.map(({ auc }) => auc));
      return mean ? [{ ...mean, attack }] : [];
    })
    .toSorted((a, b) => b.value - a.value)[0];
}
