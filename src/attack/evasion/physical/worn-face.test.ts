import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { coveringMedium, drawSlip, tintingMedium, wear } from './worn-face.ts';

const SIZE = 14;
const NUMBERS = 3 * SIZE ** 2;
const random = new Random('worn');
const pixels = (low = 0, high = 1): Float32Array =>
  Float32Array.from({ length: NUMBERS }, () => low + (high - low) * random.uniform());
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const mask = Float32Array.from({ length: SIZE ** 2 }, (_, i) => (i % SIZE < 7 ? 0 : 0.25 + 0.75 * random.uniform()));

describe('wear', () => {
  test('covers by the mask: what of the face is left, and what of the texture is seen', () => {
    const [bare, texture] = [pixels(), pixels()];
    const { face } = wear(bare, texture, { mask, covers: true });
    face.forEach((value, i) => {
      const share = mask[i % SIZE ** 2] as number;
      expect(value).toBeCloseTo((1 - share) * (bare[i] as number) + share * (texture[i] as number), 6);
    });
  });

  test('tints by the mask, within the range of pixels', () => {
    const [bare, texture] = [pixels(), pixels(-0.5, 0.5)];
    const { face } = wear(bare, texture, { mask, covers: false });
    face.forEach((value, i) => {
      const tinted = (bare[i] as number) + (mask[i % SIZE ** 2] as number) * (texture[i] as number);
      expect(value).toBeCloseTo(Math.min(1, Math.max(0, tinted)), 6);
    });
  });

  test.for([true, false])('brings a gradient back to the texture, slipped too (covers: %s)', (covers) => {
    const [bare, texture, weights, direction] = [pixels(), pixels(-0.3, 1.3), pixels(-1), pixels(-1)];
    const on = { mask, covers };
    const slip = drawSlip(new Random(4), SIZE);
    const step = 1e-4;
    const at = (sign: number) =>
      dot(
        wear(
          bare,
          texture.map((value, i) => value + sign * step * (direction[i] as number)),
          on,
          slip,
        ).face,
        weights,
      );
    const slope = dot(wear(bare, texture, on, slip).pullBack(weights), direction);
    expect(Math.abs((at(1) - at(-1)) / (2 * step) - slope)).toBeLessThan(0.02 * Math.abs(slope) + 0.05);
    expect(Math.abs(slope)).toBeGreaterThan(0.2);
  });
});

describe('a tint', () => {
  const bound = 0.15;
  const medium = tintingMedium(SIZE, bound);

  test('is smooth, and keeps its bound after the clamp', () => {
    const changes = medium.start.map(() => 3 * random.normal());
    medium.clamp(changes);
    const texture = medium.texture(changes);
    expect(Math.max(...texture.map(Math.abs))).toBeLessThanOrEqual(bound + 1e-6);
    expect(Math.max(...texture.map(Math.abs))).toBeGreaterThan(bound / 2);
    // From one extreme of the grid to the other takes a cell: 14 / 4 pixels.
    const steps = texture.map((value, i) => (i % SIZE === 0 ? 0 : Math.abs(value - (texture[i - 1] as number))));
    expect(Math.max(...steps)).toBeLessThanOrEqual((2 * bound * 4) / SIZE + 1e-6);
  });

  test('pulls gradients back by its transpose', () => {
    const [changes, weights] = [medium.random(new Random(2)), pixels(-1)];
    expect(dot(medium.texture(changes), weights)).toBeCloseTo(dot(changes, medium.pullBack(weights)), 4);
  });

  test('of a plain colour goes towards it as far as it may', () => {
    const face = new Float32Array(NUMBERS).fill(0.5);
    const texture = medium.texture(medium.plain([255, 0, 140], face));
    expect(texture[0]).toBeCloseTo(bound, 6);
    expect(texture[SIZE ** 2]).toBeCloseTo(-bound, 6);
    expect(texture[2 * SIZE ** 2]).toBeCloseTo(140 / 255 - 0.5, 6);
  });
});

test('an accessory may have any colour, and no other', () => {
  const medium = coveringMedium(SIZE);
  const colours = medium.start.map((value, i) => value + (i % 3) - 1);
  medium.clamp(colours);
  expect([...new Set(colours)]).toEqual([0, 0.5, 1]);
  expect(medium.texture(medium.plain([0, 51, 255], new Float32Array(NUMBERS)))[SIZE ** 2]).toBeCloseTo(0.2, 6);
});
