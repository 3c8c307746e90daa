import { type Control, MEASURE } from '../findings.ts';
import { LIVENESS_LEVEL } from './decide.ts';
import { type JudgedAttempt, livenessFigures } from './figures.ts';
import type { Outcome } from './outcome.ts';

/** Verifications that show whether the audit tells good ones from bad ones. */
export const PLANTED_TARGETS = [
  { target: 'lets everybody pass', outcome: 'passed', expected: 'fooled' },
  { target: 'refuses everybody', outcome: 'refused', expected: 'withstands' },
] as const satisfies readonly {
  readonly target: string;
  readonly outcome: Outcome;
  readonly expected: Control['expected'];
}[];

/**
 * The controls: the same attempts, judged by a check that lets everybody pass, which the species that the matcher takes must get through, and by one that refuses everybody.
 *
 * The first fails where no species deceives even the matcher: then a verdict on the liveness would rest on faces that nobody takes for the person.
 */
export function livenessControls(judged: readonly JudgedAttempt[], judge: string, fmr: number | null): Control[] {
  return PLANTED_TARGETS.flatMap(({ target, outcome, expected }) => {
    const { species } = livenessFigures(judged.map((one) => ({ ...one, outcome })));
    const [best] = species.toSorted((a, b) => b.iapar.low - a.iapar.low);
    if (!best) return [];
    const isFooled = best.iapar.low > LIVENESS_LEVEL;
    const held = (expected === 'fooled') === isFooled;
    return [{ name: MEASURE.iapar, attack: best.species, target, judge, fmr, ...best.iapar, expected, held }];
  });
}
