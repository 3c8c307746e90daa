import { defendEncoder } from '../../defence/input/defended-encoder.ts';
import { type InputDefence, parseInputDefences } from '../../defence/input/input-defence.ts';
import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { Cost, Queries, Rate, Smallest } from '../findings.ts';
import { genuineRates } from '../genuine-rates.ts';
import { type Judge, openJudge, type ThresholdSources } from '../judge.ts';
import type { Subject } from '../subjects.ts';
import { VERDICT_FMR } from '../verdict.ts';
import { evasionRates, perturbFaces } from './adversarial-faces.ts';
import { mainAttack, type RobustnessContext } from './context.ts';
import { GOALS } from './pairs.ts';
import { breaches } from './query-breaches.ts';
import { smallestAgainst } from './smallest.ts';
import { type DefenceKnowledge, throughDefences } from './through-defences.ts';

/** What became of a defence: its cost on clean photos, and how the attacks do against it. */
export interface DefenceMeasurements {
  readonly rates: Rate[];
  readonly smallest: Smallest[];
  readonly queries: Queries[];
  readonly costs: Cost[];
}

/** What {@link measureDefence} needs beside the context. */
export interface DefenceOptions {
  readonly subjects: readonly Subject[];
  /** Also look for the smallest perturbations. */
  readonly smallest: boolean;
}

/** The target behind a defence. */
export interface DefendedTarget {
  /** In full: `jpeg:75+smooth:1`. */
  readonly spec: string;
  readonly defences: readonly InputDefence[];
  /** With thresholds of its own. */
  readonly judge: Judge;
}

/**
 * Puts the target behind each of the defences that are asked for, each once.
 *
 * @throws InputError for a defence that does not exist, or where the calibration people do not suffice for thresholds.
 */
export async function openDefended(
  context: RobustnessContext,
  options: ThresholdSources & {
    readonly defences: readonly string[];
    readonly smallestFmr: number;
    readonly seed: number;
  },
): Promise<DefendedTarget[]> {
  const asked = options.defences.map(parseInputDefences);
  const bySpec = new Map(asked.map((defences) => [defences.map(({ spec }) => spec).join('+'), defences]));
  const opened: DefendedTarget[] = [];
  for (const [spec, defences] of bySpec) {
    const encoder = defendEncoder(context.self.encoder, defences, { seed: options.seed });
    const judge = await openJudge(encoder, { ...options, fmrs: [options.smallestFmr] });
    opened.push({ spec, defences, judge });
  }
  return opened;
}

/**
 * Measures a defence in front of the target: what it costs on clean photos; the attack that does not know it; the attack that does (BPDA, and EOT where it is random); and one that
 * only asks.
 */
export async function measureDefence(
  { spec, defences, judge }: DefendedTarget,
  context: RobustnessContext,
  options: DefenceOptions,
): Promise<DefenceMeasurements> {
  const costs = await cleanCost(spec, judge, context, options.subjects);
  const queries = await askOnly(judge, context);
  if (!context.gradients.has(context.self)) return { rates: [], smallest: [], queries, costs };
  const rates: Rate[] = [];
  const smallest: Smallest[] = [];
  for (const knows of ['plain', 'adaptive'] as const) {
    const gradient = throughDefences(await context.gradients.of([context.self]), defences, {
      knows,
      random: context.random.fork(`${spec} ${knows}`),
    });
    rates.push(...(await withinBudget(judge, context, { gradient, knows, spec })));
    if (options.smallest) smallest.push(...(await smallestAgainst(context, judge, { gradient, knows, norms: ['l2'] })));
  }
  return { rates, smallest, queries, costs };
}

/** Defended encoders' genuine rate, and the target's own, on the same photos. */
async function cleanCost(
  spec: string,
  judge: Judge,
  context: RobustnessContext,
  subjects: readonly Subject[],
): Promise<Cost[]> {
  const rateOf = async (one: Judge): Promise<number | undefined> =>
    (await genuineRates(subjects, one, context)).find(({ fmr }) => fmr === VERDICT_FMR)?.rate;
  const [without, withIt] = [await rateOf(context.self), await rateOf(judge)];
  if (without === undefined || withIt === undefined) return [];
  return [{ defence: spec, measure: 'genuine TMR at FMR 0.1 %', unit: 'rate', without, with: withIt }];
}

interface Attacker {
  readonly gradient: SimilarityGradient;
  readonly knows: DefenceKnowledge;
}

async function withinBudget(
  judge: Judge,
  context: RobustnessContext,
  { gradient, knows, spec }: Attacker & { readonly spec: string },
): Promise<Rate[]> {
  const attack = mainAttack(context);
  if (!attack) return [];
  const rates: Rate[] = [];
  for (const goal of GOALS) {
    for (const epsilon of context.epsilons) {
      const made = await perturbFaces(attack, context.pairs[goal], {
        ...context,
        norm: 'linf',
        epsilon,
        madeWith: [context.self],
        // Who does not know the defence makes the very faces that he makes without it.
        resources: { gradient: knows === 'plain' ? await context.gradients.of([context.self]) : gradient },
        variant: knows === 'plain' ? '' : `knowing ${spec}`,
      });
      const measured = await evasionRates({ ...made, attack: `${attack.name}, ${knows}` }, judge, context);
      rates.push(...measured);
    }
  }
  return rates;
}

async function askOnly(judge: Judge, context: RobustnessContext): Promise<Queries[]> {
  const attack = context.queryAttacks.find(({ needs }) => needs === 'similarity') ?? context.queryAttacks[0];
  return attack ? (await breaches(context, judge, [attack])).rows : [];
}
