import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { float32, type Tensor, toNumbers } from '../graph/tensor.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { loadBundledModel } from '../runtime/bundled-models.ts';
import { createSession } from '../runtime/session.ts';
import { Random } from '../util/random.ts';
import { BUNDLED_READERS, openBundledReader } from './bundled-readers.ts';

let cacheDir = '';
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-readers-'));
});
afterAll(() => rm(cacheDir, { recursive: true, force: true }));

/** A picture as numbers that a network wants: `at` gives the value of a byte in a channel, planes in the order given. */
function planes({ data, widthPx, heightPx }: Image, order: readonly number[], at: (byte: number, c: number) => number) {
  const plane = widthPx * heightPx;
  const out = new Float32Array(3 * plane);
  order.forEach((channel, k) => {
    for (let i = 0; i < plane; i++) out[k * plane + i] = at(data[3 * i + channel] ?? 0, channel);
  });
  return float32(out, [1, 3, heightPx, widthPx]);
}

describe.each(BUNDLED_READERS)('the reader %s', (name) => {
  test('reads several faces as it reads each, by its own graph', async () => {
    const reader = await openBundledReader(name, { cacheDir, threads: 1 });
    const { widthPx, heightPx } = reader.view;
    const faces = [1, 2].map((seed) => wavyImage(widthPx, heightPx, new Random(seed)));
    const [both, [first]] = [await reader.read(faces), await reader.read(faces.slice(0, 1))];
    expect(reader).toMatchObject({ id: name, attributes: ['Male', 'Young'] });
    expect(both.map((row) => row.length)).toEqual([2, 2]);
    first?.forEach((value, a) => {
      expect(both[0]?.[a]).toBeCloseTo(value, 2);
    });
    expect(both[1]).not.toEqual(both[0]);
    await reader.close();
  });
});

test('faceres is fed blue, green, red less their means, and its years below 42 are young', async () => {
  const reader = await openBundledReader('faceres', { cacheDir, threads: 1 });
  const face = wavyImage(224, 224, new Random('face'));
  const [[male = 0, young = 0] = []] = await reader.read([face]);
  await reader.close();
  const session = await createSession(await loadBundledModel('faceres', { cacheDir }), { threads: 1 });
  const input = planes(face, [2, 1, 0], (byte, c) => byte - ([123.68, 116.779, 103.939][c] ?? 0));
  const outputs = await session.run({ input });
  await session.release();
  const numbers = (output: string): number[] => toNumbers(outputs[output] as Tensor);
  const sigmoid = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
  expect(sigmoid(male)).toBeCloseTo(numbers('male')[0] ?? Number.NaN, 3);
  const below = numbers('age').slice(0, 42);
  expect(sigmoid(young)).toBeCloseTo(
    below.reduce((sum, share) => sum + share, 0),
    3,
  );
});

describe.skipIf(!SHARED_DATA)('age-gender on a real face', () => {
  test('says what the network says as others converted it', async () => {
    const folder = SHARED_DATA ?? '';
    const { image } = await decodeImage(join(folder, 'lfw-aligned112/images/Abel_Pacheco/Abel_Pacheco_0001.jpg'));
    const reader = await openBundledReader('age-gender', { cacheDir, threads: 1 });
    const [[male = 0, young = 0] = []] = await reader.read([image]);
    await reader.close();
    const { readFile } = await import('node:fs/promises');
    const converted = await readFile(join(folder, 'models/attributes-landmarks/faceapi/faceapi_age_gender.onnx'));
    const session = await createSession(converted, { threads: 1 });
    const outputs = await session.run({ input: planes(image, [0, 1, 2], (byte) => byte) });
    await session.release();
    const numbers = (output: string): number[] => toNumbers(outputs[output] as Tensor);
    expect(1 / (1 + Math.exp(-male))).toBeCloseTo(numbers('gender_prob_male_female')[0] ?? Number.NaN, 2);
    // The package's weights are those of face-api.js in another rounding.
    expect(Math.abs(46 - 6 * young - (numbers('age')[0] ?? 0))).toBeLessThan(0.3);
  });
});
