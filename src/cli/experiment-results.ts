import type { Experiment } from '../attack/inversion/experiments.ts';
import { facePictures } from '../attack/inversion/face-pictures.ts';
import { inverterModel, openInverter } from '../attack/inversion/inverter-file.ts';
import type { Rate } from '../audit/findings.ts';
import { attackRates, qualityRows } from '../audit/inversion/measure.ts';
import type { Judge } from '../audit/judge.ts';
import type { Subject } from '../audit/subjects.ts';
import type { Graph } from '../graph/graph.ts';
import { percent, table } from './print.ts';

/** What one experiment reached on the test people. */
export interface ExperimentResult {
  readonly experiment: Experiment;
  /** Means over the faces by their measure: L1, L2, SSIM. */
  readonly quality: Readonly<Record<string, number>>;
  readonly rates: readonly Rate[];
}

/** What decides an experiment's weights; two that agree in it are one training. */
export interface ExperimentProblem {
  readonly data: string;
  readonly encoderHash: string;
  readonly experiment: number;
  readonly begin: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly learningRate: number;
}

/** The problem as text, in an order of its own. */
export function problemText(problem: ExperimentProblem): string {
  const { data, encoderHash: encoder, experiment, begin, steps, batchSize, seed, learningRate } = problem;
  return JSON.stringify({ data, encoder, experiment, begin, steps, batchSize, seed, learningRate });
}

/**
 * Inverts the subjects' templates and has the faces judged.
 *
 * @param judges - the attacked encoder first.
 */
export async function measureExperiment(
  experiment: Experiment,
  graph: Graph,
  subjects: readonly Subject[],
  judges: readonly [Judge, ...Judge[]],
): Promise<ExperimentResult> {
  const [self] = judges;
  const inverter = await openInverter(inverterModel(graph));
  const images = facePictures(await inverter.invert(await self.embed(subjects.map(({ template }) => template))));
  await inverter.close();
  const made = { attack: `experiment ${experiment.number}`, target: self.encoder.id, images };
  const rates: Rate[] = [];
  for (const judge of judges) rates.push(...(await attackRates(made, subjects, judge)));
  return {
    experiment,
    rates,
    quality: Object.fromEntries(qualityRows(made, subjects).map(({ measure, mean }) => [measure, mean])),
  };
}

/** One line for each experiment: the means, then the rates of each judge. */
export function resultTable(results: readonly ExperimentResult[]): string {
  const columns = results[0]?.rates.map(({ name, judge, fmr }) => `${name} ${judge} ${fmr}`) ?? [];
  return table([
    ['experiment', ...Object.keys(results[0]?.quality ?? {}), ...columns],
    ...results.map(({ experiment, quality, rates }) => [
      String(experiment.number),
      ...Object.values(quality).map((value) => value.toFixed(4)),
      ...rates.map(({ rate }) => percent(rate, 1)),
    ]),
  ]);
}
