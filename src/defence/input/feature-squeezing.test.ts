import { describe, expect, test } from 'vitest';
import { convolutionalEncoder, SMALL_FACE_PX } from '../../../test/fixtures/evasion.ts';
import type { Image } from '../../image/image.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { alarmAtRate, detectAdversarial, squeezingDistances } from './feature-squeezing.ts';
import { parseInputDefences } from './input-defence.ts';

const picture = (pixel: (at: number) => number): Image => ({
  widthPx: SMALL_FACE_PX,
  heightPx: SMALL_FACE_PX,
  data: Uint8Array.from({ length: 3 * SMALL_FACE_PX ** 2 }, (_, at) => pixel(at)),
});
const random = new Random('squeezing');
// 119 is a level of four bits: no squeezer changes it.
const even = picture(() => 119);
const noisy = picture(() => random.integer(256));

describe('squeezingDistances', () => {
  test('is nothing where squeezing changes nothing, and the largest of the squeezers’ else', async () => {
    const encoder = await convolutionalEncoder();
    const [still, moved] = await squeezingDistances(encoder, [even, noisy]);
    expect(still).toBeCloseTo(0, 6);
    const [bare] = (await encoder.embed([noisy])) as [Float32Array];
    const each: number[] = [];
    for (const defence of parseInputDefences('bits:4+median:3+smooth:1')) {
      const [squeezed] = (await encoder.embed([await defence.apply(noisy, random)])) as [Float32Array];
      each.push(1 - cosineSimilarity(bare, squeezed));
    }
    expect(moved).toBeCloseTo(Math.max(...each), 6);
    expect(await detectAdversarial(encoder, [even, noisy], { distance: 0.01 })).toMatchObject([
      { alarm: false },
      { alarm: true },
    ]);
    await encoder.close();
  });
});

describe('alarmAtRate', () => {
  test('lets at most the share through that was asked for, and not fewer than it must', () => {
    const distances = Array.from({ length: 200 }, () => random.uniform());
    const { distance, interval } = alarmAtRate(distances, 0.05);
    expect(distances.filter((one) => one >= distance)).toHaveLength(10);
    expect(interval).toMatchObject({ successes: 10, trials: 200, rate: 0.05 });
  });

  test('where many tie at the limit, none of them raises an alarm', () => {
    const distances = [...Array.from({ length: 90 }, () => 0.1), ...Array.from({ length: 10 }, () => 0.2)];
    const { distance, interval } = alarmAtRate(distances, 0.05);
    expect(distance).toBeGreaterThan(0.2);
    expect(interval.successes).toBe(0);
  });

  test.each([0, 1, 0.01])('a rate of %d is not fixed on 50 faces', (rate) => {
    expect(() =>
      alarmAtRate(
        Array.from({ length: 50 }, () => random.uniform()),
        rate,
      ),
    ).toThrow(InputError);
  });
});
