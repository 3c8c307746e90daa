import { decisionOracle, similarityOracle } from '../../attack/evasion/oracle.ts';
import type { Answers, QueryAttack } from '../../attack/evasion/query-attack.ts';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import { wilson } from '../../metric/intervals.ts';
import { medianInterval } from '../../metric/median.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Curve, Queries } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditStore } from '../work-folder.ts';
import { attackable, type RobustnessContext, verdictEpsilon } from './context.ts';
import { keepNumbers } from './kept.ts';
import { type EvasionPair, GOALS, measureOf, PERTURBED_PX, probePicture } from './pairs.ts';

/** What attacks that only ask make of a judge, for both goals. */
export async function breaches(
  context: RobustnessContext,
  judge: Judge,
  attacks: readonly QueryAttack[],
): Promise<{ readonly rows: Queries[]; readonly curves: Curve[]; readonly sent: number }> {
  const [rows, curves]: [Queries[], Curve[]] = [[], []];
  let sent = 0;
  for (const goal of GOALS) {
    const open = await attackable(context, goal, judge);
    if (!open) continue;
    const pairs = open.pairs.slice(0, context.queryPairs);
    for (const attack of attacks) {
      const made = await breachByQueries(attack, pairs, {
        ...context,
        judge,
        threshold: open.threshold,
        epsilon: verdictEpsilon(context),
      });
      if (!made) continue;
      rows.push(made.row);
      curves.push(made.curve);
      sent += made.sent;
    }
  }
  return { rows, curves, sent };
}

/** What {@link breachByQueries} needs beside the pairs. */
export interface BreachOptions extends JobOptions {
  readonly judge: Judge;
  readonly threshold: Threshold;
  /** In levels of 255. */
  readonly epsilon: number;
  readonly maxQueries: number;
  readonly random: Random;
  readonly store: AuditStore;
  /** Pairs whose photos stand for somebody else; default: those attacked. */
  readonly strangers?: readonly EvasionPair[];
}

/** What became of an attack that only asks: its row, and success against queries. */
export interface Breaches {
  readonly row: Queries;
  readonly curve: Curve;
  /** Queries spent on all pairs. */
  readonly sent: number;
}

/**
 * Attacks pairs that are right when clean by asking alone.
 *
 * @returns undefined where there is no pair.
 */
export async function breachByQueries(
  attack: QueryAttack,
  pairs: readonly EvasionPair[],
  options: BreachOptions,
): Promise<Breaches | undefined> {
  const { judge, threshold, epsilon, maxQueries, store } = options;
  const goal = pairs[0]?.goal;
  if (goal === undefined) return undefined;
  const target = judge.encoder.id;
  // Queries until success; infinite where there was none.
  const spent: number[] = [];
  for (const [i, pair] of pairs.entries()) {
    throwIfAborted(options);
    const key = `queries ${goal} ${attack.name} ${target} ${threshold.similarity} ${epsilon} ${maxQueries} ${pair.person} ${i}`;
    const breach = () => breachPair(attack, pair, options.strangers ?? pairs, options.random.fork(key), options);
    spent.push(...(await keepNumbers(store, key, breach)));
    options.onProgress?.({ stage: `${attack.name}, ${goal}, by queries`, done: i + 1, total: pairs.length });
  }
  const { median } = medianInterval(spent);
  const row: Queries = {
    name: measureOf(goal),
    attack: attack.name,
    target,
    access: attack.needs,
    norm: attack.norm,
    epsilon,
    fmr: threshold.fmr,
    budget: maxQueries,
    median: Number.isFinite(median) ? Math.round(median) : null,
    ...wilson(spent.filter(Number.isFinite).length, spent.length),
  };
  const sent = spent.reduce((sum, queries) => sum + Math.min(queries, maxQueries), 0);
  return { row, curve: curveOf(row, spent), sent };
}

async function breachPair(
  attack: QueryAttack,
  pair: EvasionPair,
  pairs: readonly EvasionPair[],
  random: Random,
  { judge, threshold, epsilon, maxQueries, signal }: BreachOptions,
): Promise<number[]> {
  const [reference] = (await judge.embed([pair.reference])) as [Float32Array];
  const oracle = similarityOracle(judge.encoder, reference, PERTURBED_PX);
  const answers: Answers =
    attack.needs === 'similarity'
      ? { kind: 'similarity', oracle }
      : { kind: 'decision', oracle: decisionOracle(oracle, threshold) };
  const task = {
    goal: pair.goal,
    face: toPlanar([pair.probe]),
    reached: toPlanar([reachedBy(pair, pairs)]),
    threshold,
  };
  const { succeeded, queries } = await attack.breach(task, answers, {
    epsilon: epsilon / 255,
    maxQueries,
    random,
    ...(signal ? { signal } : {}),
  });
  return [succeeded ? queries : Number.POSITIVE_INFINITY];
}

/** A picture for which the goal is reached already: the other person's own photo to impersonate, somebody else's to dodge. */
function reachedBy({ goal, person, reference }: EvasionPair, pairs: readonly EvasionPair[]): Image {
  if (goal === 'impersonate') return probePicture(reference);
  return pairs.find((other) => other.person !== person)?.probe ?? noFace();
}

/** Grey, for the one pair that has no other: nobody's face. */
const noFace = (): Image => ({
  widthPx: PERTURBED_PX,
  heightPx: PERTURBED_PX,
  data: new Uint8Array(3 * PERTURBED_PX ** 2).fill(128),
});

function curveOf(row: Queries, spent: readonly number[]): Curve {
  const steps = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000].filter((queries) => queries < row.budget);
  return {
    name: `${row.name}, ${row.attack} (${row.access} alone, ${row.norm} ${row.epsilon}), ${row.target}`,
    x: { label: 'queries for each pair', unit: 'queries', scale: 'log' },
    y: { label: row.name },
    points: [...steps, row.budget].map((queries) => {
      const { rate, low, high } = wilson(spent.filter((one) => one <= queries).length, spent.length);
      return { x: queries, y: rate, low, high };
    }),
  };
}
