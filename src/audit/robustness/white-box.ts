import type { Curve, Rate } from '../findings.ts';
import type { Judge } from '../judge.ts';
import { VERDICT_FMR } from '../verdict.ts';
import { type AdversarialFaces, evasionRates, perturbFaces } from './adversarial-faces.ts';
import { mainAttack, type RobustnessContext, verdictEpsilon } from './context.ts';
import { GOALS } from './pairs.ts';

/** Success against epsilon by each attack that keeps a budget, with the target's own gradient. */
export async function againstEpsilon(context: RobustnessContext): Promise<Rate[]> {
  const { self, attacks, epsilons } = context;
  const rates: Rate[] = [];
  const resources = { gradient: await context.gradients.of([self]) };
  for (const goal of GOALS) {
    for (const attack of attacks.filter(({ perturb }) => perturb)) {
      for (const epsilon of epsilons) {
        const made = await perturbFaces(attack, context.pairs[goal], {
          ...context,
          norm: 'linf',
          epsilon,
          madeWith: [self],
          resources,
        });
        rates.push(...(await evasionRates(made, self, context)));
      }
    }
  }
  return rates;
}

/**
 * The transfer matrix: faces made with each encoder whose gradient can be had, and with all the others together, as every encoder judges them.
 *
 * @param withSelf - whether the target judges its own faces here; false where the curves have that already.
 */
export async function transfer(context: RobustnessContext, withSelf: boolean): Promise<Rate[]> {
  const { self, others, gradients } = context;
  const attack = mainAttack(context);
  if (!attack) return [];
  const surrogates = others.filter((judge) => gradients.has(judge));
  const makers: (readonly Judge[])[] = [
    ...(gradients.has(self) ? [[self]] : []),
    ...surrogates.map((judge) => [judge]),
    ...(surrogates.length > 1 ? [surrogates] : []),
  ];
  const rates: Rate[] = [];
  for (const goal of GOALS) {
    for (const madeWith of makers) {
      const made: AdversarialFaces = await perturbFaces(attack, context.pairs[goal], {
        ...context,
        norm: 'linf',
        epsilon: verdictEpsilon(context),
        madeWith,
        resources: { gradient: await gradients.of(madeWith) },
      });
      for (const judge of [self, ...others])
        if (judge !== self || madeWith[0] !== self || withSelf)
          rates.push(...(await evasionRates(made, judge, context)));
    }
  }
  return rates;
}

/** Curves of success against epsilon, at the verdict's FMR, from the rates behind them: faces made with the target, as it judges them itself, with and without defences. */
export function epsilonCurves(rates: readonly Rate[], others: readonly string[]): Curve[] {
  const drawn = rates.filter(
    ({ fmr, perturbation, target }) =>
      fmr === VERDICT_FMR && ![target, ...(perturbation?.madeWith ?? [])].some((id) => others.includes(id)),
  );
  return [...Map.groupBy(drawn, ({ name, attack, target }) => `${name}, ${attack}, ${target}`)].flatMap(
    ([name, rows]) => {
      const points = rows
        .map(({ perturbation, rate, low, high }) => ({ x: perturbation?.epsilon ?? 0, y: rate, low, high }))
        .sort((a, b) => a.x - b.x);
      if (points.length < 2) return [];
      return [
        {
          name,
          x: { label: 'largest change of a pixel', unit: 'levels of 255', scale: 'log' as const },
          y: { label: rows[0]?.name ?? '' },
          points,
        },
      ];
    },
  );
}
