import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { flatImage } from '../../test/fixtures/image-files.ts';
import { InputError } from '../util/errors.ts';
import { facesHash, openWorkFolder } from './work-folder.ts';

const PLAN = { seed: 1 };

let keys: string;
beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'faceward-keys-'));
});
afterAll(() => rm(keys, { recursive: true, force: true }));

const options = (resume: boolean, key = 'one') => ({ resume, keyFile: join(keys, key) });

describe('openWorkFolder', () => {
  test('keeps what was written for a resumed audit, and nothing for a new one', async () => {
    const folder = join(await makeFileTree({}), 'work');
    await (await openWorkFolder(folder, PLAN, options(false))).store.write('face', Uint8Array.of(1, 2));
    expect([...((await (await openWorkFolder(folder, PLAN, options(true))).store.read('face')) ?? [])]).toEqual([1, 2]);
    expect(await (await openWorkFolder(folder, PLAN, options(false))).store.read('face')).toBeUndefined();
  });

  test('refuses to resume an audit of another plan', async () => {
    const folder = join(await makeFileTree({}), 'work');
    await openWorkFolder(folder, PLAN, options(false));
    await expect(openWorkFolder(folder, { seed: 2 }, options(true))).rejects.toThrow(InputError);
  });

  test.each([true, false])('never deletes a folder that is not an audit’s (resume %s)', async (resume) => {
    const folder = join(await makeFileTree({ 'work/thesis.txt': 'years' }), 'work');
    await expect(openWorkFolder(folder, PLAN, options(resume))).rejects.toThrow(InputError);
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('years');
  });

  test('holds nothing in the clear, and nothing that was written under another key', async () => {
    const folder = join(await makeFileTree({}), 'work');
    const face = new Uint8Array(4000).fill(77);
    await (await openWorkFolder(folder, PLAN, options(false))).store.write('face', face);
    const [file] = await binaries(folder);
    const bytes = await readFile(join(folder, file ?? ''));
    expect(bytes.includes(Buffer.from([77, 77, 77, 77]))).toBe(false);
    expect(await (await openWorkFolder(folder, PLAN, options(true, 'another'))).store.read('face')).toBeUndefined();
    const same = await openWorkFolder(folder, PLAN, options(true));
    expect([...((await same.store.read('face')) ?? [])]).toEqual([...face]);
    await same.store.write('stranger', face);
    const stranger = (await binaries(folder)).find((name) => name !== file) ?? '';
    await writeFile(join(folder, stranger), bytes);
    expect(await same.store.read('stranger')).toBeUndefined();
    await writeFile(join(folder, file ?? ''), bytes.subarray(0, 5));
    expect(await same.store.read('face')).toBeUndefined();
  });

  test('takes any name', async () => {
    const folder = join(await makeFileTree({}), 'work');
    const { store } = await openWorkFolder(folder, PLAN, options(false));
    const names = ['a/b', 'a:b', `../${'long '.repeat(100)}`];
    for (const [i, name] of names.entries()) await store.write(name, new Uint8Array([i]));
    // No view of a larger memory: who reads numbers out of it reads its buffer.
    expect((await store.read(names[0] ?? ''))?.buffer.byteLength).toBe(1);
    expect(await Promise.all(names.map(async (name) => (await store.read(name))?.[0]))).toEqual([0, 1, 2]);
  });

  test('is its owner’s alone', async () => {
    const folder = join(await makeFileTree({}), 'work');
    await openWorkFolder(folder, PLAN, options(false));
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });
});

const binaries = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.bin'));

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
