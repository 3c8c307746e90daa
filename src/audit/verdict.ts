import { formatCount, formatExactPercent, formatInterval, formatPercent } from './figures.ts';
import type { Control, Rate, Verdict } from './findings.ts';
import { MEASURE } from './findings.ts';
import { trialsToSettle } from './sample-size.ts';

/** The false match rate at which a verdict is made. */
export const VERDICT_FMR = 1e-3;

/**
 * The rate from which an attack counts as a leak: ten times what chance gives at that threshold, and never under 5 %.
 *
 * Ten times the FMR keeps a threshold that is somewhat off from reading as a leak; 5 % keeps a rate that is
 * significant only because the sample is huge from doing so. Both are choices, and stated in every report.
 */
export function leakLevel(fmr: number): number {
  return Math.max(10 * fmr, 0.05);
}

/** A control as measured, before it is known whether it held. */
export type MeasuredControl = Omit<Control, 'held'>;

/** What a verdict rests on. */
export interface VerdictInput {
  /** All rates on the audited target; those other than type-I and type-II SAR at `fmr` are left aside. */
  readonly rates: readonly Rate[];
  readonly controls: readonly MeasuredControl[];
  /** People behind the rates, to say how many more would settle it. */
  readonly people: number;
  /** {@link VERDICT_FMR} unless told. */
  readonly fmr?: number;
}

/** A verdict with the controls it rests on, each told whether it held. */
export interface Decision {
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly controls: Control[];
}

/**
 * Decides what may be said of a target; pure.
 *
 * - *inconclusive* where a control did not hold or is missing: the attack must find the planted weak encoder leaking, must not find
 *   the planted strong one leaking, and no face that owes nothing to the template may pass for the person;
 * - *leaks* where the lower bound of a type-I or type-II SAR exceeds both {@link leakLevel} and the upper bound of every chance control
 *   that has the same measure, judge and FMR;
 * - *inconclusive* where the target hardly recognises people in real photos: what matches nobody shows no leak, and proves nothing by that;
 * - *leaks-little* where the upper bound of every one of those rates stays under the level. There is no "safe";
 * - else *inconclusive*, because the sample is too small, saying how many more people would be needed.
 */
export function decideVerdict({ rates, controls: measured, people, fmr = VERDICT_FMR }: VerdictInput): Decision {
  const controls = measured.map((control) => ({ ...control, held: holds(control, measured, fmr) }));
  const decide = (verdict: Verdict, sentence: string): Decision => ({ verdict, sentence, controls });

  const failure = controlFailure(controls, fmr);
  if (failure !== undefined) return decide('inconclusive', `Nothing can be said of this encoder yet: ${failure}.`);

  const deciding = rates.filter((rate) => rate.fmr === fmr && isDecisive(rate));
  if (deciding.length === 0) {
    return decide(
      'inconclusive',
      `Nothing can be said yet: no attack was measured at a false match rate of ${formatExactPercent(fmr)}.`,
    );
  }
  const uncontrolled = deciding.find((rate) => chanceControls(rate, controls).length === 0);
  if (uncontrolled !== undefined) {
    return decide(
      'inconclusive',
      `Nothing can be said yet: no chance control was measured for ${uncontrolled.name} as judged by ${uncontrolled.judge}.`,
    );
  }

  const shown = headlineRate({ rates, controls, fmr });
  if (shown === undefined) return decide('inconclusive', 'Nothing can be said yet: nothing was measured.');
  if (leaks(shown, controls)) return decide('leaks', leakSentence(shown));
  const blind = blindness({ rates, target: shown.target, fmr });
  if (blind !== undefined) return decide('inconclusive', blindSentence(blind));
  const open = deciding.filter((rate) => rate.high >= leakLevel(fmr));
  if (open.length === 0) return decide('leaks-little', littleSentence(shown));
  return decide('inconclusive', openSentence(shown, peopleMissing(open, people, leakLevel(fmr)), leakLevel(fmr)));
}

