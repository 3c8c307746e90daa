import { describe, expect, test } from 'vitest';
import { tinyEncoder } from '../../../test/fixtures/inversion.ts';
import { decodeImage } from '../../image/decode.ts';
import { encodeJpeg } from '../../image/encode.ts';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { defendEncoder } from './defended-encoder.ts';
import { parseInputDefences } from './input-defence.ts';

const SIZE = 16;
const random = new Random('defended');
const face: Image = {
  widthPx: SIZE,
  heightPx: SIZE,
  data: Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, i) => 100 + 60 * Math.sin(i / 40) + 20 * random.uniform()),
};

const treated = async (spec: string, seed = 1): Promise<Image> => {
  let image = face;
  for (const defence of parseInputDefences(spec)) image = await defence.apply(image, new Random(seed));
  return image;
};

describe('parseInputDefences', () => {
  test('takes a number or the default, in order', () => {
    expect(parseInputDefences('jpeg:60+ smooth').map(({ spec }) => spec)).toEqual(['jpeg:60', 'smooth:1']);
  });

  test.each([
    '',
    'nothing',
    'jpeg:0',
    'jpeg:',
    'jpeg:7.5',
    'jpeg:x',
    'bits:9',
    'median:4',
    'smooth:0',
    'tv:0',
    'pad:2',
    'jpeg:75+',
  ])('refuses "%s"', (spec) => {
    expect(() => parseInputDefences(spec)).toThrow(InputError);
  });
});

describe('a defence', () => {
  test.each(['jpeg', 'bits', 'median', 'smooth', 'tv', 'pad', 'jpeg+bits'])(
    '%s changes the face, not its size',
    async (spec) => {
      const image = await treated(spec);
      expect([image.widthPx, image.heightPx, image.data.length]).toEqual([SIZE, SIZE, face.data.length]);
      expect(image.data).not.toEqual(face.data);
    },
  );

  test('jpeg is what the file would hold', async () => {
    expect(await treated('jpeg:40')).toEqual((await decodeImage(await encodeJpeg(face, { quality: 40 }))).image);
  });

  test('bits:2 leaves four levels, each the nearest', async () => {
    const { data } = await treated('bits:2');
    data.forEach((value, i) => {
      const nearest = [0, 85, 170, 255].toSorted(
        (a, b) => Math.abs(a - (face.data[i] as number)) - Math.abs(b - (face.data[i] as number)),
      )[0];
      expect(value).toBe(nearest);
    });
  });

  test('pad is random, seeded, and leaves black at the edges', async () => {
    const [first, again, other] = [
      await treated('pad:0.6', 1),
      await treated('pad:0.6', 1),
      await treated('pad:0.6', 2),
    ];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.data.filter((value) => value === 0).length).toBeGreaterThan(3 * SIZE);
    expect(parseInputDefences('pad').map(({ isRandom }) => isRandom)).toEqual([true]);
  });
});

test('a defended encoder sees the treated face, says so in its name, and is another encoder', async () => {
  const encoder = await tinyEncoder({ seed: 'defended' });
  const defended = defendEncoder(encoder, parseInputDefences('jpeg:40+bits:3'), { seed: 1 });
  expect(defended.id).toBe(`${encoder.id}+jpeg:40+bits:3`);
  expect(defended.hash).not.toBe(encoder.hash);
  const [seen] = await defended.embed([face]);
  const [wanted] = await encoder.embed([await treated('jpeg:40+bits:3')]);
  expect(seen).toEqual(wanted);
  const [clean] = await encoder.embed([face]);
  expect(seen).not.toEqual(clean);
  await defended.close();
});
