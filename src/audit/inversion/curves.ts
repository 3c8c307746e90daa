import { fitAdapter } from '../../attack/inversion/adapter.ts';
import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { invertThroughGenerator } from '../../attack/inversion/generator-adapter.ts';
import { openInverter } from '../../attack/inversion/inverter-file.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import { type Curve, MEASURE } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { Subject } from '../subjects.ts';
import { VERDICT_FMR } from '../verdict.ts';
import { attackRates } from './measure.ts';
import type { AttackSide } from './resources.ts';

/** What an attacker has at the points of a leakage curve: images sent, or pairs learnt from. */
const BUDGETS = [30, 100, 256, 512, 1000] as const;

/** A black-box attack whose budget can be cut down. */
interface BudgetedAttack {
  readonly name: string;
  /** What is spent. */
  readonly x: { readonly label: string; readonly unit: string };
  /** The most that is at hand. */
  readonly most: number;
  /** Planar faces [3,128,128], RGB, 0..1, by the attack with the first `budget` of what is at hand. */
  invert(budget: number): Promise<Float32Array[]>;
}

/** Leakage of the black-box attacks against what the attacker has, as each judge finds it: SAR type-I at the verdict's FMR. */
export async function leakageCurves(
  target: string,
  judges: readonly Judge[],
  templates: readonly Float32Array[],
  subjects: readonly Subject[],
  side: AttackSide,
  options: JobOptions & SessionOptions,
): Promise<Curve[]> {
  const curves: Curve[] = [];
  for (const attack of budgetedAttacks(templates, side, options)) {
    const pointsOf = new Map(judges.map((judge) => [judge, [] as Curve['points']]));
    const budgets = [...BUDGETS.filter((budget) => budget < attack.most), attack.most];
    for (const [i, budget] of budgets.entries()) {
      const images = facePictures(await attack.invert(budget));
      for (const [judge, points] of pointsOf) {
        const rows = await attackRates({ attack: attack.name, target, images }, subjects, judge, options);
        const row = rows.find(({ name, fmr }) => name === MEASURE.typeOne && fmr === VERDICT_FMR);
        if (row) points.push({ x: budget, y: row.rate, low: row.low, high: row.high });
      }
      options.onProgress?.({ stage: `leakage curve, ${attack.name}`, done: i + 1, total: budgets.length });
    }
    for (const [judge, points] of pointsOf) {
      if (points.length === 0) continue;
      curves.push({
        name: `${MEASURE.typeOne} of the black-box attack ${attack.name}, judged by ${judge.encoder.id} at FMR 0.1 %`,
        x: { ...attack.x, scale: 'log' },
        y: { label: MEASURE.typeOne },
        points,
      });
    }
  }
  return curves;
}

function budgetedAttacks(
  templates: readonly Float32Array[],
  { resources: { generator, probes }, hub }: AttackSide,
  options: SessionOptions,
): BudgetedAttack[] {
  const attacks: BudgetedAttack[] = [];
  if (generator && probes) {
    attacks.push({
      name: 'through the generator',
      x: { label: 'images sent to the encoder', unit: 'queries' },
      most: probes.latents.length,
      invert: (budget) => {
        const part = { latents: probes.latents.slice(0, budget), embeddings: probes.embeddings.slice(0, budget) };
        return invertThroughGenerator(templates, generator, part, options);
      },
    });
  }
  if (hub) {
    attacks.push({
      name: `through an adapter to the inverter of ${hub.model.encoderId}`,
      x: { label: 'faces of others that both encoders saw', unit: 'pairs' },
      most: hub.from.length,
      invert: async (budget) => {
        const adapter = fitAdapter(hub.from.slice(0, budget), hub.to.slice(0, budget));
        const inverter = await openInverter(hub.model, { ...options, adapter });
        try {
          return await inverter.invert(templates);
        } finally {
          await inverter.close();
        }
      },
    });
  }
  return attacks;
}
