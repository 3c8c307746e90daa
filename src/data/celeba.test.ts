import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { loadCelebA } from './celeba.ts';
import { countPeople } from './sample.ts';

const CSV = 'file,identity,Bald,Smiling\n000001.jpg,7,-1,1\n000002.jpg,9,1,1\n000003.jpg,7,-1,-1\n';
const ORIGINAL = {
  'Anno/identity_CelebA.txt': '000001.jpg 7\n000002.jpg 9\n000003.jpg 7\n',
  'Anno/list_attr_celeba.txt': '3\nBald Smiling \n000001.jpg -1  1\n000002.jpg  1  1\n000003.jpg -1 -1\n',
};

describe('loadCelebA', () => {
  it('reads attributes.csv, and leaves rows without a photo out', async () => {
    const root = await makeFileTree({
      'attributes.csv': CSV,
      'images/000001.jpg': '',
      'images/000003.jpg': '',
      'images/x.jpg': '',
    });
    const { samples, description } = await loadCelebA(root);
    expect(samples).toEqual([
      {
        id: '000001.jpg',
        person: 'celeba-7',
        path: join(root, 'images/000001.jpg'),
        aligned: false,
        attributes: { Bald: false, Smiling: true },
      },
      expect.objectContaining({ id: '000003.jpg', person: 'celeba-7', attributes: { Bald: false, Smiling: false } }),
    ]);
    expect(description).toBe(
      'CelebA: 2 photos of 1 person, 2 attributes, rows left out for want of a photo: 1, photos left out for want of a row: 1',
    );
  });

  it('reads the published files alike', async () => {
    const photos = { '000001.jpg': '', '000002.jpg': '', '000003.jpg': '' };
    const inFolder = (folder: string) =>
      Object.fromEntries(Object.keys(photos).map((name) => [`${folder}/${name}`, '']));
    const published = await loadCelebA(await makeFileTree({ ...ORIGINAL, ...inFolder('Img/img_align_celeba') }));
    const csv = await loadCelebA(await makeFileTree({ 'attributes.csv': CSV, ...photos }));
    const withoutPaths = (set: typeof csv) => set.samples.map(({ path: _, ...rest }) => rest);
    expect(withoutPaths(published)).toEqual(withoutPaths(csv));
  });

  it.each([
    [
      'a short row',
      { 'attributes.csv': CSV.replace('9,1,1', '9,1') },
      /attributes\.csv:3: 2 attributes are needed, not 1/,
    ],
    [
      'a strange value',
      { 'attributes.csv': CSV.replace('9,1,1', '9,1,0') },
      /attributes\.csv:3: Smiling must be 1 or -1/,
    ],
    [
      'a row without a person',
      { 'attributes.csv': CSV.replace('2.jpg,9', '2.jpg,') },
      /attributes\.csv:3: no person is known/,
    ],
    [
      'a wrong count',
      { ...ORIGINAL, 'Anno/list_attr_celeba.txt': '2\nBald\n000001.jpg 1\n' },
      /:1: 2 rows are promised/,
    ],
    ['a strange identity', { ...ORIGINAL, 'Anno/identity_CelebA.txt': '000001.jpg\n' }, /identity_CelebA\.txt:1:/],
    ['labels alone', { 'attributes.csv': CSV }, /labels of CelebA but no photos/],
    ['attributes without identities', { 'list_attr_celeba.txt': '0\n' }, /there are no labels of CelebA here/],
  ])('refuses %s', async (_, files: Record<string, string>, message) => {
    const photo: Record<string, string> = message.source.includes('no photos') ? {} : { 'images/000001.jpg': '' };
    await expect(loadCelebA(await makeFileTree({ ...photo, ...files }))).rejects.toThrow(message);
  });
});

describe.skipIf(!SHARED_DATA)('loadCelebA on the first 10,000', () => {
  const root = join(SHARED_DATA ?? '', 'celeba-10k');

  it('finds the people and attributes that SOURCE.md counts', async () => {
    const { samples } = await loadCelebA(root);
    expect(samples).toHaveLength(10_000);
    expect(countPeople(samples)).toBe(5429);
    const having = (attribute: string) => samples.filter((sample) => sample.attributes?.[attribute]).length;
    expect(['Male', 'Eyeglasses', 'Smiling', 'Bald', 'Pale_Skin'].map(having)).toEqual([4217, 674, 4822, 246, 443]);
    expect(Object.keys(samples[0]?.attributes ?? {})).toHaveLength(40);
  });
});
