import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFileTree } from '../../../test/fixtures/file-tree.ts';
import { flatImage } from '../../../test/fixtures/image-files.ts';
import { InputError } from '../../util/errors.ts';
import { facesHash, openWorkFolder } from './work-folder.ts';

const PLAN = { seed: 1 };

describe('openWorkFolder', () => {
  test('keeps what was written for a resumed audit, and nothing for a new one', async () => {
    const folder = join(await makeFileTree({}), 'work');
    await (await openWorkFolder(folder, PLAN, false)).store.write('face', Uint8Array.of(1, 2));
    expect([...((await (await openWorkFolder(folder, PLAN, true)).store.read('face')) ?? [])]).toEqual([1, 2]);
    expect(await (await openWorkFolder(folder, PLAN, false)).store.read('face')).toBeUndefined();
  });

  test('refuses to resume an audit of another plan', async () => {
    const folder = join(await makeFileTree({}), 'work');
    await openWorkFolder(folder, PLAN, false);
    await expect(openWorkFolder(folder, { seed: 2 }, true)).rejects.toThrow(InputError);
  });

  test.each([true, false])('never deletes a folder that is not an audit’s (resume %s)', async (resume) => {
    const folder = join(await makeFileTree({ 'work/thesis.txt': 'years' }), 'work');
    await expect(openWorkFolder(folder, PLAN, resume)).rejects.toThrow(InputError);
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('years');
  });

  test('is its owner’s alone', async () => {
    const folder = join(await makeFileTree({}), 'work');
    await openWorkFolder(folder, PLAN, false);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });
});

test('a hash of faces changes with a name, a pixel and the order', () => {
  const a = { id: 'a/1', person: 'a', image: flatImage(2, 2, [1, 2, 3]) };
  const b = { id: 'b/1', person: 'b', image: flatImage(2, 2, [1, 2, 3]) };
  const hashes = [
    [a, b],
    [b, a],
    [a],
    [a, { ...b, person: 'c' }],
    [a, { ...b, image: flatImage(2, 2, [1, 2, 4]) }],
  ].map(facesHash);
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(facesHash([a, b])).toBe(hashes[0]);
});