/**
 * The rate that a verdict's sentence states: the clearest leak where there is one, else the rate whose upper bound reaches highest.
 *
 * @returns undefined where neither type-I nor type-II SAR was measured at `fmr`.
 */
export function headlineRate({ rates, controls, fmr = VERDICT_FMR }: Omit<VerdictInput, 'people'>): Rate | undefined {
  const deciding = rates.filter((rate) => rate.fmr === fmr && isDecisive(rate));
  return clearestLeak(deciding.filter((rate) => leaks(rate, controls))) ?? highestReach(deciding);
}

/**
 * The rate at which a target matches two real photos of a person, where that is no better than a leak's level: an encoder that recognises nobody.
 *
 * @returns undefined where it does recognise people, or nobody has two photos.
 */
export function blindness(of: {
  readonly rates: readonly Rate[];
  readonly target: string;
  /** {@link VERDICT_FMR} unless told. */
  readonly fmr?: number;
}): Rate | undefined {
  const { rates, target, fmr = VERDICT_FMR } = of;
  return rates.find(
    (rate) =>
      rate.name === MEASURE.genuine &&
      rate.target === target &&
      rate.judge === target &&
      rate.fmr === fmr &&
      rate.low <= leakLevel(fmr),
  );
}

function isDecisive(rate: MeasuredControl | Rate): boolean {
  return rate.name === MEASURE.typeOne || rate.name === MEASURE.typeTwo;
}

/** Whether a rate shows a leak; a rank-k rate has no level of its own and shows none. */
function leaks(rate: Rate, controls: readonly MeasuredControl[]): boolean {
  if (rate.fmr === null) return false;
  const ceiling = Math.max(0, ...chanceControls(rate, controls).map((control) => control.high));
  return rate.low > leakLevel(rate.fmr) && rate.low > ceiling;
}

function chanceControls(rate: Rate, controls: readonly MeasuredControl[]): MeasuredControl[] {
  return controls.filter(
    (control) =>
      control.expected === 'chance' &&
      control.name === rate.name &&
      control.target === rate.target &&
      control.judge === rate.judge &&
      control.fmr === rate.fmr,
  );
}

function isSameAttack(a: MeasuredControl, b: MeasuredControl): boolean {
  return a.attack === b.attack && a.target === b.target && a.judge === b.judge && a.fmr === b.fmr;
}

/**
 * Whether a control came out as expected.
 *
 * A planted weak encoder is found leaking where type-I or type-II shows it: one that sees pixels gives its image away and yet hardly
 * knows the person in another photo. A threshold stricter than the verdict's asks more of the attack than the verdict does: it is shown, not judged. A chance control is judged on its own lower bound: on a strong target no attack rises above
 * chance, and that is a result, not a fault; that the attack can rise above it is what the planted weak target shows.
 */
function holds(control: MeasuredControl, all: readonly MeasuredControl[], fmr: number): boolean {
  // Rank-k has no level: in a gallery of n, chance gives k/n. Such rows are shown, not judged.
  if (control.fmr === null) return true;
  switch (control.expected) {
    case 'leaks':
      if (control.fmr < fmr) return true;
      return all.some((other) => isSameAttack(other, control) && isDecisive(other) && leaks(other, all));
    case 'no-leak':
      return !leaks(control, all);
    default:
      return control.low <= leakLevel(control.fmr);
  }
}

