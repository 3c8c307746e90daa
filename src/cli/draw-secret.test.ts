import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { secretOf } from './draw-secret.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-secret-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const kept = () => secretOf(undefined, folder, { isKept: true });

test('a fresh secret is kept for its owner alone, and is the same ever after', async () => {
  const secret = await kept();
  expect(secret).toHaveLength(32);
  expect(await kept()).toEqual(secret);
  expect((await stat(join(folder, 'secret'))).mode & 0o777).toBe(0o600);
  expect((await readFile(join(folder, 'secret'), 'utf8')).trim()).toBe(Buffer.from(secret).toString('hex'));
});

test('runs that begin together have one', async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, kept));
  for (const other of others) expect(other).toEqual(first);
  expect(await readdir(folder)).toEqual(['secret']);
});

test('a damaged one is refused, and never replaced', async () => {
  await writeFile(join(folder, 'secret'), 'not a secret');
  await expect(kept()).rejects.toThrow(/is no secret of ours/);
  expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('not a secret');
});

test('a rehearsal keeps none; a text stands in its place, but not an empty one', async () => {
  await secretOf(undefined, folder, { isKept: false });
  const text = await secretOf('a text', folder, { isKept: true });
  expect(await secretOf('a text', folder, { isKept: true })).toEqual(text);
  expect(await readdir(folder)).toEqual([]);
  await expect(secretOf(' ', folder, { isKept: true })).rejects.toThrow(InputError);
});
