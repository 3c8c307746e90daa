import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { loadDataset } from './load.ts';

describe('loadDataset', () => {
  it('leaves pairs beside the folder aside where they do not fit, and says so', async () => {
    const root = await makeFileTree({ 'set/Ann/1.jpg': '', 'pairs.txt': '1\t1\nAnn\t1\t2\nAnn\t1\tBo\t1\n' });
    const { kind, pairs, description } = await loadDataset(join(root, 'set'));
    expect([kind, pairs]).toEqual(['folder', undefined]);
    expect(description).toMatch(
      /^a folder of 1 photo of 1 person; .*pairs\.txt is left aside \(.*Ann_0001 is not among/,
    );
  });

  it('does not speak of pairs of other people that merely lie near', async () => {
    const root = await makeFileTree({ 'set/Cy/1.jpg': '', 'lfw-labels/pairs.txt': '1\t1\nAnn\t1\t2\nAnn\t1\tBo\t1\n' });
    expect((await loadDataset(join(root, 'set'))).description).toBe('a folder of 1 photo of 1 person');
  });

  it('insists on pairs inside the folder, and on pairs asked for', async () => {
    const root = await makeFileTree({ 'set/ann/1.jpg': '', 'set/pairs.txt': 'x', 'mine.txt': 'y' });
    await expect(loadDataset(join(root, 'set'))).rejects.toThrow(/set\/pairs\.txt:1/);
    await expect(loadDataset(join(root, 'set/ann'), { pairsFile: join(root, 'mine.txt') })).rejects.toThrow(
      /mine\.txt:1/,
    );
  });

  it('names the folder where nothing is found', async () => {
    const root = await makeFileTree({ 'notes.txt': '' });
    await expect(loadDataset(root)).rejects.toThrow(`${root}: there is no photo in this folder`);
    await expect(loadDataset(join(root, 'none'))).rejects.toThrow('no such folder');
  });
});

describe.skipIf(!SHARED_DATA)('loadDataset on real data sets', () => {
  it.each([
    ['lfw-aligned112', 'lfw', 13_233, 6000],
    ['lfw-aligned112/images', 'lfw', 13_233, 6000],
    ['lfw-250-subset', 'folder', 1580, undefined],
    ['celeba-10k', 'celeba', 10_000, undefined],
    ['orl-faces', 'folder', 400, undefined],
  ])('takes %s for %s', async (folder, kind, photos, pairs) => {
    const dataset = await loadDataset(join(SHARED_DATA ?? '', folder));
    expect([dataset.kind, dataset.samples.length, dataset.pairs?.length]).toEqual([kind, photos, pairs]);
  });
});
