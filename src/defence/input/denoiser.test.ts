import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeGraph } from '../../graph/onnx-file.ts';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { denoiserGraph, openDenoiser, trainDenoiser } from './denoiser.ts';
import { parseInputDefences } from './input-defence.ts';

const SIZE = 16;

/** Smooth pictures: stripes of random direction. */
function picture(random: Random, sizePx = SIZE): Image {
  const [x, y] = [random.normal() / 6, random.normal() / 6];
  const data = Uint8Array.from({ length: 3 * sizePx ** 2 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return 128 + 90 * Math.sin(x * (pixel % sizePx) + y * Math.floor(pixel / sizePx) + (at % 3));
  });
  return { widthPx: sizePx, heightPx: sizePx, data };
}

const withNoise = (image: Image, random: Random): Image => ({
  ...image,
  data: Uint8Array.from(image.data, (value) => Math.min(255, Math.max(0, value + 20 * random.normal()))),
});

const difference = (a: Image, b: Image): number =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] as number)), 0) / a.data.length;

const train = (steps: number) =>
  trainDenoiser(
    Array.from({ length: 20 }, (_, i) => picture(new Random(`face ${i}`))),
    { steps, batchSize: 8, learningRate: 2e-3, noise: 0.1, seed: 1, threads: 1, averageSteps: 0 },
  );

describe('a denoiser', () => {
  let folder = '';
  let path = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faceward-test-'));
    path = join(folder, 'denoiser.onnx');
    await writeFile(path, writeGraph(denoiserGraph(await train(300))));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('begins as the identity', async () => {
    const face = picture(new Random('clean'));
    expect(await openDenoiser(denoiserGraph(await train(0)))(face)).toEqual(face);
  });

  test.each([SIZE, 20])('brings faces of %i px that it has not seen closer to the clean ones', async (sizePx) => {
    const random = new Random('unseen');
    const clean = picture(random, sizePx);
    const noisy = withNoise(clean, random);
    const [defence] = parseInputDefences(`denoise:${path}`);
    const denoised = await defence?.apply(noisy, random);
    expect(denoised && difference(denoised, clean)).toBeLessThan(0.75 * difference(noisy, clean));
  });

  test('goes by its file and what the file holds', () => {
    const [first, second] = parseInputDefences(`denoise:${path}+jpeg:50`);
    expect(first?.spec).toMatch(/^denoise:.*denoiser\.onnx#[0-9a-f]{8}$/);
    expect(second?.spec).toBe('jpeg:50');
  });

  test('takes no face of odd extent', async () => {
    const [defence] = parseInputDefences(`denoise:${path}`);
    await expect(defence?.apply(picture(new Random(1), 15), new Random(1))).rejects.toThrow(InputError);
  });
});

test.each(['denoise', 'denoise:', 'denoise:/nowhere.onnx'])('"%s" is refused before any work', (spec) => {
  expect(() => parseInputDefences(spec)).toThrow(InputError);
});
