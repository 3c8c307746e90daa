import { formatInterval, formatPercent, formatPoints } from '../figures.ts';
import { type Control, MEASURE, type Membership, type Rate, type SelfTest, type Verdict } from '../findings.ts';
import { accuracyLevel, FOUND_LEVEL, LEVEL_ABOVE_CHANCE, MEMBERSHIP_LEVEL, UNTRAINED } from './level.ts';

/** What a verdict on a trained model rests on. */
export interface TrainingEvidence {
  /** Id of the audited model. */
  readonly target: string;
  /** People among whom judges look for a made face. */
  readonly galleryPeople: number;
  readonly rates: readonly Rate[];
  /** Empty where it was not measured. */
  readonly membership: readonly Membership[];
  /** Why membership was not measured; undefined where it was. */
  readonly missing: string | undefined;
  readonly controls: readonly Control[];
  readonly selfTests: readonly SelfTest[];
}

export interface TrainingDecision {
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** The least share of training photos that a classifier has to know, above guessing, for its audit to say anything: else its classes are perhaps in another order than the folders. */
const KNOWN_SHARE = 0.1;

/**
 * Decides what may be said of what a model gives away of its training photos; pure.
 *
 * - *inconclusive* where a control or a self-test did not hold or none was run, or a classifier hardly knows its training photos;
 * - *leaks* where an interval lies above its level: of an attack accuracy@1 under a judge, a membership AUC, or the share found at a false positive rate of 1 %;
 * - *leaks-little* where every interval lies below; where membership was not measured, or of too few held-out photos to tell anything, the sentence says so. There is no "safe";
 * - else *inconclusive*.
 *
 * Of an encoder, whose attacker is granted mean embeddings, not accuracy@1 itself counts but by how much it exceeds that of people whom it was not trained on.
 */
export function decideTraining(evidence: TrainingEvidence): TrainingDecision {
  const { rates, controls, selfTests, galleryPeople, target } = evidence;
  const nothing = (why: string): TrainingDecision => ({
    verdict: 'inconclusive',
    sentence: `Nothing can be said yet: ${why}.`,
  });
  const failedTest = selfTests.find(({ held }) => !held);
  if (failedTest) return nothing(`a self-test failed, ${failedTest.name}: ${failedTest.sentence}`);
  const failed = controls.find(({ held }) => !held);
  if (failed) return nothing(controlSentence(failed));
  if (!controls.some(({ expected }) => expected === 'leaks')) return nothing('no planted model was attacked');
  const known = rates.find(({ name, attack }) => name === MEASURE.classified && attack === 'training photos');
  if (known && known.high < 1 / galleryPeople + KNOWN_SHARE) {
    return nothing(
      `${target} names the right person of ${formatPercent(known.rate)} of its own training photos; perhaps its classes are in another order than the folders (--classes)`,
    );
  }
  const figures = figuresOf(evidence);
  const leaking = figures.filter(({ low, level }) => low > level);
  if (leaking.length > 0) {
    const first = decidingFigure(figures);
    return {
      verdict: 'leaks',
      sentence: `${target} gives its training photos away: ${[first, ...otherKinds(leaking, first)].map((one) => one?.words).join('; ')}.${caveat(evidence)}`,
    };
  }
  const nearest = decidingFigure(figures);
  if (!nearest) return nothing('no attack ran');
  if (figures.every(({ high, level, isMute }) => isMute || high < level)) {
    return {
      verdict: 'leaks-little',
      sentence: `These attacks learn little of the training photos of ${target}: at most, ${nearest.words}. Others may do better.${caveat(evidence)}`,
    };
  }
  return {
    verdict: 'inconclusive',
    sentence: `Too uncertain to say: ${nearest.words}. ${NARROWER[nearest.kind]} would narrow the interval.`,
  };
}

/** What a too wide interval needs. Further runs of the same people say little of others. */
const NARROWER = {
  inversion: 'More people (--people)',
  membership: 'More held-out photos, of more people (--held-out),',
  'found photos': 'More held-out photos, of more people (--held-out),',
} as const satisfies Record<DecidingFigure['kind'], string>;

/** A figure that can decide. */
export interface DecidingFigure {
  readonly kind: 'inversion' | 'membership' | 'found photos';
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /**
   * Whether it says nothing, either way: it is of so few held-out photos that its interval is wider than from guessing to the level, and it is not above the level itself. What so few photos leave open is as open where
   * none were held out, and keeps no verdict back.
   */
  readonly isMute: boolean;
  /** What it is, with its interval and what guessing gives. */
  readonly words: string;
}

/** Every figure that a verdict can rest on. */
export function figuresOf({
  rates,
  membership,
  galleryPeople,
}: Pick<TrainingEvidence, 'rates' | 'membership' | 'galleryPeople'>): DecidingFigure[] {
  const inversion = rates
    .filter(({ name }) => name === MEASURE.accuracyOne)
    .map(({ attack, judge, rate, low, high }): DecidingFigure => {
      const others = rates.find(
        (row) => row.name === `${MEASURE.accuracyOne}${UNTRAINED}` && row.attack === attack && row.judge === judge,
      );
      if (others) return excessOver(others, { attack, judge, rate, low, high });
      const words = `of the faces that ${attack} makes of a class ${formatPercent(rate)} are found to be most like its person (interval ${formatInterval({ low, high })}, among ${galleryPeople} people, judged by ${judge}; guessing gives ${formatPercent(1 / galleryPeople)})`;
      return { kind: 'inversion', value: rate, low, high, level: accuracyLevel(galleryPeople), isMute: false, words };
    });
  const told = membership.flatMap(({ attack, reference, auc, tprAtFpr1 }): DecidingFigure[] => {
    const by = reference === null ? attack : `${attack} (${reference})`;
    const area: DecidingFigure = {
      ...{ kind: 'membership', ...auc, level: MEMBERSHIP_LEVEL, isMute: isMute(auc, MEMBERSHIP_LEVEL, 0.5) },
      words: `membership of a photo is told with an AUC of ${auc.value.toFixed(3)} (interval ${auc.low.toFixed(3)} to ${auc.high.toFixed(3)}, by ${by}; guessing gives 0.5)`,
    };
    if (!tprAtFpr1) return [area];
    const words = `${formatPercent(tprAtFpr1.value)} of the training photos are found at a false positive rate of 1${'\u00a0'}% (interval ${formatInterval(tprAtFpr1)}, by ${by}; guessing finds 1${'\u00a0'}%)`;
    return [
      area,
      { kind: 'found photos', ...tprAtFpr1, level: FOUND_LEVEL, isMute: isMute(tprAtFpr1, FOUND_LEVEL, 0.01), words },
    ];
  });
  return [...inversion, ...told];
}

/** @param guessing - what guessing gives. */
const isMute = ({ value, high }: Membership['auc'], level: number, guessing: number): boolean =>
  value <= level && high - value >= level - guessing;

/**
 * How much more is rebuilt of an encoder's people than of people whom it was not trained on: what can be had of a mean embedding can be had of anybody's, and is no matter of the training.
 *
 * Source: the interval of a difference by the squares of both intervals' sides, Newcombe, Statistics in Medicine 17 (1998), method 10.
 */
function excessOver(
  others: Pick<Rate, 'rate' | 'low' | 'high'>,
  own: Pick<Rate, 'attack' | 'judge' | 'rate' | 'low' | 'high'>,
): DecidingFigure {
  const value = own.rate - others.rate;
  const low = value - Math.hypot(own.rate - own.low, others.high - others.rate);
  const high = value + Math.hypot(own.high - own.rate, others.rate - others.low);
  const words = `of the faces that ${own.attack} makes of a granted mean embedding ${formatPercent(own.rate)} are found to be most like its person, and ${formatPercent(others.rate)} where the encoder was not trained on that person (a difference of ${formatPoints(value)}, interval ${formatPoints(low)} to ${formatPoints(high)}, judged by ${own.judge})`;
  return { kind: 'inversion', value, low, high, level: LEVEL_ABOVE_CHANCE, isMute: false, words };
}

/** The figure that a verdict turns on: the one that is most surely above its level, else, of those that say anything, the one that may yet be the furthest above it. Undefined of none. */
export function decidingFigure(figures: readonly DecidingFigure[]): DecidingFigure | undefined {
  const leaking = figures.filter(({ low, level }) => low > level);
  if (leaking.length > 0) return leaking.toSorted(byExcess)[0];
  return figures.filter((figure) => !figure.isMute).toSorted((a, b) => b.high - b.level - (a.high - a.level))[0];
}

const byExcess = (a: DecidingFigure, b: DecidingFigure): number => b.low - b.level - (a.low - a.level);

/** Of the other kinds of figure the strongest each. */
function otherKinds(figures: readonly DecidingFigure[], first: DecidingFigure | undefined): DecidingFigure[] {
  const kinds = Map.groupBy(
    figures.filter(({ kind }) => kind !== first?.kind),
    ({ kind }) => kind,
  );
  return [...kinds.values()].flatMap((own) => own.toSorted(byExcess).slice(0, 1));
}

const controlSentence = ({ attack, target, expected, name, judge, ...rate }: Control): string =>
  expected === 'leaks'
    ? `the attack ${attack} does not find the people of "${target}", a model planted to be found (${name} ${formatPercent(rate.rate)}, ${formatInterval(rate)}, judged by ${judge})`
    : `${expected === 'chance' ? `"${attack}"` : `"${target}", a model planted to give nothing away`}, is found above chance (${name} ${formatPercent(rate.rate)}, ${formatInterval(rate)}, judged by ${judge})`;

/** What is said of membership where it was not measured, or is left open. */
function caveat(evidence: TrainingEvidence): string {
  if (evidence.missing !== undefined) return ` Membership was not measured: ${evidence.missing}.`;
  const [open] = figuresOf(evidence)
    .filter((figure) => figure.isMute)
    .toSorted((a, b) => b.high - b.level - (a.high - a.level));
  return open ? ` Too few photos were held out to say more of membership: ${open.words}.` : '';
}
