import { expect, test } from 'vitest';
import { wavyImage } from '../../../../test/fixtures/image-files.ts';
import { Random } from '../../../util/random.ts';
import { headBox, hideIdentity } from './hide-identity.ts';

const PHOTO = wavyImage(300, 260, new Random('photo'));
const FACE = { box: { x: 100, y: 80, width: 80, height: 90 } };

test.each(['fill', 'blur'] as const)('%s: covers face, ears and hair, and nothing else', async (cover) => {
  const before = PHOTO.data.slice();
  const { data } = await hideIdentity(PHOTO, FACE, cover);
  const { x, y, width, height } = headBox(FACE, PHOTO);
  expect([x, y]).toEqual([80, 39]);
  expect([x + width, y + height]).toEqual([200, 181]);
  let changedInside = 0;
  let changedOutside = 0;
  for (let at = 0; at < data.length; at++) {
    const [column, row] = [Math.floor(at / 3) % 300, Math.floor(at / 900)];
    const isInside = column >= x && column < x + width && row >= y && row < y + height;
    if (data[at] === before[at]) continue;
    if (isInside) changedInside++;
    else changedOutside++;
  }
  expect(changedOutside).toBe(0);
  expect(changedInside / (3 * width * height)).toBeGreaterThan(0.9);
  expect(PHOTO.data).toEqual(before);
});

test('filled, every pixel is the same grey, whatever was there', async () => {
  const { data } = await hideIdentity(PHOTO, FACE, 'fill');
  const { x, y, width, height } = headBox(FACE, PHOTO);
  const values = new Set<number>();
  for (let row = y; row < y + height; row++)
    for (const value of data.subarray(3 * (300 * row + x), 3 * (300 * row + x + width))) values.add(value);
  expect(values.size).toBe(1);
});

test('a face outside the photo covers nothing', async () => {
  const away = { box: { x: 900, y: 900, width: 50, height: 50 } };
  expect((await hideIdentity(PHOTO, away, 'fill')).data).toEqual(PHOTO.data);
});

test('a face wider than 1000 px is blurred as much by its width as a small one', async () => {
  const [widthPx, heightPx] = [3000, 24];
  const data = new Uint8Array(3 * widthPx * heightPx).map((_, i) =>
    Math.floor(i / 3) % widthPx < widthPx / 2 ? 0 : 255,
  );
  const { data: hidden } = await hideIdentity(
    { widthPx, heightPx, data },
    { box: { x: 500, y: 0, width: 2000, height: 24 } },
    'blur',
  );
  // An edge, half a deviation (a tenth of the face) to either side: of a Gaussian, 38 % lies between.
  const at = (x: number): number => (hidden[3 * (12 * widthPx + x)] as number) / 255;
  expect(at(1600) - at(1400)).toBeCloseTo(0.383, 1);
});
