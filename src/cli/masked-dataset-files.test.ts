import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { parseMasking } from '../defence/training/masking/kinds.ts';
import { Random } from '../util/random.ts';
import { DATASET_FILES, drawSeed, planMaskedDataset, writeMaskedDataset } from './masked-dataset-files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-masked-dataset-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a seed that nobody knows is another each time', () => {
  const seeds = Array.from({ length: 50 }, drawSeed);
  expect(new Set(seeds).size).toBe(50);
  // Beyond 16 bits somewhere, and no more than 32.
  expect(Math.max(...seeds)).toBeGreaterThan(2 ** 16);
  for (const seed of seeds) expect(seed >>> 0).toBe(seed);
});

test('the seed stays with what takes a data set apart', async () => {
  const faces = Array.from({ length: 6 }, (_, i) => ({
    id: `p${i}/1.png`,
    person: `p${i}`,
    image: wavyImage(32, 32, new Random(i)),
  }));
  const settings = {
    ...{ masking: parseMasking('instahide'), rounds: 1, sizePx: 32, frequencies: 9 },
    ...{ maxReencodings: 4, seed: 3_141_592_653 },
  };
  const plan = await planMaskedDataset(faces, settings);
  const out = await mkdtemp(join(folder, 'set-'));
  await writeMaskedDataset(out, faces, plan, { ...settings, faceward: 'test', threads: 1 });
  const kept = join(`${out}.private`, 'seed.json');
  expect(JSON.parse(await readFile(kept, 'utf8'))).toEqual({ seed: 3_141_592_653 });
  expect((await stat(kept)).mode & 0o077).toBe(0);
  expect(await readFile(join(out, 'manifest.json'), 'utf8')).not.toContain('3141592653');
  for (const name of await readdir(`${out}.private`)) expect(DATASET_FILES.has(name)).toBe(true);
});
