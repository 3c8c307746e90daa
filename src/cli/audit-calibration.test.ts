import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calibrate } from '../audit/calibration.ts';
import { Random } from '../util/random.ts';
import { calibrationsFor } from './audit-calibration.ts';

const OURS = { id: 'cmd:ours', hash: 'a1' };
const JUDGE = { id: 'cmd:judge', hash: 'b2' };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-calibration-'));
  const random = new Random(1);
  const faces = Array.from({ length: 150 }, (_, i) => ({ person: `${i}`, embedding: random.normals(8) }));
  for (const encoder of [OURS, JUDGE]) {
    const calibration = calibrate(faces, encoder, { name: `faces of ${encoder.id}`, selection: 'all' });
    await writeFile(join(folder, `${encoder.hash}.json`), JSON.stringify(calibration));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('each file goes to its own encoder, whatever their order', async () => {
  const paths = ['b2', 'a1'].map((name) => join(folder, `${name}.json`));
  const { thresholdsOf, given } = await calibrationsFor(paths, [OURS, JUDGE]);
  expect(given).toHaveLength(2);
  for (const encoder of [OURS, JUDGE]) {
    const [first] = (await thresholdsOf(encoder)) ?? [];
    expect(first).toMatchObject({ encoder: encoder.id, dataset: `faces of ${encoder.id}, all` });
  }
  expect(await thresholdsOf({ id: 'cmd:third', hash: 'c3' })).toBeUndefined();
});

test('a file of an encoder that takes no part is refused', async () => {
  await expect(calibrationsFor([join(folder, 'b2.json')], [OURS])).rejects.toThrow('measured on other weights');
});
