import { formatInterval, formatPercent } from '../figures.ts';
import { MEASURE, type Rate, type SelfTest } from '../findings.ts';

/**
 * What must hold of any attack that works, tested on what was measured: success grows with the budget; many steps do not do worse than one; the target's own gradient does
 * not do worse than another encoder's. One is told from the other where their intervals lie apart.
 *
 * @param rates - of the target at one false match rate, undefended.
 * @param verdictEpsilon - the budget of transfer, in levels of 255.
 */
export function selfTests(rates: readonly Rate[], target: string, verdictEpsilon: number): SelfTest[] {
  // On whole photos more change may cost the face itself: that is no fault of the attack.
  const counted = rates.filter(({ name }) => name === MEASURE.dodging || name === MEASURE.impersonation);
  const own = counted.filter(
    ({ perturbation }) => perturbation?.madeWith.join() === target && perturbation.norm === 'linf',
  );
  const foreign = counted.filter(
    ({ perturbation }) => perturbation && perturbation.madeWith.length > 0 && !perturbation.madeWith.includes(target),
  );
  return [...growing(own), ...manySteps(own), ...whiteBoxAhead(own, foreign, verdictEpsilon)];
}

const epsilonOf = (rate: Rate): number => rate.perturbation?.epsilon ?? 0;

/** Whether a rate lies below another by more than chance. */
const isBelow = (lower: Rate, upper: Rate): boolean => lower.high < upper.low;

const figure = (rate: Rate): string => `${formatPercent(rate.rate)} (${formatInterval(rate)})`;

function growing(own: readonly Rate[]): SelfTest[] {
  return [...Map.groupBy(own, ({ attack, name }) => `${attack}, ${name}`)].flatMap(([what, rows]) => {
    const sorted = rows.toSorted((a, b) => epsilonOf(a) - epsilonOf(b));
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (!first || !last || first === last) return [];
    const fallen = sorted.slice(1).find((rate, i) => sorted.slice(0, i + 1).some((before) => isBelow(rate, before)));
    const sentence = fallen
      ? `with ${epsilonOf(fallen)} levels it falls to ${figure(fallen)}`
      : `from ${figure(first)} at ${epsilonOf(first)} of 255 levels to ${figure(last)} at ${epsilonOf(last)}`;
    return [{ name: `success grows with the budget: ${what}`, sentence, held: fallen === undefined }];
  });
}

/** The attack of one step, and those of many. */
const ONE_STEP = 'FGSM';
const MANY_STEPS = ['BIM', 'PGD', 'MIM'];

function manySteps(own: readonly Rate[]): SelfTest[] {
  const largest = Math.max(0, ...own.map(epsilonOf));
  return own
    .filter(({ attack }) => attack === ONE_STEP)
    .flatMap((one) =>
      own
        .filter(
          (many) => MANY_STEPS.includes(many.attack) && many.name === one.name && epsilonOf(many) === epsilonOf(one),
        )
        .map((many) => ({ one, many })),
    )
    .filter(({ one, many }) => isBelow(many, one) || epsilonOf(one) === largest)
    .map(({ one, many }) => ({
      name: `many steps do not do worse than one: ${many.attack}, ${many.name}`,
      sentence: `${figure(many)} beside ${figure(one)} of ${ONE_STEP}, at ${epsilonOf(one)} of 255 levels`,
      held: !isBelow(many, one),
    }));
}

function whiteBoxAhead(own: readonly Rate[], foreign: readonly Rate[], epsilon: number): SelfTest[] {
  return [...Map.groupBy(own, ({ name }) => name)].flatMap(([name, rows]) => {
    const best = highest(rows.filter((rate) => epsilonOf(rate) === epsilon));
    const transferred = highest(foreign.filter((rate) => rate.name === name && epsilonOf(rate) === epsilon));
    if (!best || !transferred) return [];
    return [
      {
        name: `white-box does not do worse than transfer: ${name}`,
        sentence: `${figure(best)} by its own gradient, ${figure(transferred)} by that of ${transferred.perturbation?.madeWith.join(' and ')}, at ${epsilon} of 255 levels`,
        held: !isBelow(best, transferred),
      },
    ];
  });
}

const highest = (rates: readonly Rate[]): Rate | undefined => rates.toSorted((a, b) => b.rate - a.rate)[0];
