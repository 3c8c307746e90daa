import { type Estimate, percentileEstimate, pooledMean, type Total, totalOf } from '../../metric/intervals.ts';
import { InputError } from '../../util/errors.ts';
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
  /** Accuracy of the ten folds; drawn anew are folds and seeds. */
  readonly accuracy: Estimate;
  readonly tarAtFar1: Estimate | undefined;
  readonly named: Estimate;
  /** Share of training mixes of which anybody is found in open photos at rank 1, by attacker; drawn anew are people and seeds. */
  readonly linkage: readonly (Pick<LinkageRow, 'attacker' | 'pairs'> & { readonly anybody: Estimate })[];
  /** That of the attacker who links most. */
  readonly linked: Estimate;
  /** Share of which the leading face's own person is, by the attacker who finds most. */
  readonly leading: Estimate;
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
  /** Seconds of processor time of one training, mean; too few where one was broken off and gone on with. */
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

/**
 * Puts results beside each other. Only seeds that both have count in a difference.
 *
 * @throws InputError where they were measured on different people.
 */
export function summariseMaskings(results: readonly MaskingResult[]): MaskingSummary {
  requireSamePeople(results);
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
    anybody: redrawn([linkedBy(results, place)], meanAlone, random.fork(`linkage ${place}`)),
  }));
  const means = (of: (result: MaskingResult) => Limits | null): Estimate | undefined =>
    meanOf(results.flatMap((result) => of(result) ?? []));
  return {
    contender: first.contender,
    seeds: results.map(({ seed }) => seed),
    meanCount: results.reduce((sum, { meanCount }) => sum + meanCount, 0) / results.length,
    meanCounts: first.meanCounts,
    privacy: first.privacy,
    accuracy: redrawn([foldsOf(results)], meanAlone, random.fork('folds')),
    tarAtFar1: means(({ utility }) => utility.tarAtFar1),
    named: means(({ utility }) => utility.named) as Estimate,
    linkage,
    linked: greatest(
      linkage.map(({ anybody }) => anybody),
      sizeOf,
    ),
    leading: greatest(
      first.linkage.flatMap((_, place) => means((result) => result.linkage[place]?.templateToFace.rank1 ?? null) ?? []),
      sizeOf,
    ),
    linkedMixes: greatest(
      first.linkage.flatMap(
        (_, place) => means((result) => result.linkage[place]?.templateToTemplate.anybody ?? null) ?? [],
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

/** The mean over seeds, between the means of their limits. That is an interval for these very trainings, over other people: wide enough for those, while what other seeds would do is not in it. */
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

/** Of each seed, of each group that is drawn as a whole (a fold, a person), the group's values. */
type Outcomes = readonly (readonly (readonly number[])[])[];

const foldsOf = (results: readonly MaskingResult[]): Outcomes =>
  results.map(({ utility }) => utility.accuracy.folds.map((accuracy) => [accuracy]));

/** Of each person whether each of their mixes gave anybody away, to the attacker at this place. */
const linkedBy = (results: readonly MaskingResult[], place: number): Outcomes =>
  results.map(({ linkage }) => (linkage[place]?.templateToFace.found ?? []).map((own) => own.map(Number)));

/** The same by the attacker who links most: each masking meets the one that is worst for it. */
const linkedOf = (results: readonly MaskingResult[]): Outcomes =>
  greatest(
    (results[0]?.linkage ?? []).map((_, place) => linkedBy(results, place)),
    meanOfAll,
  );

const sizeOf = ({ value }: Estimate): number => value;

/** The one of which `size` is the greatest, the first of equals. */
function greatest<T>(all: readonly T[], size: (one: T) => number): T {
  return all.toSorted((a, b) => size(b) - size(a))[0] as T;
}

/** Worth, or its difference to that of others on the same seeds, folds and people. */
function worthOf(
  own: readonly MaskingResult[],
  others: readonly MaskingResult[] | undefined,
  random: Random,
): Estimate {
  const accuracies = others ? lessEach(foldsOf(own), foldsOf(others)) : foldsOf(own);
  const links = others ? lessEach(linkedOf(own), linkedOf(others)) : linkedOf(own);
  const offset = others ? 0 : WORTH.privacy;
  const worth = ([accuracy = 0, linked = 0]: readonly number[]): number =>
    WORTH.accuracy * accuracy - WORTH.privacy * linked + offset;
  return redrawn([accuracies, links], worth, random);
}

/**
 * A figure of the means of some outcomes of the same seeds, with an interval from drawing seeds anew, and of each outcome its groups: what is said is meant of other people, and of other trainings too. Of each one
 * fewer is drawn than there are, without which the few seeds and folds would seem to vary less than they do.
 *
 * Sources: Owen, Annals of Applied Statistics 1 (2007), which draws rows and columns; Rao and Wu, J. Am. Stat. Assoc. 83 (1988), for the size of the draw.
 */
function redrawn(all: readonly Outcomes[], figure: (means: readonly number[]) => number, random: Random): Estimate {
  const draw = (count: number): number[] => Array.from({ length: Math.max(1, count - 1) }, () => random.integer(count));
  const tables = all.map((outcomes) => outcomes.map((groups) => groups.map(totalOf)));
  const draws = Float64Array.from({ length: DRAWS }, () => {
    const seeds = draw(all[0]?.length ?? 0);
    return figure(
      tables.map((table) => {
        const groups = draw(table[0]?.length ?? 0);
        return pooledMean(seeds.flatMap((seed) => groups.map((group) => table[seed]?.[group] ?? NOTHING)));
      }),
    );
  });
  return percentileEstimate(figure(all.map(meanOfAll)), draws);
}

/** A figure that is the mean of one outcome. */
const meanAlone = ([mean = 0]: readonly number[]): number => mean;

const NOTHING: Total = { sum: 0, count: 0 };

const meanOfAll = (outcomes: Outcomes): number => pooledMean(outcomes.flat().map(totalOf));

/** Of the same seeds, groups and places, the one less the other. */
const lessEach = (a: Outcomes, b: Outcomes): Outcomes =>
  a.map((groups, seed) =>
    groups.map((values, group) => values.map((value, i) => value - (b[seed]?.[group]?.[i] as number))),
  );

/** @throws InputError where results are of people of other numbers of photos: then the data set was changed between them. */
function requireSamePeople(results: readonly MaskingResult[]): void {
  const measuredOn = ({ linkage, utility }: MaskingResult): string =>
    JSON.stringify([
      linkage.map(({ templateToFace }) => templateToFace.found.map((own) => own.length)),
      utility.named.trials,
    ]);
  const [first] = results;
  const odd = first && results.find((result) => measuredOn(result) !== measuredOn(first));
  if (!odd) return;
  throw new InputError(
    `${first.contender}, seed ${first.seed}, and ${odd.contender}, seed ${odd.seed}, were measured on different people`,
    {
      hint: 'the data set was changed between them: measure all on the same one, in a folder of their own (--out)',
    },
  );
}

/** Undefined where they have no seed in common. */
function differenceOf(own: readonly MaskingResult[], others: readonly MaskingResult[]): MaskingDifference | undefined {
  const shared = own.filter(({ seed }) => others.some((other) => other.seed === seed));
  const same = shared.flatMap(({ seed }) => others.find((other) => other.seed === seed) ?? []);
  const [of, less] = [shared[0]?.contender, same[0]?.contender];
  if (of === undefined || less === undefined) return undefined;
  const random = new Random(`${of} less ${less}`);
  return {
    ...{ of, less },
    accuracy: redrawn([lessEach(foldsOf(shared), foldsOf(same))], meanAlone, random.fork('accuracy')),
    linkage: redrawn([lessEach(linkedOf(shared), linkedOf(same))], meanAlone, random.fork('linkage')),
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
