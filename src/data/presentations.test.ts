import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFileTree } from '../../test/fixtures/file-tree.ts';
import { InputError } from '../util/errors.ts';
import { holdsPresentations, loadPresentations } from './presentations.ts';

const tree = (...paths: string[]): Promise<string> => makeFileTree(Object.fromEntries(paths.map((path) => [path, ''])));

describe('presentations', () => {
  test('are of the person whose folder they lie in, in every species the same one', async () => {
    const root = await tree(
      'Bona_Fide/ann/1.jpg',
      'Bona_Fide/ann/clip 1/frames/2.png',
      'Bona_Fide/bob3.jpg',
      'screen/ann/1.jpg',
      'print/train/1.jpg',
      'print/notes.txt',
    );
    const { bonaFide, species } = await loadPresentations(root);
    const people = (samples: typeof bonaFide) => samples.map(({ id, person }) => [id, person]);
    expect(people(bonaFide)).toEqual([
      ['Bona_Fide/bob3.jpg', 'bob'],
      ['Bona_Fide/ann/1.jpg', 'ann'],
      ['Bona_Fide/ann/clip 1/frames/2.png', 'ann'],
    ]);
    expect(species.map(({ name, samples }) => [name, people(samples)])).toEqual([
      ['print', [['print/train/1.jpg', 'train']]],
      ['screen', [['screen/ann/1.jpg', 'ann']]],
    ]);
    expect(bonaFide[0]).toMatchObject({ path: join(root, 'Bona_Fide/bob3.jpg'), aligned: false });
    expect(await holdsPresentations(root)).toBe(true);
  });

  test('need bona fide ones, and photos', async () => {
    const people = await tree('ann/1.jpg', 'bob/1.jpg');
    expect(await holdsPresentations(people)).toBe(false);
    await expect(loadPresentations(people)).rejects.toThrow(InputError);
    await expect(loadPresentations(await tree('bona-fide/a/1.jpg', 'print/a/x.txt'))).rejects.toThrow(
      'print: there is no photo',
    );
    await expect(loadPresentations(await tree('bona-fide/a/1.jpg', 'bonafide/a/1.jpg'))).rejects.toThrow('several');
  });
});
