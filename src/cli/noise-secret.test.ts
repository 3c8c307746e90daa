import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MaskedPerson } from '../defence/training/masking/masked-batch.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { forgetNoise, noiseDraws } from './noise-secret.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-noise-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const out = () => join(folder, 'model.onnx');
const kept = () => `${out()}.checkpoint.secret`;
const face = (value: number): Image => ({ widthPx: 1, heightPx: 1, data: Uint8Array.of(value, 0, 0) });
const people = (...values: number[]): MaskedPerson[] => [
  { person: 'ann', faces: values.map(face), ids: values.map(String) },
];
const begin = (noiseSeed?: string) => noiseDraws(out(), people(1, 2), { noiseSeed, resumes: false });
const resume = (noiseSeed?: string) => noiseDraws(out(), people(1, 2), { noiseSeed, resumes: true });
const numbers = async (draws: ReturnType<typeof begin>, label = 'step 0'): Promise<number[]> => [
  ...(await draws)(label).normals(4),
];

test('a training that is resumed has the numbers that it began with, and every step its own', async () => {
  const draws = begin();
  const first = await numbers(draws);
  expect(await numbers(resume())).toEqual(first);
  expect(await numbers(draws, 'step 1')).not.toEqual(first);
});

test('no training goes on with other faces, and other faces never get the same noise, not even from the same text', async () => {
  await begin();
  const first = await numbers(begin('a text'));
  for (const other of [people(1), people(1, 3), people(2, 1), people(1, 2, 3)]) {
    await expect(noiseDraws(out(), other, { noiseSeed: undefined, resumes: true })).rejects.toThrow(
      /not the faces that the training began with/,
    );
    expect(await numbers(noiseDraws(out(), other, { noiseSeed: 'a text', resumes: true }))).not.toEqual(first);
  }
  await resume();
});

test('the secret lies there for its owner alone until it is forgotten', async () => {
  await begin();
  expect(await readdir(folder)).toEqual(['model.onnx.checkpoint.secret']);
  expect((await stat(kept())).mode & 0o777).toBe(0o600);
  expect(await readFile(kept(), 'utf8')).toMatch(/^[0-9a-f]{128}\n$/);
  await forgetNoise(out());
  expect(await readdir(folder)).toEqual([]);
  await forgetNoise(out());
});

test('a training that begins has a fresh one, whatever lies there', async () => {
  const first = await numbers(begin());
  await chmod(kept(), 0o644);
  expect(await numbers(begin())).not.toEqual(first);
  expect((await stat(kept())).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toHaveLength(1);
});

test('without its secret, or with a damaged one, no training goes on', async () => {
  await expect(resume()).rejects.toThrow(/secret is gone/);
  await writeFile(kept(), 'ab'.repeat(32));
  await expect(resume()).rejects.toThrow(/is no secret/);
  await writeFile(kept(), 'not a secret');
  await expect(resume()).rejects.toThrow(/is no secret/);
  expect(await readFile(kept(), 'utf8')).toBe('not a secret');
});

test('the same text gives the same numbers, begun or resumed, and is kept nowhere', async () => {
  const first = await numbers(begin('a text'));
  expect(await numbers(resume('a text'))).toEqual(first);
  expect(await numbers(begin('another'))).not.toEqual(first);
  expect(await readdir(folder)).toEqual([]);
  await expect(begin(' ')).rejects.toThrow(InputError);
});
