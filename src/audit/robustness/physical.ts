import type { Goal } from '../../attack/evasion/goal.ts';
import type { PhysicalAttack } from '../../attack/evasion/physical/physical-attack.ts';
import { PHYSICAL_ATTACKS } from '../../attack/evasion/physical/physical-attacks.ts';
import { wilson } from '../../metric/intervals.ts';
import { throwIfAborted } from '../../util/progress.ts';
import type { Rate } from '../findings.ts';
import { VERDICT_FMR } from '../verdict.ts';
import { referencesOf } from './adversarial-faces.ts';
import { attackable, type RobustnessContext } from './context.ts';
import { keepNumbers } from './kept.ts';
import { type EvasionPair, GOALS, measureOf, planarProbes } from './pairs.ts';

/** A worn thing succeeds with a photo where it does in this share of the views that it was not optimised on. */
const ENOUGH_VIEWS = 0.5;

/** What is put on: the thing that was optimised, the same thing plain, and with a texture at random. */
const WORN = ['optimised', 'plain', 'random texture'] as const;

/**
 * Simulates what can be worn: frames, patches and make-up, optimised over random views of the face, beside the same things without anything adversarial in them.
 *
 * @param pairs - pairs of each goal at most.
 */
export async function physicalRates(context: RobustnessContext, pairs: number): Promise<Rate[]> {
  const rates: Rate[] = [];
  for (const goal of GOALS) {
    const open = await attackable(context, goal, context.self);
    if (!open || open.pairs.length === 0) continue;
    const some = open.pairs.slice(0, pairs);
    for (const attack of PHYSICAL_ATTACKS) {
      const shares: number[][] = [];
      for (const [i, pair] of some.entries()) {
        throwIfAborted(context);
        shares.push(await sharesOf(attack, pair, open.threshold, context));
        context.onProgress?.({ stage: `${attack.name}, ${goal}, simulated`, done: i + 1, total: some.length });
      }
      rates.push(...ratesOf(attack, goal, shares, context));
    }
  }
  return rates;
}

/** Shares of held-out views in which each of {@link WORN} succeeds. */
function sharesOf(
  attack: PhysicalAttack,
  pair: EvasionPair,
  threshold: { readonly similarity: number },
  context: RobustnessContext,
): Promise<number[]> {
  const { self, store, gradients, signal } = context;
  const key = `physical ${attack.name} ${pair.goal} ${self.encoder.id} ${pair.person}`;
  return keepNumbers(store, key, async () => {
    const task = {
      goal: pair.goal,
      faces: planarProbes([pair]),
      references: await referencesOf([pair], [self], context),
    };
    const resources = { gradient: await gradients.of([self]) };
    const options = { random: context.random.fork(key), thresholds: [threshold], ...(signal ? { signal } : {}) };
    const [result] = await attack.simulate(task, resources, options);
    return result ? [result.successShare, result.controls.plain.successShare, result.controls.random.successShare] : [];
  });
}

function ratesOf(
  attack: PhysicalAttack,
  goal: Goal,
  shares: readonly (readonly number[])[],
  context: RobustnessContext,
): Rate[] {
  const { id } = context.self.encoder;
  return WORN.map((worn, k) => ({
    name: `${measureOf(goal)}, worn`,
    attack: `${attack.name}, ${worn}`,
    target: id,
    judge: id,
    fmr: VERDICT_FMR,
    ...wilson(shares.filter((own) => (own[k] ?? 0) >= ENOUGH_VIEWS).length, shares.length),
  }));
}
