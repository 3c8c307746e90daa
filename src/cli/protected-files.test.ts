import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../util/errors.ts';
import { writeWhole } from './output-file.ts';
import { listOtherFiles, listPhotosToProtect, originalsOf, requireFree } from './protected-files.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-files-'));
  for (const name of ['a', 'b']) {
    await mkdir(at(name));
    await writeFile(at(name, 'x.jpg'), name);
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a photo that is named with its folder and by itself is one', async () => {
  const photos = await listPhotosToProtect([at('a'), at('a', 'x.jpg'), at('b')], at('out'));
  expect(photos.map(({ path }) => path)).toEqual([at('a', 'x.jpg'), at('b', 'x.jpg')]);
});

test('a folder is not written into itself', async () => {
  await expect(listPhotosToProtect([at('a')], at('a'))).rejects.toThrow(/holds the photos and would get/);
  await expect(listPhotosToProtect([], at('a'))).rejects.toThrow(/no photo was given/);
});

test('files that are no photos are named, but for our own', async () => {
  for (const name of ['clip.mp4', '.hidden', 'x.jpg.receipt.json']) await writeFile(at('b', name), '');
  expect(await listOtherFiles([at('a'), folder], [at('out')])).toEqual(['b/clip.mp4', 'b/x.jpg.receipt.json']);
  expect(await listOtherFiles([folder], [at('out'), at('b')])).toEqual([]);
});

describe('no original is written over, not even by force:', () => {
  const FORCE = { force: true, isOurs: false };
  const free = async (photo: string, original: string) =>
    requireFree({ photo, receipt: '' }, original, {
      ...FORCE,
      originals: await originalsOf(await listPhotosToProtect([at('a'), at('b')], at('out'))),
    });

  test('itself, another one of the run, and one behind a link', async () => {
    await expect(free(at('a', 'x.jpg'), at('a', 'x.jpg'))).rejects.toThrow(/place of the original/);
    await expect(free(at('a', 'x.jpg'), at('b', 'x.jpg'))).rejects.toThrow(/place of an original, .*x\.jpg/);
    await symlink(at('a'), at('link'));
    await expect(free(at('link', 'x.jpg'), at('a', 'x.jpg'))).rejects.toThrow(/place of an original/);
    await expect(requireFree({ photo: at('link', 'x.jpg'), receipt: '' }, at('a', 'x.jpg'), FORCE)).rejects.toThrow(
      /place of the original/,
    );
  });

  test('any other file is, by force alone', async () => {
    await writeFile(at('y.jpg'), 'mine');
    await free(at('y.jpg'), at('a', 'x.jpg'));
    await free(at('z.jpg'), at('a', 'x.jpg'));
    const refused = requireFree({ photo: at('y.jpg'), receipt: '' }, at('a', 'x.jpg'), { force: false, isOurs: false });
    await expect(refused).rejects.toThrow(/is there already/);
  });
});

test('what cannot be written is an error of ours, and leaves nothing behind', async () => {
  const path = at('a', `${'n'.repeat(252)}.jpg`);
  await expect(writeWhole(path, 'photo')).rejects.toThrow(StoreError);
  await expect(writeWhole(at('a'), 'photo')).rejects.toThrow(/cannot be written/);
  await writeWhole(at('a', 'x.jpg'), 'new');
  expect(await readFile(at('a', 'x.jpg'), 'utf8')).toBe('new');
  expect(await readdir(at('a'))).toEqual([basename('x.jpg')]);
  expect((await readdir(folder)).sort()).toEqual(['a', 'b']);
});
