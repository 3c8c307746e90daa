import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../figures.ts';
import { type Control, MEASURE, type Queries, type Rate, type SelfTest, type Verdict } from '../findings.ts';
import { trialsToSettle } from '../sample-size.ts';
import { blindness, leakLevel, type MeasuredControl, VERDICT_FMR } from '../verdict.ts';

/** Changes of at most this many of 255 levels count for the verdict: hardly anybody sees them in a photo. */
export const VERDICT_EPSILON = 8;

/** What a verdict on robustness rests on. */
export interface RobustnessEvidence {
  /** Id of the audited encoder. */
  readonly target: string;
  /** Rates of the target itself, undefended, and of others; those of the target at the verdict's FMR and within its budget decide. */
  readonly rates: readonly Rate[];
  readonly queries: readonly Queries[];
  readonly controls: readonly MeasuredControl[];
  readonly selfTests: readonly SelfTest[];
  /** Whether the target's own gradient can be had: then nothing less may clear it. */
  readonly isWhiteBox: boolean;
}

/** A verdict with the controls that it rests on, each told whether it held. */
export interface RobustnessDecision {
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly controls: Control[];
}

/**
 * Decides what may be said of an encoder's robustness; pure.
 *
 * - *inconclusive* where a control or a self-test did not hold or is missing, or the encoder hardly recognises people in clean photos;
 * - *fooled* where the lower bound of dodging or of impersonation exceeds the level ({@link leakLevel}) and what noise of equal size does, by an attack with changes of at most
 *   {@link VERDICT_EPSILON} of 255 levels, whatever its access;
 * - *withstood* where the upper bounds of all of them stay under the level, and nothing that could have been tried is missing. There is no "safe";
 * - else *inconclusive*: more pairs are needed.
 */
export function decideRobustness(evidence: RobustnessEvidence): RobustnessDecision {
  const { target, selfTests } = evidence;
  const deciding = decidingRates(evidence);
  const controls = evidence.controls.map((control) => ({ ...control, held: holds(control, target, deciding) }));
  const decide = (verdict: Verdict, sentence: string): RobustnessDecision => ({ verdict, sentence, controls });

  const failure = failureOf(controls, selfTests);
  if (failure !== undefined) return decide('inconclusive', `Nothing can be said of this encoder yet: ${failure}.`);
  const blind = blindness({ rates: evidence.rates, target });
  if (blind) {
    return decide(
      'inconclusive',
      `Nothing can be said of this encoder yet: it matches two clean photos of a person in ${formatPercent(blind.rate)} of trials (${formatInterval(blind)}), so that there is nothing to attack.`,
    );
  }
  const [strongest] = deciding;
  if (!strongest) return decide('inconclusive', 'Nothing can be said yet: no attack was measured.');
  const level = leakLevel(VERDICT_FMR);
  const fooling = deciding.filter((rate) => rate.low > Math.max(level, noiseCeiling(rate, target, evidence.controls)));
  const [clearest] = fooling;
  if (clearest) {
    const other = fooling.find(({ name }) => name !== clearest.name);
    return decide('fooled', fooledSentence(clearest, other));
  }
  const missing = missingToClear(evidence, deciding);
  if (missing !== undefined)
    return decide('inconclusive', `Not fooled by what was tried, and not cleared by it: ${missing}.`);
  const open = deciding.filter(({ high }) => high >= level);
  if (open.length === 0) return decide('withstood', withstoodSentence(strongest));
  return decide('inconclusive', openSentence(strongest, open, level));
}

/** What must have been tried before an encoder may be said to withstand; undefined where it was. */
function missingToClear(
  { target, rates, isWhiteBox }: RobustnessEvidence,
  deciding: readonly DecidingRate[],
): string | undefined {
  const recognises = rates.some(
    (rate) => rate.name === MEASURE.genuine && rate.target === target && rate.fmr === VERDICT_FMR,
  );
  if (!recognises) return 'nobody has two photos, so that it is not known whether it recognises anybody';
  const whole = deciding.filter(({ epsilon, norm }) => epsilon === VERDICT_EPSILON && norm === 'linf');
  const ownSteps = rates.some(
    ({ attack, target: of, perturbation }) =>
      of === target &&
      attack !== ONE_STEP &&
      perturbation?.madeWith.includes(target) &&
      perturbation.epsilon === VERDICT_EPSILON,
  );
  if (isWhiteBox && !ownSteps)
    return `no attack of many steps by its own gradient was measured at ${VERDICT_EPSILON} of 255 levels`;
  for (const name of [MEASURE.dodging, MEASURE.impersonation])
    if (!whole.some((rate) => rate.name === name))
      return `${name} was not measured at ${VERDICT_EPSILON} of 255 levels`;
  return undefined;
}

/** The attack of one step. */
const ONE_STEP = 'FGSM';

function openSentence(strongest: DecidingRate, open: readonly DecidingRate[], level: number): string {
  const needed = open.map((rate) => trialsToSettle(rate.rate, level) ?? Number.POSITIVE_INFINITY);
  const most = Math.max(...needed);
  const advice = Number.isFinite(most)
    ? `About ${formatCount(most)} pairs of each attack would settle it (--pairs, and --query-pairs where it asks), should the rates stay as they are`
    : 'A rate stands at the level itself';
  return `Too uncertain to say: at most, ${outcome(strongest)}. ${advice}.`;
}

