import { expect, test } from 'vitest';
import { photo, threshold } from '../../test/fixtures/audit.ts';
import { tinyEncoder, tinyInverter } from '../../test/fixtures/inversion.ts';
import { EXPERIMENTS, type Experiment } from '../attack/inversion/experiments.ts';
import { MEASURE, type Rate } from '../audit/findings.ts';
import { createJudge } from '../audit/judge.ts';
import type { Subject } from '../audit/subjects.ts';
import { type ExperimentProblem, measureExperiment, problemText, resultTable } from './experiment-results.ts';

const [experiment] = EXPERIMENTS as readonly [Experiment];

const PROBLEM: ExperimentProblem = {
  ...{ data: '/faces', encoderHash: 'a1', experiment: 1, begin: 'fresh' },
  ...{ steps: 2, batchSize: 4, seed: 1, learningRate: 0.001 },
};

test('each thing that decides the weights makes another problem; the order of the fields does not', () => {
  const others: Partial<ExperimentProblem>[] = [
    ...[{ data: '/others' }, { encoderHash: 'b2' }, { experiment: 2 }, { begin: 'generator' }],
    ...[{ steps: 3 }, { batchSize: 5 }, { seed: 2 }, { learningRate: 0.01 }],
  ];
  const texts = others.map((change) => problemText({ ...PROBLEM, ...change }));
  expect(new Set([problemText(PROBLEM), ...texts]).size).toBe(1 + Object.keys(PROBLEM).length);
  const { data, ...rest } = PROBLEM;
  expect(problemText({ ...rest, data })).toBe(problemText(PROBLEM));
});

test('an experiment is judged by the attacked encoder and by the other one', async () => {
  const subjects: Subject[] = [
    { person: 'a', template: photo('a', 0, [220, 40, 40]), others: [photo('a', 1, [210, 50, 40])] },
    { person: 'b', template: photo('b', 0, [30, 60, 200]), others: [] },
  ];
  // Any two faces are alike enough for the one, none for the other.
  const self = createJudge(await tinyEncoder({ seed: 'a' }), [threshold('tiny a', 1e-2, -1)]);
  const other = createJudge(await tinyEncoder({ seed: 'b' }), [threshold('tiny b', 1e-2, 1.01)]);
  const { quality, rates } = await measureExperiment(experiment, tinyInverter('a').graph, subjects, [self, other]);
  expect(
    rates.map(({ name, attack, target, judge, successes, trials }) => [name, attack, target, judge, successes, trials]),
  ).toEqual([
    [MEASURE.typeOne, 'experiment 1', 'tiny a', 'tiny a', 2, 2],
    [MEASURE.typeTwo, 'experiment 1', 'tiny a', 'tiny a', 1, 1],
    [MEASURE.typeOne, 'experiment 1', 'tiny a', 'tiny b', 0, 2],
    [MEASURE.typeTwo, 'experiment 1', 'tiny a', 'tiny b', 0, 1],
  ]);
  expect(Object.keys(quality)).toEqual(expect.arrayContaining(['L1', 'L2', 'SSIM']));
  expect(Object.values(quality).every(Number.isFinite)).toBe(true);
});

test('the table has a line for each experiment and a column for each figure', () => {
  const rate = (judge: string, share: number): Rate => ({
    ...{ name: MEASURE.typeOne, attack: 'x', target: 'E', judge, fmr: 0.01 },
    ...{ successes: 1, trials: 8, rate: share, low: 0, high: 1 },
  });
  const results = EXPERIMENTS.slice(0, 2).map((row, i) => ({
    experiment: row,
    quality: { L1: 0.125 + i },
    rates: [rate('E', 0.5), rate('J', 0.125)],
  }));
  expect(resultTable(results).split('\n')).toEqual([
    'experiment      L1  SAR type-I E 0.01  SAR type-I J 0.01',
    '1           0.1250             50.0 %             12.5 %',
    '2           1.1250             50.0 %             12.5 %',
  ]);
});
