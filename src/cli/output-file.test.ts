import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareOutputFile, prepareOutputFolder, writeOutputFile } from './output-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-output-'));
  await writeFile(join(folder, 'file'), 'kept');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('folders above the file are made, and the mode is kept', async () => {
  const path = join(folder, 'a/b/templates.jsonl');
  await writeOutputFile(path, 'x', { mode: 0o600 });
  expect(await readFile(path, 'utf8')).toBe('x');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('what cannot be written is refused before any work, and nothing is touched', async () => {
  await expect(prepareOutputFile(folder)).rejects.toThrow('is a folder');
  await expect(prepareOutputFolder(join(folder, 'file'))).rejects.toThrow('is a file');
  await expect(prepareOutputFile(join(folder, 'file/x.json'))).rejects.toThrow('is a file');
  await expect(prepareOutputFolder(join(folder, 'file/x'))).rejects.toThrow('cannot be made');
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('kept');
});

test('a file that is there is not emptied by looking', async () => {
  await prepareOutputFile(join(folder, 'file'));
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('kept');
});
