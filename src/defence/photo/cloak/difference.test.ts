import { describe, expect, test } from 'vitest';
import { wavyImage } from '../../../../test/fixtures/image-files.ts';
import { alignmentMatrix, CANONICAL_POINTS, CANONICAL_VIEW } from '../../../face/alignment.ts';
import type { FivePoints } from '../../../face/face.ts';
import { warpAffine } from '../../../image/warp.ts';
import { Random } from '../../../util/random.ts';
import { addDifference, toPhoto } from './difference.ts';

const SIZE = 56;
const PHOTO = wavyImage(400, 360, new Random('photo'));
/** A face of about 250 px, turned. */
const LANDMARKS = CANONICAL_POINTS.map(({ x, y }) => ({
  x: 60 + 2.3 * x - 0.5 * y,
  y: 20 + 0.5 * x + 2.3 * y,
})) as unknown as FivePoints;
const VIEW = { ...CANONICAL_VIEW, widthPx: SIZE, heightPx: SIZE };
const MATRIX = alignmentMatrix(LANDMARKS, VIEW);

/** Two smooth hills, up in red and down in blue, nothing at the edges. */
const hill = (i: number): number => {
  const [x, y] = [i % SIZE, Math.floor(i / SIZE) % SIZE];
  return 0.018 * Math.sin((Math.PI * x) / (SIZE - 1)) ** 2 * Math.sin((Math.PI * y) / (SIZE - 1)) ** 2;
};
const difference = Float32Array.from({ length: 3 * SIZE ** 2 }, (_, i) => {
  const channel = Math.floor(i / SIZE ** 2);
  return channel === 0 ? hill(i) : channel === 1 ? 0 : -hill(i);
});

describe('a difference on the photo', () => {
  const onPhoto = toPhoto(difference, SIZE, MATRIX, PHOTO);
  const changed = addDifference(PHOTO, onPhoto);

  test('is what was asked for, seen through the alignment', () => {
    const before = warpAffine(PHOTO, MATRIX, VIEW);
    const after = warpAffine(changed, MATRIX, VIEW);
    for (let y = 3; y < SIZE - 3; y += 5) {
      for (let x = 3; x < SIZE - 3; x += 5) {
        const at = 3 * (y * SIZE + x);
        for (let channel = 0; channel < 3; channel++) {
          const got = (after.data[at + channel] as number) - (before.data[at + channel] as number);
          const wanted = 255 * (difference[channel * SIZE ** 2 + y * SIZE + x] as number);
          // Two roundings to 8 bits.
          expect(Math.abs(got - wanted)).toBeLessThan(1.6);
        }
      }
    }
  });

  test('leaves the photo alone outside the face, and itself', () => {
    const copy = PHOTO.data.slice();
    for (const [x, y] of [
      [0, 0],
      [399, 0],
      [0, 359],
      [399, 359],
    ] as const) {
      const at = 3 * (y * PHOTO.widthPx + x);
      expect(changed.data.subarray(at, at + 3)).toEqual(PHOTO.data.subarray(at, at + 3));
    }
    expect(PHOTO.data).toEqual(copy);
    expect(addDifference(PHOTO, onPhoto, 0)).toEqual(PHOTO);
  });

  test('a face that reaches over the photo’s edge is changed where it is seen', () => {
    const cut = { ...PHOTO, heightPx: 180, data: PHOTO.data.slice(0, 3 * 400 * 180) };
    const over = addDifference(cut, toPhoto(difference, SIZE, MATRIX, cut));
    expect(over.data).toEqual(changed.data.slice(0, cut.data.length));
  });
});
