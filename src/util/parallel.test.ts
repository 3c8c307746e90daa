import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mapParallel } from './parallel.ts';

test('gives results in order, and never works on more than it may', async () => {
  let [now, most] = [0, 0];
  const results = await mapParallel([5, 1, 4, 2, 3], 2, async (item, index) => {
    most = Math.max(most, ++now);
    await sleep(item);
    now--;
    return `${index}:${item}`;
  });
  expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3']);
  expect(most).toBe(2);
});

test('after a failure begins nothing more, and waits for what is under way', async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const job = mapParallel([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new RangeError('first');
    await sleep(5);
    ended.push(item);
  });
  await expect(job).rejects.toThrow('first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});