/** One of the rates that decide, and what the attacker needed. */
export interface DecidingRate {
  readonly name: string;
  readonly attack: string;
  readonly needs: string;
  readonly epsilon: number;
  readonly norm: 'linf' | 'l2';
  readonly successes: number;
  readonly trials: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** The rates that a verdict rests on, the strongest first. */
export function decidingRates({
  target,
  rates,
  queries,
}: Pick<RobustnessEvidence, 'target' | 'rates' | 'queries'>): DecidingRate[] {
  const byPictures = rates.flatMap((rate): DecidingRate[] => {
    const { perturbation, fmr } = rate;
    if (!perturbation || perturbation.madeWith.length === 0 || fmr !== VERDICT_FMR) return [];
    // Whole photos have rates of other names: they say what is left of it, and may hide behind a face that is not found.
    if (rate.name !== MEASURE.dodging && rate.name !== MEASURE.impersonation) return [];
    if (rate.target !== target || perturbation.epsilon > VERDICT_EPSILON) return [];
    const isOwn = perturbation.madeWith.includes(target);
    const needs = isOwn ? 'its weights' : `the weights of ${perturbation.madeWith.join(' and ')}, not its own`;
    return [{ ...rate, ...perturbation, needs }];
  });
  const byQueries = queries
    .filter((row) => row.target === target && row.fmr === VERDICT_FMR && row.epsilon <= VERDICT_EPSILON)
    .map((row) => ({ ...row, needs: `${formatCount(row.budget)} queries for each photo, and no weights` }));
  return [...byPictures, ...byQueries].toSorted((a, b) => b.low - a.low || b.high - a.high);
}

/** Whether a control is noise of equal size, as the target judges it at the verdict's threshold. */
const isOwnNoise = (control: MeasuredControl, target: string): boolean =>
  control.expected === 'chance' && control.target === target && control.fmr === VERDICT_FMR;

/** The upper bound of what noise does of the same name; 0 where it was not tried. */
const noiseCeiling = ({ name }: DecidingRate, target: string, controls: readonly MeasuredControl[]): number =>
  Math.max(
    0,
    ...controls.filter((control) => isOwnNoise(control, target) && control.name === name).map(({ high }) => high),
  );

/**
 * A planted encoder is found out at the verdict's level. Noise may turn a pair that is near the threshold, of an encoder that hardly tells people apart more than a few: then the attack has to
 * do more by more than chance. Noise that other encoders judge, or at other thresholds, is shown, not judged.
 */
function holds(control: MeasuredControl, target: string, deciding: readonly DecidingRate[]): boolean {
  const level = leakLevel(VERDICT_FMR);
  switch (control.expected) {
    case 'fooled':
      return control.low > level;
    case 'withstands':
      return control.low <= level;
    default:
      if (!isOwnNoise(control, target) || control.low <= level) return true;
      return deciding.some(({ name, low }) => name === control.name && low > control.high);
  }
}

function failureOf(controls: readonly Control[], selfTests: readonly SelfTest[]): string | undefined {
  const failed = controls.find(({ held }) => !held);
  if (failed) {
    const what = `${failed.attack}, ${failed.name} ${formatPercent(failed.rate)} (${formatInterval(failed)})`;
    if (failed.expected === 'fooled') return `an encoder planted to be fooled was not: ${what}`;
    if (failed.expected === 'withstands') return `an encoder planted to withstand was fooled: ${what}`;
    return `what was not optimised succeeds as well: ${what}`;
  }
  const test = selfTests.find(({ held }) => !held);
  if (test) return `a self-test failed, ${test.name}: ${test.sentence}`;
  for (const [expected, what] of [
    ['fooled', 'no planted weak encoder was attacked'],
    ['withstands', 'no planted strong encoder was attacked'],
    ['chance', 'noise of equal size was not tried'],
  ] as const) {
    if (!controls.some((control) => control.expected === expected)) return what;
  }
  return undefined;
}

const GOAL_WORDS: Readonly<Record<string, string>> = {
  [MEASURE.dodging]: 'the person is not recognised any more',
  [MEASURE.impersonation]: 'the photo passes for one other person who was chosen',
};

const outcome = ({ name, rate, successes, trials, low, high }: DecidingRate): string =>
  `${GOAL_WORDS[name] ?? name} in ${formatPercent(rate)} of trials (interval ${formatInterval({ low, high })}; ${formatCount(successes)} of ${formatCount(trials)})`;

const change = ({ norm, epsilon }: DecidingRate): string =>
  norm === 'linf'
    ? `no pixel changed by more than ${epsilon} of 255 levels`
    : `pixels changed by ${epsilon} of 255 levels (root mean square)`;

function fooledSentence(strongest: DecidingRate, other: DecidingRate | undefined): string {
  const second = other ? `; ${outcome(other)}` : '';
  return `With ${change(strongest)}, by ${strongest.attack} and ${strongest.needs}: ${outcome(strongest)}${second}, at a threshold that lets ${formatExactPercent(VERDICT_FMR)} of strangers pass.`;
}

const withstoodSentence = (strongest: DecidingRate): string =>
  `It withstood these attacks, with ${change(strongest)}: at most, ${outcome(strongest)}, at a threshold that lets ${formatExactPercent(VERDICT_FMR)} of strangers pass. Other attacks may do better.`;
