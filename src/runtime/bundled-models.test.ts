import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithFaceApi, openOriginal, SAMPLE_FOLDER, toInterleaved } from '../../test/fixtures/originals.ts';
import { float32 } from '../graph/tensor.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { resizeImage } from '../image/resize.ts';
import { BUNDLED_MODELS, type BundledModelName, loadBundledModel } from './bundled-models.ts';
import { createSession } from './session.ts';

let cacheDir: string;
let photo: Image;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-models-'));
  photo = (await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'))).image;
});

afterAll(() => rm(cacheDir, { recursive: true, force: true }));

/** Size of the input, the range of its pixels, and our name of each output beside the original's. */
const NETWORKS: readonly {
  readonly name: BundledModelName;
  readonly sizePx: number;
  readonly gain: number;
  readonly offset: number;
  readonly outputs: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'blazeface',
    sizePx: 256,
    gain: 2,
    offset: -1,
    outputs: {
      logits_fine: 'Identity',
      logits_coarse: 'Identity_1',
      boxes_fine: 'Identity_2',
      boxes_coarse: 'Identity_3',
    },
  },
  {
    name: 'facemesh',
    sizePx: 192,
    gain: 1,
    offset: 0,
    outputs: { points: 'Identity_2', confidence: 'Identity_1', contours: 'Identity' },
  },
  {
    name: 'faceres',
    sizePx: 224,
    gain: 255,
    offset: 0,
    outputs: { embedding: 'global_pooling/Mean', male: 'gender_pred/Sigmoid', age: 'age_pred/Softmax' },
  },
  { name: 'antispoof', sizePx: 128, gain: 1, offset: 0, outputs: { real: 'Identity' } },
  { name: 'liveness', sizePx: 32, gain: 1, offset: 0, outputs: { classes: 'Identity' } },
  { name: 'iris', sizePx: 64, gain: 1, offset: 0, outputs: { points: 'Identity' } },
];

/** Two regions of the photo: both in one batch for us, one after the other for the original. */
function regions(sizePx: number): Image[] {
  const whole = resizeImage(photo, sizePx, sizePx);
  const mirrored = {
    ...whole,
    data: Uint8Array.from(whole.data, (_, i) => whole.data[whole.data.length - 3 - i + 2 * (i % 3)] ?? 0),
  };
  return [whole, mirrored];
}

function batchOf(images: readonly Image[], gain: number, offset: number) {
  const planes = images.flatMap((image) => {
    const area = image.widthPx * image.heightPx;
    return Array.from(
      { length: 3 * area },
      (_, i) => gain * ((image.data[3 * (i % area) + Math.floor(i / area)] ?? 0) / 255) + offset,
    );
  });
  const [{ widthPx, heightPx } = { widthPx: 0, heightPx: 0 }] = images;
  return float32(planes, [images.length, 3, heightPx, widthPx]);
}

describe('a bundled network gives what the original gives, on a photo', () => {
  it.each(NETWORKS)('$name', async ({ name, sizePx, gain, offset, outputs }) => {
    const images = regions(sizePx);
    const original = await openOriginal(name);
    const session = await createSession(await loadBundledModel(name, { cacheDir }));
    const ours = await session.run({ input: batchOf(images, gain, offset) });
    for (const [output, node] of Object.entries(outputs)) {
      const expected: number[] = [];
      for (const image of images) {
        expected.push(...(await original.run(toInterleaved(image, gain, offset), [1, sizePx, sizePx, 3], node)));
      }
      expect(largestDifference(ours[output]?.data, expected), output).toBeLessThan(1e-3);
    }
    await session.release();
  });

  it('dlib, beside face-api’s own code', async () => {
    const images = regions(150);
    const session = await createSession(await loadBundledModel('dlib', { cacheDir }));
    const { embedding } = await session.run({ input: batchOf(images, 255, 0) });
    const expected: number[] = [];
    for (const image of images) expected.push(...(await describeWithFaceApi(image)));
    expect(largestDifference(embedding?.data, expected)).toBeLessThan(1e-3);
    await session.release();
  });
});

describe('the cache', () => {
  it('holds one file a model, and is read again', async () => {
    const first = await loadBundledModel('liveness', { cacheDir });
    const files = await readdir(cacheDir);
    const again = await loadBundledModel('liveness', { cacheDir });
    expect(files.filter((file) => file.startsWith('liveness-'))).toHaveLength(1);
    expect(await readdir(cacheDir)).toEqual(files);
    expect(again).toEqual(first);
  });

  it('writes a broken file again', async () => {
    const first = await loadBundledModel('liveness', { cacheDir });
    const [file = ''] = (await readdir(cacheDir)).filter((name) => name.startsWith('liveness-'));
    await writeFile(join(cacheDir, file), 'not a model');
    expect(await loadBundledModel('liveness', { cacheDir })).toEqual(first);
  });

  it('names where each model came from', async () => {
    for (const name of BUNDLED_MODELS) {
      const { metadata } = await loadBundledModel(name, { cacheDir });
      expect(metadata.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(metadata.source).toMatch(/^@vladmandic\//);
    }
  });
});

/** The largest difference; infinite where lengths differ or a number is missing. */
function largestDifference(ours: ArrayLike<number | bigint> | undefined, expected: readonly number[]): number {
  if (ours?.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  expected.forEach((value, i) => {
    const difference = Math.abs(Number(ours[i]) - value);
    largest = difference <= largest ? largest : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  });
  return largest;
}
