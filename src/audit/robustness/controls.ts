import type { SessionOptions } from '../../runtime/session.ts';
import { createJudge, type Judge } from '../judge.ts';
import type { MeasuredControl } from '../verdict.ts';
import { evasionRates, perturbFaces } from './adversarial-faces.ts';
import { type RobustnessContext, verdictEpsilon } from './context.ts';
import { noisyFaces } from './noise.ts';
import { type EvasionPair, GOALS } from './pairs.ts';
import { PLANTED_THRESHOLD, plantedPairs, plantedStrongEncoder, plantedWeakEncoder } from './planted.ts';
import { breachByQueries } from './query-breaches.ts';

/** Pairs of each goal on which planted encoders are attacked. */
const PLANTED_PAIRS = 16;

/** Random noise of the largest budget, as every encoder judges it: it must not succeed. */
export async function noiseControls(context: RobustnessContext): Promise<MeasuredControl[]> {
  const rows: MeasuredControl[] = [];
  for (const goal of GOALS) {
    const made = noisyFaces(context.pairs[goal], verdictEpsilon(context), context.random.fork(`noise ${goal}`));
    for (const judge of [context.self, ...context.others]) {
      const measured = await evasionRates(made, judge, context);
      rows.push(...measured.map((row) => ({ ...row, expected: 'chance' as const })));
    }
  }
  return rows;
}

/** The audit's attacks on an encoder planted to be fooled, and on one planted to withstand. */
export async function plantedControls(
  context: RobustnessContext,
  options: SessionOptions & { readonly whiteBox: boolean },
): Promise<MeasuredControl[]> {
  const pairs: Record<(typeof GOALS)[number], EvasionPair[]> = {
    dodge: await plantedPairs(asDodging(context.pairs.impersonate).slice(0, PLANTED_PAIRS)),
    impersonate: context.pairs.impersonate.slice(0, PLANTED_PAIRS),
  };
  const rows: MeasuredControl[] = [];
  for (const [open, expected] of [
    [() => plantedWeakEncoder(options), 'fooled'],
    [() => plantedStrongEncoder([...pairs.dodge, ...pairs.impersonate], options), 'withstands'],
  ] as const) {
    const encoder = await open();
    try {
      const judge = createJudge(encoder, [PLANTED_THRESHOLD]);
      const world = { ...context, self: judge, pairs };
      const measured = options.whiteBox ? await byGradient(world, judge) : await byQueries(world, judge);
      // Their threshold is by construction: it has no false match rate.
      rows.push(...measured.map((row) => ({ ...row, fmr: null, expected })));
    } finally {
      await encoder.close();
    }
  }
  return rows;
}

/** Everybody's photo, as one that is to be dodged with: also of people of whom there is one photo alone. */
const asDodging = (pairs: readonly EvasionPair[]): EvasionPair[] =>
  pairs.map((pair) => ({ ...pair, goal: 'dodge' as const }));

async function byGradient(context: RobustnessContext, judge: Judge): Promise<Omit<MeasuredControl, 'expected'>[]> {
  const rows: Omit<MeasuredControl, 'expected'>[] = [];
  const resources = { gradient: await context.gradients.of([judge]) };
  for (const goal of GOALS) {
    for (const attack of context.attacks.filter(({ perturb }) => perturb)) {
      const made = await perturbFaces(attack, context.pairs[goal], {
        ...context,
        norm: 'linf',
        epsilon: verdictEpsilon(context),
        madeWith: [judge],
        resources,
      });
      rows.push(...(await evasionRates(made, judge, context)));
    }
  }
  return rows;
}

async function byQueries(context: RobustnessContext, judge: Judge): Promise<Omit<MeasuredControl, 'expected'>[]> {
  const rows: Omit<MeasuredControl, 'expected'>[] = [];
  for (const goal of GOALS) {
    for (const attack of context.queryAttacks) {
      const breaches = await breachByQueries(attack, context.pairs[goal].slice(0, context.queryPairs), {
        ...context,
        judge,
        threshold: PLANTED_THRESHOLD,
        epsilon: verdictEpsilon(context),
      });
      if (!breaches) continue;
      const { name, target, successes, trials, rate, low, high } = breaches.row;
      rows.push({ name, attack: attack.name, target, judge: target, fmr: null, successes, trials, rate, low, high });
    }
  }
  return rows;
}
