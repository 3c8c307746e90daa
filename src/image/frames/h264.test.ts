import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fakeFfmpeg, noFfmpeg } from '../../../test/fixtures/ffmpeg.ts';
import { wavyImage } from '../../../test/fixtures/image-files.ts';
import { CapabilityError, InputError, InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { Clip } from './clip.ts';
import { throughH264 } from './h264.ts';

const clipOf = (widthPx: number, heightPx: number, count = 4): Clip => ({
  framesPerSecond: 12.5,
  frames: Array.from({ length: count }, (_, seed) => wavyImage(widthPx, heightPx, new Random(seed))),
});

describe('a clip through H.264', () => {
  it.each([
    [64, 48],
    [65, 47],
  ])('goes there and back on pipes, also of odd size (%dx%d)', async (widthPx, heightPx) => {
    await fakeFfmpeg();
    const clip = clipOf(widthPx, heightPx);
    const coded = await throughH264(clip, { quantiser: 10, keyframeEvery: 50 });
    const expected = clip.frames.map((frame) => ({ ...frame, data: frame.data.map((byte) => byte - (byte % 10)) }));
    expect(coded).toEqual({ framesPerSecond: 12.5, frames: expected });
  });

  it('says what is missing or fails', async () => {
    await fakeFfmpeg();
    const settings = { quantiser: 51, keyframeEvery: 1 };
    await expect(throughH264(clipOf(8, 8), settings)).rejects.toThrow(/Unknown encoder/);
    await expect(throughH264(clipOf(8, 8), settings)).rejects.toThrow(CapabilityError);
    await expect(throughH264(clipOf(8, 8), { ...settings, quantiser: 0 })).rejects.toThrow(InputError);
    await expect(throughH264(clipOf(8, 8), { ...settings, keyframeEvery: Number.NaN })).rejects.toThrow(InputError);
    await expect(throughH264({ framesPerSecond: 10, frames: [] }, settings)).rejects.toThrow(InputError);
    noFfmpeg();
    await expect(throughH264(clipOf(8, 8), settings)).rejects.toThrow(/not installed/);
  });

  it('can be stopped', async () => {
    await fakeFfmpeg();
    const signal = AbortSignal.abort();
    await expect(throughH264(clipOf(8, 8), { quantiser: 20, keyframeEvery: 1 }, { signal })).rejects.toThrow(
      InterruptedError,
    );
  });
});

describe.skipIf(spawnSync('ffmpeg', ['-version']).status !== 0)('with the ffmpeg that is installed', () => {
  it('frames come back alike, less so with a coarser quantiser', async () => {
    const clip = clipOf(129, 96, 30);
    const errorAt = async (quantiser: number): Promise<number> => {
      const { frames } = await throughH264(clip, { quantiser, keyframeEvery: 10 });
      expect(frames).toHaveLength(30);
      const sum = frames.reduce(
        (total, { data }, n) =>
          total + data.reduce((own, byte, i) => own + Math.abs(byte - (clip.frames[n]?.data[i] ?? 0)), 0),
        0,
      );
      return sum / (30 * 3 * 129 * 96);
    };
    const [fine, coarse] = [await errorAt(14), await errorAt(44)];
    expect(fine).toBeLessThan(6);
    expect(coarse).toBeGreaterThan(fine + 1);
  });
});
