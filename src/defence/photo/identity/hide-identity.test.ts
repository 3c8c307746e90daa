import { describe, expect, test } from 'vitest';
import { frontFace } from '../../../../test/fixtures/front-face.ts';
import { wavyImage } from '../../../../test/fixtures/image-files.ts';
import type { Image } from '../../../image/image.ts';
import { Random } from '../../../util/random.ts';
import { headCorners, hideIdentity } from './hide-identity.ts';

const PHOTO = wavyImage(340, 320, new Random('photo'));

/** A head in the middle of the photo, and how it lies there: pixels for each unit of its frame, which is turned about its own corner. */
const SCALE = 1.2;
function tilted(degrees: number) {
  const roll = (Math.PI * degrees) / 180;
  const [cos, sin] = [SCALE * Math.cos(roll), SCALE * Math.sin(roll)];
  const origin = { x: 170 - 56 * cos + 60 * sin, y: 160 - 56 * sin - 60 * cos };
  const place = (x: number, y: number) => ({ x: origin.x + cos * x - sin * y, y: origin.y + sin * x + cos * y });
  return { face: frontFace(SCALE, origin, roll), place };
}

/** How far hair, ears and chin reach from the middle of the frame (56, 66), by the fixture's oval of 44 x 54 units and the shares that are covered. */
const HEAD = { left: 56 - 66, right: 56 + 66, top: 12 - 0.45 * 108, bottom: 120 + 0.12 * 108 };

const changed = ({ data, widthPx }: Image, { x, y }: { x: number; y: number }): boolean => {
  const at = 3 * (Math.round(y) * widthPx + Math.round(x));
  return [0, 1, 2].some((k) => data[at + k] !== PHOTO.data[at + k]);
};

describe.each([0, 30, -50, 90, 180])('a head tilted by %i degrees', (degrees) => {
  test.each(['fill', 'blur'] as const)(
    '%s: is covered with hair, ears and chin, and nothing beside it',
    async (cover) => {
      const { face, place } = tilted(degrees);
      const before = PHOTO.data.slice();
      const hidden = await hideIdentity(PHOTO, face, cover);
      let [inside, left, strays] = [0, 0, 0];
      for (let u = HEAD.left - 12; u <= HEAD.right + 12; u += 2) {
        for (let v = HEAD.top - 12; v <= HEAD.bottom + 12; v += 2) {
          const isInside = u > HEAD.left + 1 && u < HEAD.right - 1 && v > HEAD.top + 1 && v < HEAD.bottom - 1;
          const isOutside = u < HEAD.left - 2 || u > HEAD.right + 2 || v < HEAD.top - 2 || v > HEAD.bottom + 2;
          const is = changed(hidden, place(u, v));
          if (isInside) inside++;
          if (isInside && !is) left++;
          if (isOutside && is) strays++;
        }
      }
      expect(strays).toBe(0);
      // A pixel may be grey, or its own mean, by chance.
      expect(left / inside).toBeLessThan(0.02);
      expect(PHOTO.data).toEqual(before);
    },
  );
});

test('filled, every pixel is the same grey, whatever was there', async () => {
  const { data } = await hideIdentity(PHOTO, tilted(0).face, 'fill');
  const values = new Set<number>();
  const [from, , to] = headCorners(tilted(0).face);
  if (!from || !to) throw new TypeError('no corners');
  for (let y = Math.ceil(from.y); y < to.y; y++) {
    const row = 3 * 340 * y;
    for (const value of data.subarray(row + 3 * Math.ceil(from.x), row + 3 * Math.floor(to.x))) values.add(value);
  }
  expect(values.size).toBe(1);
});

test('a face outside the photo covers nothing', async () => {
  expect((await hideIdentity(PHOTO, frontFace(1, { x: 900, y: 900 }), 'fill')).data).toEqual(PHOTO.data);
});

test('a face wider than 1000 px is blurred as much by its width as a small one', async () => {
  const [widthPx, heightPx] = [3000, 24];
  const data = new Uint8Array(3 * widthPx * heightPx).map((_, i) =>
    Math.floor(i / 3) % widthPx < widthPx / 2 ? 0 : 255,
  );
  // 88 units wide: 2000 px.
  const scale = 2000 / 88;
  const face = frontFace(scale, { x: widthPx / 2 - 56 * scale, y: heightPx / 2 - 66 * scale });
  const { data: hidden } = await hideIdentity({ widthPx, heightPx, data }, face, 'blur');
  // An edge, half a deviation (a tenth of the face) to either side: of a Gaussian, 38 % lies between.
  const at = (x: number): number => (hidden[3 * (12 * widthPx + x)] as number) / 255;
  expect(at(1600) - at(1400)).toBeCloseTo(0.383, 1);
});
