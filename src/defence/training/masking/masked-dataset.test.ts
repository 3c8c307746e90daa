import { expect, test } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { Random } from '../../../util/random.ts';
import { fitFront } from './front.ts';
import { parseMasking } from './kinds.ts';
import { maskedFaces, maskedShape, mixedLabel } from './masked-dataset.ts';

const SIZE = 16;
const random = new Random('faces');
const FACES = Array.from(
  { length: 4 },
  (): Image => ({
    widthPx: SIZE,
    heightPx: SIZE,
    data: Uint8Array.from({ length: 3 * SIZE ** 2 }, () => random.integer(256)),
  }),
);
const MIXES = [
  { images: [2, 0], weights: [0.7, 0.3] },
  { images: [1, 3, 0], weights: [0.5, 0.3, 0.2] },
];

async function maskedBy(name: string, mixes: typeof MIXES): Promise<Float32Array[]> {
  const masking = parseMasking(name);
  const front = await fitFront(FACES, { kind: masking.front, sizePx: SIZE, frequencies: 9, seed: 1, threads: 1 });
  expect(maskedShape(front)).toEqual([front.channels.length, 2, 2]);
  const options = { masking, front, random: new Random('signs'), threads: 1 };
  const rows: Float32Array[] = [];
  for await (const row of maskedFaces(FACES, mixes, options)) rows.push(row);
  return rows;
}

test.each(['fixed:2', 'pixel-mixup'])(
  'a masked face of %s is the weighted sum of the faces behind the front',
  async (name) => {
    const alone = await maskedBy(
      name,
      FACES.map((_, i) => ({ images: [i], weights: [1] })),
    );
    const mixed = await maskedBy(name, MIXES);
    MIXES.forEach(({ images, weights }, row) => {
      mixed[row]?.forEach((value, i) => {
        const wanted = images.reduce(
          (sum, image, k) => sum + (weights[k] as number) * (alone[image]?.[i] as number),
          0,
        );
        expect(value).toBeCloseTo(wanted, 5);
      });
    });
  },
);

test('InstaHide’s signs are drawn for each number of each mix, and for nothing else', async () => {
  const [plain, signed] = [await maskedBy('pixel-mixup', MIXES), await maskedBy('instahide', MIXES)];
  signed.forEach((row, i) => {
    expect(row.map(Math.abs)).toEqual(plain[i]?.map(Math.abs));
    const turned = row.filter((value, k) => value !== plain[i]?.[k]).length / row.length;
    expect(Math.abs(turned - 0.5)).toBeLessThan(0.1);
  });
  const flips = signed.map((row, i) => row.map((value, k) => Number(value !== plain[i]?.[k])));
  expect(flips[0]).not.toEqual(flips[1]);
});

test('a label has each person’s part', () => {
  const label = mixedLabel({ images: [4, 0, 2], weights: [0.5, 0.25, 0.25] }, [3, 9, 1, 9, 0], 5);
  expect([...label]).toEqual([0.5, 0.25, 0, 0.25, 0]);
});
