import type { EvasionAttack } from '../../attack/evasion/attack.ts';
import type { Goal } from '../../attack/evasion/goal.ts';
import type { QueryAttack } from '../../attack/evasion/query-attack.ts';
import { wilson } from '../../metric/intervals.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Rate } from '../findings.ts';
import type { Judge } from '../judge.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { AuditStore } from '../work-folder.ts';
import { VERDICT_EPSILON } from './decide.ts';
import type { Gradients } from './gradients.ts';
import { type EvasionPair, GOALS, rightWhenClean } from './pairs.ts';

/** What every part of a robustness audit works with. */
export interface RobustnessContext extends JobOptions {
  /** The audited encoder. */
  readonly self: Judge;
  /** The others: surrogates of the attacker, and further targets of transfer. */
  readonly others: readonly Judge[];
  readonly pairs: Readonly<Record<Goal, readonly EvasionPair[]>>;
  readonly gradients: Gradients;
  readonly attacks: readonly EvasionAttack[];
  readonly queryAttacks: readonly QueryAttack[];
  /** Budgets in levels of 255, rising. */
  readonly epsilons: readonly number[];
  /** False match rate of the threshold that the smallest perturbations have to cross. */
  readonly smallestFmr: number;
  readonly maxQueries: number;
  /** Pairs of each goal that are attacked by queries. */
  readonly queryPairs: number;
  readonly random: Random;
  readonly store: AuditStore;
}

/** The budget at which transfer, defences and the verdict are measured: the largest of the audit's that counts for the verdict. */
export const verdictEpsilon = ({ epsilons }: Pick<RobustnessContext, 'epsilons'>): number =>
  epsilons.findLast((epsilon) => epsilon <= VERDICT_EPSILON) ?? (epsilons[0] as number);

/** The attack that stands for all where one has to do: the last of those that keep a budget and take many steps, as they come in the family's list. */
export const mainAttack = ({ attacks }: Pick<RobustnessContext, 'attacks'>): EvasionAttack | undefined => {
  const budgeted = attacks.filter(({ perturb }) => perturb);
  return budgeted.find(({ name }) => name === 'MIM') ?? budgeted.at(-1);
};

/** How many pairs a judge gets wrong while nothing is perturbed: they are left out of all that follows, and counted here. */
export async function droppedRates(context: RobustnessContext, judge: Judge): Promise<Rate[]> {
  const rows: Rate[] = [];
  const { id } = judge.encoder;
  for (const goal of GOALS) {
    const open = await attackable(context, goal, judge);
    const all = context.pairs[goal].length;
    if (!open || all === 0) continue;
    rows.push({
      name: `wrong when clean, ${goal === 'dodge' ? 'dodging' : 'impersonation'}`,
      attack: 'none',
      target: id,
      judge: id,
      fmr: VERDICT_FMR,
      ...wilson(all - open.pairs.length, all),
    });
  }
  return rows;
}

/** The pairs of a goal that a judge gets right when clean, and its threshold; none where it has no threshold at that FMR. */
export async function attackable(
  context: RobustnessContext,
  goal: Goal,
  judge: Judge,
  fmr = VERDICT_FMR,
): Promise<{ readonly threshold: Threshold; readonly pairs: EvasionPair[] } | undefined> {
  const threshold = judge.thresholds.find((one) => one.fmr === fmr);
  if (!threshold) return undefined;
  const pairs = context.pairs[goal];
  const right = await rightWhenClean(pairs, judge, threshold, context);
  return { threshold, pairs: pairs.filter((_, i) => right[i]) };
}
