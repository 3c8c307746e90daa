import type { EvasionAttack } from '../../attack/evasion/attack.ts';
import type { Goal } from '../../attack/evasion/goal.ts';
import type { Norm } from '../../attack/evasion/perturbation.ts';
import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import { medianInterval } from '../../metric/median.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Smallest } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditStore } from '../work-folder.ts';
import { referencesOf } from './adversarial-faces.ts';
import { attackable, type RobustnessContext } from './context.ts';
import { chunkProgress, keepNumbers } from './kept.ts';
import { type EvasionPair, GOALS, measureOf, planarProbes } from './pairs.ts';

/** Pairs searched between two writes to the store. */
const CHUNK = 16;

/** Smallest perturbations by every attack of the audit, for both goals, until they cross a judge's threshold. */
export async function smallestAgainst(
  context: RobustnessContext,
  judge: Judge,
  options: { readonly gradient: SimilarityGradient; readonly norms: readonly Norm[]; readonly knows?: string },
): Promise<Smallest[]> {
  const rows: Smallest[] = [];
  for (const goal of GOALS) {
    const open = await attackable(context, goal, judge, context.smallestFmr);
    if (!open) continue;
    for (const attack of context.attacks) {
      for (const norm of attack.norms.filter((one) => options.norms.includes(one))) {
        const row = await smallestPerturbations(attack, open.pairs, {
          ...context,
          ...options,
          judge,
          norm,
          target: judge.encoder.id,
          threshold: open.threshold,
        });
        if (row) rows.push(row);
      }
    }
  }
  return rows;
}

/** What {@link smallestPerturbations} needs beside the pairs. */
interface SmallestSearchOptions extends JobOptions {
  readonly norm: Norm;
  /** Whose references are aimed at: the audited encoder, or what it is behind defences, which references pass too. */
  readonly judge: Judge;
  /** Name of what is attacked, with its defences. */
  readonly target: string;
  readonly threshold: Threshold;
  readonly gradient: SimilarityGradient;
  readonly random: Random;
  readonly store: AuditStore;
  /** What the attacker knows of the defences, for the attack's name; default: nothing to know. */
  readonly knows?: string;
}

/**
 * The smallest perturbations with which an attack succeeds on pairs that are right when clean, and their median. As in RobFR the perturbed face is judged as it is, in
 * floating point, not as the 8-bit picture that success rates are measured on: rounding alone is 0.3 levels.
 *
 * @returns undefined where there is no pair.
 */
async function smallestPerturbations(
  attack: EvasionAttack,
  pairs: readonly EvasionPair[],
  options: SmallestSearchOptions,
): Promise<Smallest | undefined> {
  const { norm, target, threshold, store, knows } = options;
  const goal = pairs[0]?.goal;
  if (goal === undefined) return undefined;
  const name = knows === undefined ? attack.name : `${attack.name}, ${knows}`;
  const stage = `${name}, ${goal}, smallest ${norm} perturbation`;
  const sizes: number[] = [];
  for (let first = 0; first < pairs.length; first += CHUNK) {
    throwIfAborted(options);
    const part = pairs.slice(first, first + CHUNK);
    const chunk = chunkProgress(options, stage, { first, count: part.length, total: pairs.length });
    const key = `smallest ${goal} ${name} ${norm} ${target} ${threshold.fmr} ${first}`;
    sizes.push(...(await keepNumbers(store, key, () => search(attack, part, goal, key, { ...options, ...chunk }))));
    options.onProgress?.({ stage, done: first + part.length, total: pairs.length });
  }
  return smallestRow(sizes, { name: measureOf(goal), attack: name, target, norm, fmr: threshold.fmr });
}

/** A row of findings from the smallest sizes that were found, in levels; infinite where none was. */
export function smallestRow(
  sizes: readonly number[],
  row: Pick<Smallest, 'name' | 'attack' | 'target' | 'norm' | 'fmr'>,
): Smallest {
  const { median, low, high } = medianInterval(sizes);
  return {
    ...row,
    median: finite(median),
    low: finite(low),
    high: finite(high),
    pairs: sizes.length,
    failed: sizes.filter((size) => !Number.isFinite(size)).length,
  };
}

async function search(
  attack: EvasionAttack,
  pairs: readonly EvasionPair[],
  goal: Goal,
  key: string,
  options: SmallestSearchOptions,
): Promise<number[]> {
  const task = { goal, faces: planarProbes(pairs), references: await referencesOf(pairs, [options.judge], options) };
  const found = await attack.smallest(
    task,
    { gradient: options.gradient },
    {
      norm: options.norm,
      thresholds: [options.threshold],
      random: options.random.fork(key),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    },
  );
  return found.map((one) => (one ? 255 * one.size : Number.POSITIVE_INFINITY));
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
