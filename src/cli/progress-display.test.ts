import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProgressDisplay } from './progress-display.ts';

let written = '';
const write = (text: string): boolean => {
  written += text;
  return true;
};
const stream = { isTTY: false, write } as unknown as NodeJS.WriteStream;

beforeEach(() => {
  written = '';
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test('a short job shows nothing', () => {
  using display = new ProgressDisplay(stream);
  for (let done = 1; done <= 10; done++) {
    display.show({ stage: 'training', done, total: 10 });
    vi.advanceTimersByTime(100);
  }
  expect(written).toBe('');
});

test('a long job writes a line at times, and one at the end of the stage', () => {
  using display = new ProgressDisplay(stream);
  for (let done = 1; done <= 300; done++) {
    display.show({ stage: 'training', done, total: 300, figures: { loss: 0.123456 } });
    vi.advanceTimersByTime(100);
  }
  const lines = written.trim().split('\n');
  expect(lines[0]).toBe('training: 21/300 loss 0.1235');
  expect(lines.at(-1)).toBe('training: 300/300 loss 0.1235');
  expect(lines).toHaveLength(4);
});

test('each stage is patient for itself', () => {
  using display = new ProgressDisplay(stream);
  display.show({ stage: 'reading', done: 1, total: 2 });
  vi.advanceTimersByTime(5_000);
  display.show({ stage: 'embedding', done: 1, total: 2 });
  expect(written).toBe('');
});

test('one that is under way does not count as done', () => {
  using display = new ProgressDisplay(stream);
  display.show({ stage: 'optimising', done: 0.1, total: 2 });
  vi.advanceTimersByTime(3000);
  display.show({ stage: 'optimising', done: 1.9, total: 2 });
  expect(written).toBe('optimising: 1/2\n');
});