/** Why the controls allow no verdict, as a clause; undefined where they do. */
function controlFailure(controls: readonly Control[], fmr: number): string | undefined {
  const failed = controls.find((control) => !control.held);
  if (failed !== undefined) {
    const figure = `${formatPercent(failed.rate)} (${formatInterval(failed)})`;
    switch (failed.expected) {
      case 'leaks':
        return `the attack did not even find ${failed.target} leaking, an encoder planted to leak: ${failed.name} ${figure}`;
      case 'no-leak':
        return `the attack found ${failed.target} leaking, an encoder planted to give nothing away: ${failed.name} ${figure}`;
      default:
        return `${failed.attack}, which owes nothing to the template, passes for the person in ${figure} of trials, so the threshold cannot be right`;
    }
  }
  const missing = [
    { expected: 'leaks', what: 'no planted weak encoder was attacked' },
    { expected: 'no-leak', what: 'no planted strong encoder was attacked' },
    { expected: 'chance', what: 'no chance control was run' },
  ].find(
    ({ expected }) =>
      !controls.some((control) => control.expected === expected && control.fmr === fmr && isDecisive(control)),
  );
  return missing?.what;
}

/** The leak to put in the sentence: type-II before type-I as the harder claim, the attacked encoder before others, then by lower bound. */
function clearestLeak(rates: readonly Rate[]): Rate | undefined {
  const rank = (rate: Rate) =>
    (rate.name === MEASURE.typeTwo ? 4 : 0) + (rate.judge === rate.target ? 2 : 0) + rate.low;
  return rates.toSorted((a, b) => rank(b) - rank(a))[0];
}

function highestReach(rates: readonly Rate[]): Rate | undefined {
  return rates.toSorted((a, b) => b.high - a.high)[0];
}

/** "this encoder matches it with another photo of that person in 58.1 % of trials (...), at a threshold that ...". */
function acceptance(rate: Rate, face: string): string {
  const judge = rate.judge === rate.target ? 'this encoder' : `another encoder, ${rate.judge},`;
  const against = rate.name === MEASURE.typeOne ? 'the very photo behind the template' : 'another photo of that person';
  const counts = `interval ${formatInterval(rate)}; ${formatCount(rate.successes)} of ${formatCount(rate.trials)}`;
  const threshold =
    rate.fmr === null ? '' : `, at a threshold that lets ${formatExactPercent(rate.fmr)} of strangers pass`;
  return `${judge} matches ${face} with ${against} in ${formatPercent(rate.rate)} of trials (${counts})${threshold}`;
}

function leakSentence(rate: Rate): string {
  return `From a stolen template an attacker rebuilds the face: ${acceptance(rate, 'it')}.`;
}

function blindSentence(blind: Rate): string {
  return `Nothing can be said of this encoder yet: ${acceptance(blind, 'a real photo')}, so that no attack could succeed. Its pixels, alignment or threshold are likely wrong.`;
}

function littleSentence(rate: Rate): string {
  return `These attacks recover little: at most, ${acceptance(rate, 'the rebuilt face')}. Other attacks may do better.`;
}

/** Says what is missing: more people where that can settle it, else what stands in the way. */
function openSentence(shown: Rate, missing: number | undefined, level: number): string {
  const start = `Too uncertain to say: ${acceptance(shown, 'the rebuilt face')}`;
  if (missing === undefined) {
    return `${start}. That is not clear of the chance controls, or stands at the level of a leak, ${formatExactPercent(level)}.`;
  }
  const more = missing === 1 ? '1 more person' : `${formatCount(missing)} more people`;
  return `${start}. About ${more} would settle it, should the rate stay as it is.`;
}

/** People to add until one leak shows, or until every open rate is under the level; undefined where no number would do. */
function peopleMissing(open: readonly Rate[], people: number, level: number): number | undefined {
  const toAdd = (rate: Rate): number | undefined => {
    const trials = trialsToSettle(rate.rate, level);
    return trials === undefined || trials <= rate.trials ? undefined : Math.ceil((trials / rate.trials - 1) * people);
  };
  const isNumber = (value: number | undefined) => value !== undefined;
  const aboveLevel = open.filter((rate) => rate.rate > level);
  const untilLeak = aboveLevel.map(toAdd).filter(isNumber);
  if (untilLeak.length > 0) return Math.min(...untilLeak);
  const untilLittle = open.map(toAdd).filter(isNumber);
  return untilLittle.length === open.length ? Math.max(...untilLittle) : undefined;
}
