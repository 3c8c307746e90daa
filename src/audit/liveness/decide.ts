import { formatInterval, formatPercent } from '../figures.ts';
import { type Control, MEASURE, type Rate, type SelfTest, type Verdict } from '../findings.ts';
import { BONA_FIDE } from './attempt.ts';

/** Share of the attempts of a species from which on a verification counts as fooled. Ours: certification schemes ask for 5 % to 20 % at most. */
export const LIVENESS_LEVEL = 0.05;

/** What turns most people away cannot be judged by the attacks it turns away. */
const MOST_BPCER = 0.5;

/** What a verdict on a liveness check rests on. */
export interface LivenessEvidence {
  /** Name of the audited verification or network. */
  readonly target: string;
  readonly rates: readonly Rate[];
  readonly controls: readonly Control[];
  readonly selfTests: readonly SelfTest[];
  /** What it takes to make each species, in words. */
  readonly needs: (species: string) => string;
}

export interface LivenessDecision {
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** The rates that decide, the highest first: who gets in where there is a matcher, else who is taken for live. */
export function decidingPresentations(rates: readonly Rate[]): Rate[] {
  const accepted = rates.filter(({ name }) => name === MEASURE.iapar);
  const own = accepted.length > 0 ? accepted : rates.filter(({ name }) => name === MEASURE.apcer);
  return own.toSorted((a, b) => b.low - a.low || b.rate - a.rate);
}

/**
 * Decides what may be said of a liveness check; pure.
 *
 * - *inconclusive* where a control or a self-test did not hold, no control was run, or most people are turned away;
 * - *fooled* where the interval of a species lies above {@link LIVENESS_LEVEL};
 * - *withstood* where those of all species lie below;
 * - else *inconclusive*.
 */
export function decideLiveness(evidence: LivenessEvidence): LivenessDecision {
  const { rates, controls, selfTests, target } = evidence;
  const nothing = (why: string): LivenessDecision => ({
    verdict: 'inconclusive',
    sentence: `Nothing can be said yet: ${why}.`,
  });
  const failedTest = selfTests.find(({ held }) => !held);
  if (failedTest) return nothing(`a self-test failed, ${failedTest.name}: ${failedTest.sentence}`);
  const failed = controls.find(({ held }) => !held);
  if (failed)
    return nothing(`the control "${failed.target}" came out wrong: ${failed.name} ${formatPercent(failed.rate)}`);
  for (const expected of ['fooled', 'withstands'] as const)
    if (!controls.some((control) => control.expected === expected))
      return nothing(`no control that ${expected} was run`);
  const bpcer = rates.find(({ name, attack }) => name === MEASURE.bpcer && attack === BONA_FIDE);
  const [worst, ...others] = decidingPresentations(rates);
  if (!bpcer || !worst) return nothing('no attack, or nobody’s own presentation, was tried');
  if (bpcer.low > MOST_BPCER)
    return nothing(
      `${target} does not let most people pass themselves: ${formatPercent(bpcer.rate)} are turned away (interval ${formatInterval(bpcer)})`,
    );
  const price = ` Of people’s own presentations it turns ${formatPercent(bpcer.rate)} away (${formatInterval(bpcer)}).`;
  const words = `${worst.attack} ${worst.name === MEASURE.iapar ? 'gets in as the person' : 'is taken for a living person'} in ${formatPercent(worst.rate)} of ${worst.trials} attempts (interval ${formatInterval(worst)})`;
  if (worst.low > LIVENESS_LEVEL) {
    const more = others.filter(({ low }) => low > LIVENESS_LEVEL).length;
    const also = more === 0 ? '' : `; so do${more === 1 ? 'es 1 other species' : ` ${more} other species`}`;
    return {
      verdict: 'fooled',
      sentence: `${target} can be fooled: ${words}${also}. It takes ${evidence.needs(worst.attack)}.${price}`,
    };
  }
  const open = [worst, ...others].filter(({ high }) => high >= LIVENESS_LEVEL);
  if (open.length === 0)
    return {
      verdict: 'withstood',
      sentence: `${target} withstood the attacks that were tried: at most, ${words}. Others may do better.${price}`,
    };
  return {
    verdict: 'inconclusive',
    sentence: `Too uncertain to say: ${words}. More attempts (--attempts) would narrow the interval.${price}`,
  };
}
