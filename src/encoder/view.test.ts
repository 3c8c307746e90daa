import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference } from '../../test/fixtures/evaluate.ts';
import { checkGradients, uniform } from '../../test/fixtures/gradient-check.ts';
import { float32 } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import { toPlanar } from '../image/tensor.ts';
import { cropView } from './canonical-face.ts';
import type { EncoderView } from './encoder.ts';
import { renderView, sampleView, type ViewJitter, viewMatrices } from './view.ts';

const SIZE = 128;

/** A picture without fine detail, different in every channel and not symmetric. */
const smooth: Image = {
  widthPx: SIZE,
  heightPx: SIZE,
  data: Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % SIZE, Math.floor(i / (3 * SIZE))];
    return 128 + 60 * Math.sin(x / 17 + channel) + 50 * Math.cos(y / 23 - x / 60 + 2 * channel);
  }),
};

const view = (x: number, y: number, width: number, height: number, widthPx: number, heightPx: number): EncoderView => ({
  box: { x, y, width, height },
  widthPx,
  heightPx,
});

async function rendered(image: Image, seen: EncoderView): Promise<number[]> {
  const faces = float32(toPlanar([image]), [1, 3, image.heightPx, image.widthPx]);
  const { y } = await evaluate({ faces }, (inputs) => ({ y: renderView(inputs.faces, seen) }));
  return y as number[];
}

describe('renderView in the graph and cropView on the picture see the same', () => {
  // White-box attacks optimise through the one and are judged through the other. Two grey levels: cropView rounds to 8 bits.
  test.for([
    ['the whole frame, smaller', view(0, 0, 112, 112, 112, 112)],
    ['the whole frame, larger', view(0, 0, 112, 112, 150, 150)],
    ['an upper part', view(8, 4, 96, 80, 96, 80)],
    ['an upright part, enlarged', view(30, 20, 40, 60, 64, 96)],
    ['a part squeezed in one direction', view(10, 10, 90, 90, 30, 90)],
    ['the whole frame, shrunk to a third', view(8, 8, 96, 96, 36, 36)],
  ] as const)('%s', async ([, seen]) => {
    const expected = toPlanar([cropView(smooth, seen)]);
    expect(largestDifference(await rendered(smooth, seen), expected)).toBeLessThan(2 / 255);
  });

  test('beyond the frame both repeat the border', async () => {
    const seen = view(-20, -10, 152, 132, 152, 132);
    const expected = toPlanar([cropView(smooth, seen)]);
    expect(largestDifference(await rendered(smooth, seen), expected)).toBeLessThan(2 / 255);
    // The corner of the view lies 20 and 10 units outside.
    const corner = Array.from(smooth.data.subarray(0, 3), (value) => value / 255);
    const plane = 152 * 132;
    expect(
      largestDifference(
        [0, 1, 2].map((channel) => expected[channel * plane] as number),
        corner,
      ),
    ).toBeLessThan(1 / 255);
  });

  test('a picture that is the view already is left as it is', async () => {
    const seen = view(0, 0, 112, 112, SIZE, SIZE);
    expect(cropView(smooth, seen)).toBe(smooth);
    expect(largestDifference(await rendered(smooth, seen), toPlanar([smooth]))).toBe(0);
  });

  test('fine detail is averaged, not skipped, where a view shrinks', async () => {
    const stripes: Image = { ...smooth, data: Uint8Array.from(smooth.data, (_, i) => (Math.floor(i / 3) % 2) * 255) };
    const seen = view(0, 0, 112, 112, 32, 32);
    // A sample that skipped pixels would be 0 or 1; at the border the repeated edge weighs a little more.
    for (const value of [...(await rendered(stripes, seen)), ...toPlanar([cropView(stripes, seen)])]) {
      expect(Math.abs(value - 0.5)).toBeLessThan(0.12);
    }
  });
});

