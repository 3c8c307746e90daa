import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flatImage } from '../../test/fixtures/image-files.ts';
import { encodePng } from '../image/encode.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { kindOfModel, readTrainingAuditData, type TrainingAuditFolders } from './training-audit-data.ts';

let folder = '';
let photos = 0;
const at = (name: string): string => join(folder, name);

/** Photos of a person, each of a colour that no other photo has; `colour` makes a copy. */
async function write(set: string, person: string, count: number, colour?: number): Promise<void> {
  await mkdir(join(at(set), person), { recursive: true });
  for (let i = 0; i < count; i++) {
    const image = flatImage(112, 112, [colour ?? photos++, 7, 9]);
    await writeFile(join(at(set), person, `${i}-${colour ?? 'own'}.png`), await encodePng(image));
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-audit-data-'));
  await write('train', 'ann', 3);
  await write('train', 'ben', 2);
  await write('train', 'ben', 1, 200);
  await write('train', 'cem', 2);
  await write('train', 'cem', 1, 200);
  await write('train', 'dora', 1);
  await writeFile(join(at('train'), 'ann', 'broken.png'), 'no picture');
  await write('held-out', 'ann', 2);
  // Ann's first photo.
  await write('held-out', 'ann', 1, 0);
  await write('held-out', 'nobody', 2);
  await write('public', 'eve', 2);
  await write('public', 'ben', 2);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (more: Partial<TrainingAuditFolders> = {}) =>
  readTrainingAuditData(
    {
      ...{ train: at('train'), public: at('public'), heldOut: at('held-out'), classes: undefined },
      ...{ kind: 'classifier', outputs: 4, people: 10, badData: 'skip', random: new Random(1) },
      ...more,
    },
    { device: 'cpu' },
    {},
  );

describe('readTrainingAuditData', () => {
  test('keeps each person’s class, whoever is left out before them', async () => {
    const { people, strangers } = await read();
    expect(
      people.map(({ person, label, faces, heldOut }) => [person, label, faces.length, heldOut.length]).sort(),
    ).toEqual([
      ['ann', 0, 3, 2],
      ['ben', 1, 2, 0],
      ['cem', 2, 2, 0],
    ]);
    expect(strangers.map(({ person }) => person)).toEqual(['eve', 'eve']);
  });

  test('names all that it left out, and why', async () => {
    const { leftOut } = await read();
    const reasons = (set: keyof typeof leftOut) =>
      Object.fromEntries(leftOut[set].map(({ name, reason }) => [name.replaceAll('\\', '/'), reason]));
    expect(reasons('training')).toEqual({
      'ann/broken.png': expect.stringContaining('broken.png'),
      dora: expect.stringContaining('1 photo'),
      [leftOut.training.find(({ name }) => name.includes(' and '))?.name ?? 'none']: expect.stringMatching(
        /labelled (ben and cem|cem and ben)/,
      ),
    });
    expect(reasons('heldOut')).toEqual({
      'ann/0-0.png': 'held out, but a training photo too',
      nobody: 'held out, but there is no training folder of that name',
    });
    expect(reasons('public')).toEqual({ ben: 'public, but a training person too' });
  });

  test('knows a held-out photo for a training photo also where that one is not among the photos that are read', async () => {
    // Of a person 20 training photos are read at most; each of these 24 lies on both sides, and a 25th does not.
    for (let i = 0; i < 24; i++) {
      await write('many', 'fay', 1, 100 + i);
      await write('many-held-out', 'fay', 1, 100 + i);
    }
    await write('many', 'gil', 2);
    await write('many-held-out', 'fay', 1);
    const { people, leftOut } = await read({ train: at('many'), heldOut: at('many-held-out'), outputs: 2 });
    const fay = people.find(({ person }) => person === 'fay');
    expect([fay?.faces.length, fay?.heldOut.length]).toEqual([20, 1]);
    expect(leftOut.heldOut).toHaveLength(24);
  });

  test('a public person who has a training photo is a training person under another name', async () => {
    await write('renamed', 'hal', 2);
    await write('renamed', 'ida', 1);
    // Ann's first photo.
    await write('renamed', 'ida', 1, 0);
    const { strangers, leftOut } = await read({ public: at('renamed') });
    expect(strangers.map(({ person }) => person)).toEqual(['hal', 'hal']);
    expect(leftOut.public).toEqual([{ name: 'ida', reason: expect.stringContaining('is a training photo') }]);
  });

  test('knows people by other spellings of their names', async () => {
    await write('spelt-held-out', 'Ann_', 1);
    await write('spelt-public', 'BEN', 1);
    await write('spelt-public', 'eve', 1);
    const { people, strangers, leftOut } = await read({ heldOut: at('spelt-held-out'), public: at('spelt-public') });
    expect(people.find(({ person }) => person === 'ann')?.heldOut).toHaveLength(1);
    expect(strangers.map(({ person }) => person)).toEqual(['eve']);
    expect(leftOut.public).toEqual([{ name: 'BEN', reason: 'public, but a training person too' }]);
  });

  test('does not take numbers that are in both folders for people', async () => {
    for (const number of [1, 2]) {
      await write('numbered', `${number}`, 2);
      await write('numbered-public', `${number}`, 2);
      await write('numbered-held-out', `${number}`, 1);
    }
    // A copy of the first training photo of "1" lies with "3".
    await write('numbered-public', '3', 1);
    await copyFile(join(at('numbered'), '1', '0-own.png'), join(at('numbered-public'), '3', 'copy.png'));
    const { people, strangers, leftOut, publicNotes } = await read({
      ...{ train: at('numbered'), public: at('numbered-public'), heldOut: at('numbered-held-out'), outputs: 2 },
    });
    expect(people.map(({ heldOut }) => heldOut.length)).toEqual([1, 1]);
    expect(new Set(strangers.map(({ person }) => person))).toEqual(new Set(['public 1', 'public 2']));
    expect(leftOut.public).toEqual([{ name: 'public 3', reason: expect.stringContaining('is a training photo') }]);
    expect(publicNotes).toEqual([expect.stringContaining('2 numbers are in both')]);
  });

  test('numbers behind names are people: only where all are numbers are they none', async () => {
    await write('mixed', 'ann1', 2);
    await write('mixed', 'ann2', 2);
    await write('mixed', 'ben', 2);
    await write('mixed-public', 'ann1', 2);
    await write('mixed-public', 'eve', 2);
    const { strangers, publicNotes } = await read({
      ...{ train: at('mixed'), public: at('mixed-public'), heldOut: undefined, outputs: 3 },
    });
    expect(new Set(strangers.map(({ person }) => person))).toEqual(new Set(['eve']));
    expect(publicNotes).toEqual([]);
  });

  test('refuses them where that is asked', async () => {
    await expect(read({ badData: 'refuse' })).rejects.toThrow(InputError);
  });

  test('of an encoder the label is the place among the people', async () => {
    const { people } = await read({ kind: 'encoder', outputs: 128 });
    expect(people.map(({ label }) => label)).toEqual([0, 1, 2]);
  });

  test('refuses names of classes where the model has none', async () => {
    await expect(read({ kind: 'encoder', outputs: 128, classes: at('names.txt') })).rejects.toThrow(
      /an encoder has no classes/,
    );
  });

  test('refuses held-out photos of nobody who was trained on, and a public folder of training people', async () => {
    await expect(read({ heldOut: at('public'), train: at('held-out'), outputs: 2 })).rejects.toThrow(
      /no photo of a person/,
    );
    await expect(read({ public: at('train') })).rejects.toThrow(/nobody whom the model was not trained on/);
  });
});

test('a model of as many numbers as there are folders is taken for a classifier', async () => {
  expect(await kindOfModel(at('train'), 4, undefined)).toBe('classifier');
  expect(await kindOfModel(at('train'), 128, undefined)).toBe('encoder');
  expect(await kindOfModel(at('train'), 128, 'names.txt')).toBe('classifier');
});
