import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { parseMasking } from '../defence/training/masking/kinds.ts';
import { CipherRandom } from '../util/cipher-random.ts';
import { Random } from '../util/random.ts';
import { freshSecret } from '../util/secret-random.ts';
import {
  DATASET_FILES,
  type MaskedDatasetSettings,
  planMaskedDataset,
  writeMaskedDataset,
} from './masked-dataset-files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-masked-dataset-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FACES = Array.from({ length: 6 }, (_, i) => ({
  id: `p${i}/1.png`,
  person: `p${i}`,
  image: wavyImage(32, 32, new Random(i)),
}));

/** The files of a data set and of its private folder; of the same mixes where what these are drawn from is the same. */
async function written(
  masking: string,
  secret: Uint8Array,
  ofMixes = secret,
): Promise<ReadonlyMap<string, Buffer<ArrayBuffer>>> {
  const settings = (from: Uint8Array): MaskedDatasetSettings => ({
    ...{ masking: parseMasking(masking), rounds: 1, sizePx: 32, frequencies: 9 },
    ...{ maxReencodings: 4, random: new CipherRandom(from, 'export') },
  });
  const plan = await planMaskedDataset(FACES, settings(ofMixes));
  const out = await mkdtemp(join(folder, 'set-'));
  // As where somebody made the folder by hand.
  await mkdir(`${out}.private`, { mode: 0o755 });
  await writeMaskedDataset(out, FACES, plan, { ...settings(secret), faceward: 'test', threads: 1 });
  const paths = await Promise.all(
    [out, `${out}.private`].map(async (one) => (await readdir(one)).map((name) => join(one, name))),
  );
  return new Map(await Promise.all(paths.flat().map(async (path) => [basename(path), await readFile(path)] as const)));
}

test.each(['instahide', 'noise:20', 'channels:3', 'random'])(
  '%s is drawn from the secret alone: the front, the mixes, noise and signs, and nothing that is written holds it',
  async (masking) => {
    const secret = freshSecret();
    const [one, again, other, sameMixes] = [
      await written(masking, secret),
      await written(masking, secret),
      await written(masking, freshSecret()),
      await written(masking, freshSecret(), secret),
    ];
    expect(again).toEqual(one);
    expect(other.get('mixes.jsonl')).not.toEqual(one.get('mixes.jsonl'));
    // Signs, noise, the drawn channels or their order are left to tell these apart.
    expect(sameMixes.get('mixes.jsonl')).toEqual(one.get('mixes.jsonl'));
    expect(sameMixes.get('faces.npy')).not.toEqual(one.get('faces.npy'));
    const front = (files: ReadonlyMap<string, Buffer>): string =>
      JSON.stringify(JSON.parse(String(files.get('front.json'))).channels);
    if (masking === 'channels:3' || masking === 'random') expect(front(other)).not.toBe(front(one));
    for (const [name, bytes] of one) {
      expect(DATASET_FILES.has(name)).toBe(true);
      expect(bytes.includes(Buffer.from(secret))).toBe(false);
      expect(bytes.includes(Buffer.from(secret).toString('hex'))).toBe(false);
    }
  },
);

test('columns of the labels are people in an order of their own, which the private folder has', async () => {
  const orders = await Promise.all(
    [1, 2, 3, 4].map(async (byte) => {
      const files = await written('fixed:2', new Uint8Array(32).fill(byte));
      const people: string[] = JSON.parse(String(files.get('people.json')));
      const [labels, mixes] = [files.get('labels.npy'), String(files.get('mixes.jsonl')).trim().split('\n')];
      expect(people.toSorted()).toEqual(FACES.map(({ person }) => person));
      mixes.forEach((line, row) => {
        const { image, partners, weights } = JSON.parse(line);
        const parts = people.map((_, column) => labels?.readFloatLE(128 + 4 * (row * people.length + column)) ?? 0);
        [image, ...partners].forEach((id: string, i) => {
          expect(parts[people.indexOf(id.split('/')[0] ?? '')]).toBeCloseTo(weights[i], 6);
        });
        expect(parts.filter((part) => part > 0)).toHaveLength(2);
      });
      return people.join();
    }),
  );
  expect(new Set(orders).size).toBeGreaterThan(2);
});

test('what takes a data set apart is its owner’s alone', async () => {
  await written('instahide', freshSecret());
  const kept = (await readdir(folder)).filter((name) => name.endsWith('.private'));
  expect(kept.length).toBeGreaterThan(0);
  for (const name of kept) {
    expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
    for (const file of await readdir(join(folder, name)))
      expect((await stat(join(folder, name, file))).mode & 0o077).toBe(0);
  }
});
