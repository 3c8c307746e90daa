import { expect, test } from 'vitest';
import { maskedShape, mixedLabel } from './masked-dataset.ts';

test('a label has each person’s part', () => {
  const label = mixedLabel({ images: [4, 0, 2], weights: [0.5, 0.25, 0.25] }, [3, 9, 1, 9, 0], 5);
  expect([...label]).toEqual([0.5, 0.25, 0, 0.25, 0]);
});

test('a masked face has a number for each channel of each block', () => {
  const front = { kind: 'frequency', sizePx: 32, channels: [5, 3, 9], mean: [], deviation: [] } as const;
  expect(maskedShape(front)).toEqual([3, 4, 4]);
});
