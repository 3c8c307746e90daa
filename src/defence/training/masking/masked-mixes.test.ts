import { expect, test } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { Random } from '../../../util/random.ts';
import { equalNoise } from './channel-noise.ts';
import { fitFront } from './front.ts';
import { parseMasking } from './kinds.ts';
import { type MixOrder, maskMixes } from './masked-mixes.ts';

const [SIZE, CHANNELS, BLOCKS] = [16, 8, 4] as const;
const random = new Random('faces');
const FACES = Array.from(
  { length: 4 },
  (): Image => ({
    widthPx: SIZE,
    heightPx: SIZE,
    data: Uint8Array.from({ length: 3 * SIZE ** 2 }, () => random.integer(256)),
  }),
);
const MIXES: readonly (MixOrder & { readonly weights: readonly number[] })[] = [
  { images: [2, 0], weights: [0.7, 0.3] },
  { images: [1, 3, 0], weights: [0.5, 0.3, 0.2] },
  { images: [0, 1], weights: [0.4, 0.6] },
];
const ALONE = FACES.map((_, i) => ({ images: [i], weights: [1] }));

async function maskedBy(name: string, orders: readonly MixOrder[]): Promise<Float32Array[]> {
  const masking = parseMasking(name);
  const front = await fitFront(FACES, {
    kind: masking.front,
    sizePx: SIZE,
    frequencies: CHANNELS,
    seed: 1,
    threads: 1,
  });
  const options = { masking, front, actions: [], weights: equalNoise(front.channels.length), batchSize: 2 };
  const rows: Float32Array[] = [];
  for await (const { masked, parts } of maskMixes(FACES, orders, { ...options, random: new Random('x'), threads: 1 })) {
    parts.forEach((part, i) => {
      expect(part).toBeCloseTo(orders[rows.length]?.weights?.[i] as number, 6);
    });
    rows.push(masked);
  }
  expect(rows).toHaveLength(orders.length);
  return rows;
}

const sums = (alone: readonly Float32Array[]): number[][] =>
  MIXES.map(({ images, weights }) =>
    Array.from(alone[0] ?? [], (_, i) =>
      images.reduce((sum, image, k) => sum + (weights[k] as number) * (alone[image]?.[i] as number), 0),
    ),
  );

test.each([
  ['random', 'frequency'],
  ['adaptive', 'frequency'],
  ['fixed:3', 'frequency'],
])(
  'a mix of %s is the weighted sum of the faces behind the front, by the weights that are given',
  async (name, alone) => {
    const wanted = sums(await maskedBy(alone, ALONE));
    const mixed = await maskedBy(name, MIXES);
    wanted.forEach((row, i) => {
      row.forEach((value, k) => {
        expect(mixed[i]?.[k]).toBeCloseTo(value, 4);
      });
    });
  },
);

test('InstaHide’s signs are drawn for each number of each mix, and for nothing else', async () => {
  const wanted = sums(await maskedBy('none', ALONE));
  const signed = await maskedBy('instahide', MIXES);
  const turned = signed.map((row, i) =>
    Array.from(row, (value, k) => {
      expect(Math.abs(value)).toBeCloseTo(Math.abs(wanted[i]?.[k] as number), 4);
      return Number(value * (wanted[i]?.[k] as number) < 0);
    }),
  );
  for (const row of turned) {
    const share = row.reduce((sum, one) => sum + one, 0) / row.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.1);
  }
  expect(turned[0]).not.toEqual(turned[1]);
});

test('the channels that are not kept are 0', async () => {
  const [mix] = MIXES;
  if (!mix) throw new TypeError();
  const [all, first] = await maskedBy('adaptive', [mix, { ...mix, channels: 'first' }]);
  expect(first?.subarray(0, (CHANNELS / 2) * BLOCKS)).toEqual(all?.subarray(0, (CHANNELS / 2) * BLOCKS));
  expect(first?.subarray((CHANNELS / 2) * BLOCKS)).toEqual(new Float32Array((CHANNELS / 2) * BLOCKS));
});

test('equal noise has the deviation that was asked for in every channel', async () => {
  const orders = Array.from({ length: 120 }, (_, i) => ({ images: [i % 4], weights: [1] }));
  const [plain, noisy] = [await maskedBy('frequency', ALONE), await maskedBy('dct-noise:3', orders)];
  for (let channel = 0; channel < CHANNELS; channel++) {
    const noise = noisy.flatMap((row, i) =>
      Array.from({ length: BLOCKS }, (_, k) => {
        const place = channel * BLOCKS + k;
        return (row[place] as number) - (plain[i % 4]?.[place] as number);
      }),
    );
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length);
    // Five standard deviations of an estimate from 480 numbers.
    expect(Math.abs(deviation / 3 - 1)).toBeLessThan(0.16);
  }
});
