import { towards } from '../../attack/evasion/goal.ts';
import { wilson } from '../../metric/intervals.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { createJudge, type Judge } from '../judge.ts';
import type { MeasuredControl } from '../verdict.ts';
import { evasionRates, perturbFaces } from './adversarial-faces.ts';
import { type RobustnessContext, verdictEpsilon } from './context.ts';
import { noisyFaces } from './noise.ts';
import { type EvasionPair, GOALS, measureOf, pairSimilarities } from './pairs.ts';
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
  options: SessionOptions & { readonly whiteBox: boolean; readonly queries: boolean },
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
      const measured = [
        ...(options.whiteBox ? await byGradient(world, judge) : []),
        ...(options.queries ? await byQueries(world, judge, expected) : []),
      ];
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

/** Pairs of each goal on which attacks that only ask are tried: they take a thousand times longer. */
const PLANTED_QUERY_PAIRS = 2;

async function byQueries(
  context: RobustnessContext,
  judge: Judge,
  expected: 'fooled' | 'withstands',
): Promise<Omit<MeasuredControl, 'expected'>[]> {
  const rows: Omit<MeasuredControl, 'expected'>[] = [];
  for (const goal of GOALS) {
    const pairs = context.pairs[goal].slice(0, PLANTED_QUERY_PAIRS);
    for (const attack of context.queryAttacks) {
      let successes = 0;
      for (const pair of pairs) {
        const threshold = expected === 'fooled' ? await justBeyondNoise(pair, judge, context) : PLANTED_THRESHOLD;
        const breach = await breachByQueries(attack, [pair], {
          ...context,
          judge,
          threshold,
          epsilon: verdictEpsilon(context),
          strangers: context.pairs[goal],
        });
        successes += breach?.row.successes ?? 0;
      }
      const { id } = judge.encoder;
      if (pairs.length === 0) continue;
      rows.push({
        name: measureOf(goal),
        attack: attack.name,
        target: id,
        judge: id,
        fmr: null,
        ...wilson(successes, pairs.length),
      });
    }
  }
  return rows;
}

/** Noises from which the spread of what noise does is taken, and how many deviations beyond it a threshold lies. */
const [NOISES, DEVIATIONS] = [8, 4];

/**
 * A threshold that a pair's photo is just short of: random noise of the budget does not reach it, whatever climbs at all does. Attacks that only ask could not be tested otherwise: on
 * a threshold like those of real encoders they need tens of thousands of queries.
 */
async function justBeyondNoise(pair: EvasionPair, judge: Judge, context: RobustnessContext): Promise<Threshold> {
  const similarities: number[] = [];
  for (let i = 0; i < NOISES; i++) {
    const { images } = noisyFaces([pair], verdictEpsilon(context), context.random.fork(`planted noise ${i}`));
    similarities.push(...(await pairSimilarities([pair], images, judge, context)));
  }
  const mean = similarities.reduce((sum, one) => sum + one / NOISES, 0);
  const deviation = Math.sqrt(similarities.reduce((sum, one) => sum + (one - mean) ** 2 / (NOISES - 1), 0));
  return { ...PLANTED_THRESHOLD, similarity: mean + towards(pair.goal) * DEVIATIONS * deviation };
}
