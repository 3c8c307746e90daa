import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { InputError } from '../util/errors.ts';
import { datasetName, loadFolder, personOfFileName } from './folder.ts';
import { countPeople } from './sample.ts';

function tree(...paths: string[]): Promise<string> {
  return makeFileTree(Object.fromEntries(paths.map((path) => [path, ''])));
}

async function peopleById(root: string): Promise<Record<string, string>> {
  const { samples } = await loadFolder(root);
  return Object.fromEntries(samples.map(({ id, person }) => [id, person]));
}

describe('loadFolder', () => {
  it('takes folders as people, all below them as theirs, and nothing but photos', async () => {
    const root = await tree(
      'ann/1.JPG',
      'ann/2019/rome/2.pgm',
      'bob/a.webp',
      'bob/notes.txt',
      'bob/.hidden.jpg',
      'SOURCE.md',
    );
    expect(await peopleById(root)).toEqual({ 'ann/1.JPG': 'ann', 'ann/2019/rome/2.pgm': 'ann', 'bob/a.webp': 'bob' });
  });

  it('takes 2 before 10', async () => {
    const root = await tree('ann/10.jpg', 'ann/2.jpg', 'ann/1.jpg');
    expect((await loadFolder(root)).samples.map((sample) => sample.id)).toEqual([
      'ann/1.jpg',
      'ann/2.jpg',
      'ann/10.jpg',
    ]);
  });

  it('looks through folders that hold people, and takes people of one name as one', async () => {
    const root = await tree('set/train/ann/1.jpg', 'set/test/ann/2.jpg', 'set/test/bob/1.jpg');
    expect(await peopleById(root)).toEqual({
      'train/ann/1.jpg': 'ann',
      'test/ann/2.jpg': 'ann',
      'test/bob/1.jpg': 'bob',
    });
  });

  it('gives the same ids from the folder around the photos as from within', async () => {
    const root = await tree('images/ann/1.jpg', 'images/bob/1.jpg', 'README.md');
    expect(await peopleById(root)).toEqual(await peopleById(join(root, 'images')));
    expect(datasetName('/sets/lfw/images')).toBe('lfw');
  });

  it('takes a single folder of photos as one person', async () => {
    expect(await peopleById(await tree('ann/1.jpg', 'ann/2.jpg'))).toEqual({ 'ann/1.jpg': 'ann', 'ann/2.jpg': 'ann' });
  });

  it('takes loose photos by the name of their file', async () => {
    expect(await peopleById(await tree('obama.jpg', 'obama2.jpg', 'ann lee (3).png', '0007.jpg'))).toEqual({
      'obama.jpg': 'obama',
      'obama2.jpg': 'obama',
      'ann lee (3).png': 'ann lee',
      '0007.jpg': '0007',
    });
    expect(personOfFileName('George_W_Bush_0001.jpg')).toBe('George_W_Bush');
  });

  it('follows links to folders, and not in circles', async () => {
    const elsewhere = await tree('1.jpg');
    const root = await tree('ann/1.jpg');
    await symlink(elsewhere, join(root, 'bob'));
    await symlink(root, join(root, 'ann/back'));
    expect(await peopleById(root)).toEqual({ 'ann/1.jpg': 'ann', 'bob/1.jpg': 'bob' });
  });

  it('refuses a folder without photos, a file, and what is not there', async () => {
    const root = await tree('ann/notes.txt');
    await expect(loadFolder(root)).rejects.toThrow(InputError);
    await expect(loadFolder(root)).rejects.toMatchObject({
      hint: expect.stringContaining('one folder of photos for each person'),
    });
    await expect(loadFolder(join(root, 'ann/notes.txt'))).rejects.toThrow('this is a file');
    await expect(loadFolder(join(root, 'none'))).rejects.toThrow('no such folder');
  });
});

describe('aligned', () => {
  const sizes = (widthPx: number) => async (path: string) => {
    if (path.includes('broken')) throw new InputError('broken');
    return { widthPx, heightPx: 112 };
  };

  it.each([
    ['112x112 photos, a broken one aside', { readSize: sizes(112) }, true],
    ['photos of another size', { readSize: sizes(92) }, false],
    ['nothing to read sizes with', {}, false],
    ['the word of the caller', { aligned: true }, true],
    ['the word of the caller against the size', { aligned: false, readSize: sizes(112) }, false],
  ])('goes by %s', async (_, options, aligned) => {
    const { samples } = await loadFolder(await tree('ann/1.jpg', 'ann/broken.jpg'), options);
    expect(samples.map((sample) => sample.aligned)).toEqual([aligned, aligned]);
  });

  it('is false where not one photo can be read', async () => {
    const { samples } = await loadFolder(await tree('broken.jpg'), { readSize: sizes(112) });
    expect(samples[0]?.aligned).toBe(false);
  });
});

describe.skipIf(!SHARED_DATA)('loadFolder on real data sets', () => {
  const data = SHARED_DATA ?? '';

  it.each([
    ['orl-faces', 400, 40],
    ['lfw-250-subset', 1580, 158],
    ['utkface-adults-2500', 2500, 2500],
    ['user-photos/face_recognition/examples/knn_examples/train', 9, 5],
  ])('%s has %i photos of %i people', async (folder, photos, people) => {
    const { samples } = await loadFolder(join(data, folder));
    expect(samples).toHaveLength(photos);
    expect(countPeople(samples)).toBe(people);
    expect(new Set(samples.map((sample) => sample.id)).size).toBe(photos);
  });

  it('makes sense of photos as a user has them', async () => {
    const { samples } = await loadFolder(join(data, 'user-photos'));
    const obama = samples.filter(({ person }) => person === 'obama').map(({ path }) => path.split('/').at(-1));
    expect(obama.sort()).toEqual(['obama.jpg', 'obama.jpg', 'obama1.jpg', 'obama2.jpg', 'obama2.jpg']);
    expect(new Set(samples.map(({ person }) => person))).toContain('rose_leslie');
  });
});
