import { describe, expect, test } from 'vitest';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { choosePhotos, classLabels, photosInCommon, type TrainingPerson } from './people.ts';

describe('classLabels', () => {
  test('numbers folders as ImageFolder does: by code point, capitals first', () => {
    const { labels, leftOut } = classLabels(['ben', 'Zoe', 'ann', 'ben'], { outputs: 3 });
    expect([...labels]).toEqual([
      ['Zoe', 0],
      ['ann', 1],
      ['ben', 2],
    ]);
    expect(leftOut).toEqual([]);
  });

  test('keeps the places of a list, and names what is on one side only', () => {
    const { labels, leftOut } = classLabels(['ann', 'eve'], { outputs: 3, classes: ['cem', 'ann', 'ben'] });
    expect([...labels]).toEqual([['ann', 1]]);
    expect(leftOut.map(({ name }) => name)).toEqual(['eve', 'cem', 'ben']);
  });

  test.each([
    [{ outputs: 4 }, /answers 4 numbers, and there are 2 training folders/],
    [{ outputs: 2, classes: ['ann'] }, /names 1 different classes/],
    [{ outputs: 2, classes: ['ann', 'ann'] }, /names 1 different classes/],
  ])('refuses %j: nobody can tell which class is whose', (options, message) => {
    expect(() => classLabels(['ann', 'ben'], options)).toThrow(InputError);
    expect(() => classLabels(['ann', 'ben'], options)).toThrow(message);
  });
});

describe('choosePhotos', () => {
  const samples = ['ann', 'ann', 'ann', 'ben', 'cem', 'cem'].map((person, i) => ({
    ...{ id: `${person}/${i}`, person, path: '', aligned: true },
  }));

  test('takes people of several photos first, and of each so many', () => {
    const chosen = choosePhotos(samples, { people: 2, photos: 2, random: new Random(1) });
    expect(chosen.map(({ person }) => person).sort()).toEqual(['ann', 'ann', 'cem', 'cem']);
    expect(new Set(chosen).size).toBe(4);
  });

  test('keeps to the total', () => {
    expect(choosePhotos(samples, { people: 3, photos: 9, total: 4, random: new Random(1) })).toHaveLength(4);
  });
});

describe('photosInCommon', () => {
  const side = (...counts: readonly number[]): TrainingPerson[] =>
    counts.map((count, label) => ({
      ...{ person: `${label}`, label, heldOut: [] },
      faces: Array.from({ length: count }, (_, i) => ({ id: `${i}`, person: `${label}`, image: EMPTY })),
    }));
  const EMPTY = { widthPx: 0, heightPx: 0, data: new Uint8Array() };

  test('is what both sides have, whichever has fewer', () => {
    expect(photosInCommon([side(20, 20, 20, 20), side(10, 10, 10, 10)])).toBe(10);
    expect(photosInCommon([side(3, 3, 3, 3), side(10, 10, 10, 10)])).toBe(3);
  });

  test('does not fall with a quarter of the people', () => {
    expect(photosInCommon([side(20, 2, 20, 20), side(10, 10, 10, 10)])).toBe(10);
    expect(photosInCommon([side(20, 2, 2, 20), side(10, 10, 10, 10)])).toBe(2);
  });
});
