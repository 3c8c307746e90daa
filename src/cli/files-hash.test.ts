import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashOfFiles } from './files-hash.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'faceward-hash-'));
  await mkdir(join(root, 'clip', 'deeper'), { recursive: true });
  await writeFile(join(root, 'a'), 'one');
  await writeFile(join(root, 'clip', '1'), 'two');
  await writeFile(join(root, 'clip', 'deeper', '0'), 'three');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const files = () => ['a', 'clip'].map((id) => ({ id, path: join(root, id) }));

test('files and folders have the hash of their names and bytes', async () => {
  const text = 'a/ 3\noneclip/1 3\ntwoclip/deeper/0 5\nthree';
  expect(await hashOfFiles(files())).toBe(createHash('sha256').update(text).digest('hex'));
});

test('which changes with their bytes, their order, their number and their names', async () => {
  const seen = new Set([await hashOfFiles(files())]);
  seen.add(await hashOfFiles(files().toReversed()));
  seen.add(await hashOfFiles(files().slice(1)));
  await writeFile(join(root, 'clip', '1'), 'TWO');
  seen.add(await hashOfFiles(files()));
  await rename(join(root, 'clip', '1'), join(root, 'clip', '2'));
  seen.add(await hashOfFiles(files()));
  expect(seen.size).toBe(5);
});
