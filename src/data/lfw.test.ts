import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { loadLfw } from './lfw.ts';
import { countPeople } from './sample.ts';

const PHOTOS = {
  'images/Ann/Ann_0001.jpg': '',
  'images/Ann/Ann_0002.png': '',
  'images/Bo_Li/Bo_Li_0001.jpg': '',
  'images/Bo_Li/Bo_Li_0003.jpg': '',
};

const PAIRS = '2\t1\nAnn\t1\t2\nAnn\t1\tBo_Li\t1\nBo_Li\t1\t3\nBo_Li\t3\tAnn\t2\n';

function treeWith(pairs: string): Promise<string> {
  return makeFileTree({ ...PHOTOS, 'pairs.txt': pairs });
}

describe('loadLfw', () => {
  it('reads folds and pairs', async () => {
    const { pairs, kind, description } = await loadLfw(await treeWith(PAIRS));
    expect(kind).toBe('lfw');
    expect(description).toMatch(/^LFW: 4 photos of 2 people, 4 pairs in 2 folds from .*pairs\.txt$/);
    expect(pairs).toEqual([
      { a: 'Ann/Ann_0001.jpg', b: 'Ann/Ann_0002.png', same: true, fold: 0 },
      { a: 'Ann/Ann_0001.jpg', b: 'Bo_Li/Bo_Li_0001.jpg', same: false, fold: 0 },
      { a: 'Bo_Li/Bo_Li_0001.jpg', b: 'Bo_Li/Bo_Li_0003.jpg', same: true, fold: 1 },
      { a: 'Bo_Li/Bo_Li_0003.jpg', b: 'Ann/Ann_0002.png', same: false, fold: 1 },
    ]);
  });

  it('reads copies with Windows line ends, a byte order mark and spaces', async () => {
    const copy = `\uFEFF${PAIRS.replaceAll('\t', '  ').replaceAll('\n', '\r\n')}`;
    expect((await loadLfw(await treeWith(copy))).pairs).toEqual((await loadLfw(await treeWith(PAIRS))).pairs);
  });

  it.each([
    ['a header of one number', PAIRS.replace('2\t1', '2'), /pairs\.txt:1: the header must give two numbers/],
    ['an empty file', '', /pairs\.txt:1: the header/],
    [
      'a missing line',
      PAIRS.replace('Bo_Li\t1\t3\n', ''),
      /pairs\.txt:1: the header promises 4 pairs, but there are 3/,
    ],
    [
      'a genuine pair of four fields',
      PAIRS.replace('Bo_Li\t1\t3', 'Bo_Li\t1\tAnn\t3'),
      /pairs\.txt:4: this must be a genuine pair/,
    ],
    ['a number that is none', PAIRS.replace('Ann\t1\t2', 'Ann\t1\tx'), /pairs\.txt:2: .* with numbers from 1/],
    ['an impostor pair of one person', PAIRS.replace('3\tAnn\t2', '3\tBo_Li\t1'), /pairs\.txt:5: .* two people/],
    [
      'an absent image',
      PAIRS.replace('Bo_Li\t1\t3', 'Bo_Li\t1\t2'),
      /pairs\.txt:4: the image Bo_Li\/Bo_Li_0002 is not among/,
    ],
  ])('refuses %s, with its line', async (_, pairs, message) => {
    await expect(loadLfw(await treeWith(pairs))).rejects.toThrow(message);
  });

  it('says where no protocol is', async () => {
    await expect(loadLfw(await makeFileTree(PHOTOS))).rejects.toThrow('there is no pairs.txt here');
  });
});

describe.skipIf(!SHARED_DATA)('loadLfw on LFW', () => {
  it('finds 13,233 photos of 5,749 people and View 2, whatever folder is named', async () => {
    const data = SHARED_DATA ?? '';
    const { samples, pairs = [] } = await loadLfw(join(data, 'lfw-aligned112'));
    expect(samples).toHaveLength(13_233);
    expect(countPeople(samples)).toBe(5749);
    expect(pairs).toHaveLength(6000);
    for (let fold = 0; fold < 10; fold++) {
      const own = pairs.filter((pair) => pair.fold === fold);
      expect([own.filter((pair) => pair.same).length, own.length]).toEqual([300, 600]);
    }
    // lfw-labels/SOURCE.md: the pairs use 7,701 different images.
    expect(new Set(pairs.flatMap(({ a, b }) => [a, b])).size).toBe(7701);
    const personOf = new Map(samples.map(({ id, person }) => [id, person]));
    expect(pairs.every(({ a, b, same }) => (personOf.get(a) === personOf.get(b)) === same)).toBe(true);
    // labels.csv was made apart from us; its files must be our ids, and its identities our people.
    const labels = readFileSync(join(data, 'lfw-labels/labels.csv'), 'utf8').trim().split('\n').slice(1);
    expect(labels.filter((row) => personOf.get(row.split(',')[0] ?? '') === row.split(',')[1])).toHaveLength(13_233);
    const fromImages = await loadLfw(join(data, 'lfw-aligned112/images'));
    expect(fromImages.pairs).toEqual(pairs);
    expect(fromImages.name).toBe('lfw-aligned112');
  });
});