describe('viewMatrices by hand: a picture of 4x4 px, a pixel being 28 units', () => {
  const still: ViewJitter = { shiftX: 0, shiftY: 0, scale: 1, mirrored: false };
  const rowsOf = (data: Float32Array, width: number): number[][] =>
    Array.from({ length: data.length / width }, (_, row) =>
      Array.from(data.subarray(row * width, (row + 1) * width), (value) => Math.round(value * 1e6) / 1e6),
    );
  const made = (seen: EncoderView, jitter: Partial<ViewJitter> = {}) => {
    const { rows, columns } = viewMatrices(seen, { widthPx: 4, heightPx: 4 }, { ...still, ...jitter });
    return { rows: rowsOf(rows, 4), columns: rowsOf(columns, seen.widthPx) };
  };
  const whole = view(0, 0, 112, 112, 4, 4);
  const identity = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ];

  test('the whole frame pixel for pixel', () => {
    expect(made(whole)).toEqual({ rows: identity, columns: identity });
  });

  test('mirrored: the columns in reverse, the rows as they were', () => {
    expect(made(whole, { mirrored: true })).toEqual({ rows: identity, columns: identity.toReversed() });
  });

  test('shifted by one pixel right and two down: the border is repeated', () => {
    const { rows, columns } = made(whole, { shiftX: 28, shiftY: 56 });
    expect(rows).toEqual([identity[2], identity[3], identity[3], identity[3]]);
    // Column j of the product is made of the picture's column j + 1.
    expect(columns).toEqual([
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 1],
    ]);
  });

  test('half the extent about the centre: samples at 0.75, 1.25, 1.75 and 2.25 between pixel centres', () => {
    const expected = [
      [0.25, 0.75, 0, 0],
      [0, 0.75, 0.25, 0],
      [0, 0.25, 0.75, 0],
      [0, 0, 0.75, 0.25],
    ];
    expect(made(whole, { scale: 0.5 }).rows).toEqual(expected);
    expect(made(view(28, 28, 56, 56, 4, 4)).rows).toEqual(expected);
  });

  test('half the pixels: a tent two pixels to either side, its part beyond the border laid on the edge', () => {
    // Sample 0 is at 0.5: weights 0.25, 0.75, 0.75, 0.25 of pixels -1 to 2, halved.
    const expected = [
      [0.5, 0.375, 0.125, 0],
      [0, 0.125, 0.375, 0.5],
    ];
    const { rows, columns } = made(view(0, 0, 112, 112, 2, 2));
    expect(rows).toEqual(expected);
    expect(columns).toEqual([0, 1, 2, 3].map((j) => expected.map((row) => row[j])));
  });

  test('sampleView mirrors the picture it shows', async () => {
    const { rows, columns } = viewMatrices(whole, { widthPx: 4, heightPx: 4 }, { ...still, mirrored: true });
    const faces = float32(
      Array.from({ length: 48 }, (_, i) => i),
      [1, 3, 4, 4],
    );
    const { y } = await evaluate(
      { faces, rows: float32(rows, [4, 4]), columns: float32(columns, [4, 4]) },
      (inputs) => ({
        y: sampleView(inputs.faces, inputs.rows, inputs.columns),
      }),
    );
    expect(y?.slice(0, 8)).toEqual([3, 2, 1, 0, 7, 6, 5, 4]);
  });

  test.for([
    ['shrunk and shifted', view(5, -8, 120, 99, 3, 2), { shiftX: -2.5, scale: 1.04 }],
    ['enlarged and mirrored', view(20, 30, 31, 37, 9, 7), { shiftY: 3, mirrored: true }],
  ] as const)('every sample’s weights sum to 1: %s', ([, seen, jitter]) => {
    const { rows, columns } = made(seen, jitter);
    for (const row of rows) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    for (let i = 0; i < seen.widthPx; i++)
      expect(columns.reduce((sum, row) => sum + (row[i] as number), 0)).toBeCloseTo(1, 5);
  });
});

test.for([
  ['shrunk, beyond the frame', view(-10, 20, 130, 70, 4, 3)],
  ['enlarged', view(40, 30, 40, 50, 8, 7)],
] as const)('the gradient of renderView agrees with central differences: %s', async ([, seen]) => {
  const { firstOrder, secondOrder } = await checkGradients({
    inputs: [uniform([2, 3, 6, 6], 0, 1)],
    build: (faces) => renderView(faces, seen),
  });
  for (const { error, size } of [...firstOrder, ...secondOrder]) {
    expect(size).toBeGreaterThan(1e-3);
    expect(error).toBeLessThan(1e-2);
  }
});
