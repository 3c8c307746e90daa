import { expect, test } from 'vitest';
import type { ProgressEvent } from '../util/progress.ts';
import { watchFigures } from './training-figures.ts';

const step = (done: number, loss: number): ProgressEvent => ({ stage: 's', done, total: 100, figures: { loss } });

test('the last fifty steps are averaged, and every event is passed on', () => {
  const seen: number[] = [];
  const { job, summary } = watchFigures({ onProgress: ({ done }) => seen.push(done) });
  job.onProgress({ stage: 'reading photos', done: 1, total: 2 });
  expect(summary()).toBeUndefined();
  for (let i = 1; i <= 60; i++) job.onProgress(step(i, i));
  // 11 to 60: their mean is 35.5.
  expect(summary()).toBe('mean of the last 50 steps: loss 35.5');
  expect(seen).toHaveLength(61);
});

test('a loss that is no number stops the training', () => {
  const { job } = watchFigures({});
  expect(() => job.onProgress(step(7, Number.NaN))).toThrow('at step 7');
});
