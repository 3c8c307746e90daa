import { createDecipheriv, createHmac } from 'node:crypto';
import { appendFile, chmod, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { InputError, StoreError } from '../util/errors.ts';
import { EmbeddingCache, type EmbeddingCacheOptions, eraseEmbeddingCaches } from './embedding-cache.ts';

const OPTIONS: EmbeddingCacheOptions = { encoderHash: 'abc', embeddingSize: 3 };
const ENTRY_BYTES = 32 + 12 + 16 + 3 * 4;

async function openCache(directory: string, options: Partial<EmbeddingCacheOptions> = {}): Promise<EmbeddingCache> {
  const cache = await EmbeddingCache.open(directory, { ...OPTIONS, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

/** A folder with a cache of `count` embeddings, closed; embedding i is [i, 0.5, -i]. */
async function filledFolder(count: number): Promise<{ directory: string; file: string }> {
  const directory = await makeFileTree({});
  const cache = await openCache(directory);
  await Promise.all(Array.from({ length: count }, (_, i) => cache.put(`image ${i}`, embeddingOf(i))));
  await cache.close();
  const name = (await readdir(directory)).find((entry) => entry.endsWith('.embeddings'));
  return { directory, file: join(directory, name ?? 'none') };
}

function embeddingOf(i: number): Float32Array {
  return Float32Array.of(i, 0.5, -i);
}

describe('EmbeddingCache', () => {
  it('gives back what was put, after closing and opening too', async () => {
    const { directory } = await filledFolder(5);
    const cache = await openCache(directory);
    expect(cache.size).toBe(5);
    for (let i = 0; i < 5; i++) expect(await cache.get(`image ${i}`)).toEqual(embeddingOf(i));
    expect(await cache.get('image 5')).toBeUndefined();
  });

  it('keeps the last of two embeddings of one image', async () => {
    const { directory } = await filledFolder(2);
    const cache = await openCache(directory);
    await cache.put('image 0', embeddingOf(9));
    await cache.close();
    const again = await openCache(directory);
    expect([again.size, await again.get('image 0')]).toEqual([2, embeddingOf(9)]);
  });

  it('keeps encoders apart', async () => {
    const { directory } = await filledFolder(1);
    expect(await (await openCache(directory, { encoderHash: 'other' })).get('image 0')).toBeUndefined();
  });

  it('loses no more than the torn entry, wherever the process was killed, and goes on after it', async () => {
    for (const cut of [1, 31, 40, ENTRY_BYTES - 1]) {
      const { directory, file } = await filledFolder(3);
      await truncate(file, (await stat(file)).size - cut);
      const cache = await openCache(directory);
      expect(cache.size).toBe(2);
      await cache.put('image 7', embeddingOf(7));
      await cache.close();
      const again = await openCache(directory);
      expect(await again.get('image 1')).toEqual(embeddingOf(1));
      expect(await again.get('image 2')).toBeUndefined();
      expect(await again.get('image 7')).toEqual(embeddingOf(7));
    }
  });

  it('starts anew where even the header is torn, or the file is none of its own', async () => {
    const { directory, file } = await filledFolder(1);
    for (const content of ['FWEM', 'something else altogether, and longer than a header is']) {
      await writeFile(file, content);
      const cache = await openCache(directory);
      expect(cache.size).toBe(0);
      await cache.put('image 0', embeddingOf(0));
      await cache.close();
      expect((await stat(file)).size).toBe(48 + ENTRY_BYTES);
    }
  });

  it('drops entries that were changed or exchanged', async () => {
    const { directory, file } = await filledFolder(3);
    const bytes = await readFile(file);
    const entry = (i: number) => bytes.subarray(48 + i * ENTRY_BYTES, 48 + (i + 1) * ENTRY_BYTES);
    entry(0).writeUInt8(entry(0).readUInt8(50) ^ 1, 50);
    const first = Buffer.from(entry(1).subarray(32));
    entry(2).subarray(32).copy(entry(1), 32);
    first.copy(entry(2), 32);
    await writeFile(file, bytes);
    const cache = await openCache(directory);
    for (let i = 0; i < 3; i++) expect(await cache.get(`image ${i}`)).toBeUndefined();
  });

  it('has AES-256-GCM on disk, and neither values nor hashes of images in the clear', async () => {
    const { directory, file } = await filledFolder(1);
    const bytes = await readFile(file);
    expect(bytes.includes(Buffer.from(embeddingOf(0).buffer))).toBe(false);
    expect(bytes.includes('image 0')).toBe(false);
    // Unsealed here by Node's own functions from the form that the documentation states.
    const key = await readFile(join(directory, 'embedding-cache.key'));
    const sealKey = createHmac('sha256', key).update('faceward embedding seal').digest();
    const entry = bytes.subarray(48);
    const decipher = createDecipheriv('aes-256-gcm', sealKey, entry.subarray(32, 44));
    decipher.setAAD(entry.subarray(0, 32)).setAuthTag(entry.subarray(-16));
    const values = Buffer.concat([decipher.update(entry.subarray(44, -16)), decipher.final()]);
    expect([0, 4, 8].map((at) => values.readFloatLE(at))).toEqual([0, 0.5, -0]);
  });

  it('makes the key for its owner alone, and refuses one that others may read', async () => {
    const { directory } = await filledFolder(1);
    const keyFile = join(directory, 'embedding-cache.key');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect((await readFile(keyFile)).length).toBe(32);
    await chmod(keyFile, 0o644);
    await expect(openCache(directory)).rejects.toThrow(StoreError);
    await expect(openCache(directory)).rejects.toMatchObject({ hint: `run: chmod 600 ${keyFile}` });
  });

  it('reads nothing under another key, and replaces the file', async () => {
    const { directory } = await filledFolder(2);
    const keyFile = join(await makeFileTree({}), 'keys/mine');
    const cache = await openCache(directory, { keyFile });
    expect(cache.size).toBe(0);
    await cache.put('image 1', embeddingOf(4));
    await cache.close();
    expect(await (await openCache(directory, { keyFile })).get('image 1')).toEqual(embeddingOf(4));
  });

  it('lets the second opening read and keep its own additions in memory', async () => {
    const { directory, file } = await filledFolder(1);
    const first = await openCache(directory);
    const second = await openCache(directory);
    expect([first.writable, second.writable]).toEqual([true, false]);
    await second.put('image 1', embeddingOf(1));
    expect(await second.get('image 0')).toEqual(embeddingOf(0));
    expect(await second.get('image 1')).toEqual(embeddingOf(1));
    expect((await stat(file)).size).toBe(48 + ENTRY_BYTES);
    await first.close();
    expect((await openCache(directory)).writable).toBe(true);
  });

  it('takes over from a process that was killed', async () => {
    const { directory, file } = await filledFolder(1);
    // No process has this id: it is above the largest that Linux gives out.
    await writeFile(`${file}.lock`, '4194305');
    expect((await openCache(directory)).writable).toBe(true);
  });

  it('refuses embeddings of another size, and sizes that are none', async () => {
    const { directory } = await filledFolder(1);
    const cache = await openCache(directory);
    await expect(cache.put('image 1', Float32Array.of(1))).rejects.toThrow(InputError);
    await expect(openCache(directory, { embeddingSize: 0 })).rejects.toThrow(InputError);
  });

  it('says so where the folder cannot be used', async () => {
    const root = await makeFileTree({ file: '' });
    await expect(openCache(join(root, 'file'))).rejects.toThrow(StoreError);
  });
});

describe('erasing', () => {
  it('deletes one encoder, and keeps the others', async () => {
    const { directory, file } = await filledFolder(1);
    await (await openCache(directory, { encoderHash: 'other' })).put('image 0', embeddingOf(1));
    await (await openCache(directory)).erase();
    const names = await readdir(directory);
    expect(names).not.toContain(file.split('/').at(-1));
    expect(names.filter((name) => name.endsWith('.embeddings'))).toHaveLength(1);
  });

  it('deletes the key and everything, so that a copy is of no use', async () => {
    const { directory, file } = await filledFolder(2);
    const copy = await readFile(file);
    await eraseEmbeddingCaches(directory);
    expect(await readdir(directory)).toEqual([]);
    await writeFile(file, copy);
    await appendFile(file, 'x');
    expect((await openCache(directory)).size).toBe(0);
  });
});
