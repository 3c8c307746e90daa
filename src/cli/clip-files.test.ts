import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { clipsIn } from './clip-files.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'faceward-clips-'));
  for (const name of ['b', 'empty', '.hidden']) await mkdir(join(root, name));
  for (const name of ['a.mp4', 'a.mp4.json', 'c.json', 'LICENSE', '.d.json', 'e.MOV', 'b/1.jpg'])
    await writeFile(join(root, name), '');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const names = async (folder: string, options?: { readonly tracks: boolean }): Promise<string[]> =>
  (await clipsIn(folder, options)).map((path) => basename(path));

test('folders and videos are clips, tracks where they are wanted, and what lies beside a video is not', async () => {
  expect(await names(root)).toEqual(['a.mp4', 'b', 'e.MOV', 'empty']);
  expect(await names(root, { tracks: true })).toEqual(['a.mp4', 'b', 'c.json', 'e.MOV', 'empty']);
});

test('a folder that holds frames is a clip itself, and one that holds nothing is refused', async () => {
  expect(await names(join(root, 'b'))).toEqual(['b']);
  await expect(clipsIn(join(root, 'empty'), { tracks: true })).rejects.toThrow(InputError);
});
