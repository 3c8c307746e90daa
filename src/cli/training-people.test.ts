import { expect, test } from 'vitest';
import { flatImage } from '../../test/fixtures/image-files.ts';
import type { AuditFace } from '../audit/subjects.ts';
import { InputError } from '../util/errors.ts';
import { nameLeftOut, trainingPeople, usablePeople } from './training-people.ts';

const face = (person: string, photo: number, grey: number): AuditFace => ({
  id: `${person}/${photo}.png`,
  person,
  image: flatImage(32, 32, [grey, grey, grey]),
});

const FACES = [
  ...[face('ann', 1, 10), face('ann', 2, 20), face('ann', 3, 30)],
  ...[face('ben', 1, 40), face('ben', 2, 50)],
  face('cem', 1, 60),
  // The same pixels as ann/3.
  ...[face('dora', 1, 70), face('dora', 2, 80), face('dora', 3, 30)],
];

test('a person with one photo and a picture with two owners are named and left out', () => {
  const { people, leftOut } = usablePeople(FACES, 2);
  expect([...people].map(([person, own]) => [person, own.map(({ id }) => id)])).toEqual([
    ['ann', ['ann/1.png', 'ann/2.png']],
    ['ben', ['ben/1.png', 'ben/2.png']],
    ['dora', ['dora/1.png', 'dora/2.png']],
  ]);
  expect(leftOut).toEqual([
    { name: 'ann/3.png and dora/3.png', reason: 'one picture, labelled ann and dora' },
    { name: 'cem', reason: '1 photo, fewer than 2' },
  ]);
});

test('one picture twice with one person is no mistake', () => {
  expect(usablePeople([face('ann', 1, 5), face('ann', 2, 5)], 2).leftOut).toEqual([]);
});

test('they are refused by name where that is asked', () => {
  const { leftOut } = usablePeople(FACES, 2);
  expect(() => nameLeftOut(leftOut, 'refuse')).toThrow(/ann\/3\.png and dora\/3\.png.*cem: 1 photo/);
  expect(() => nameLeftOut([], 'refuse')).not.toThrow();
});

test('a training gets ids beside faces of its size, and two people at least', () => {
  const [ann] = trainingPeople(usablePeople(FACES, 2), 2, 16);
  expect(ann).toMatchObject({ person: 'ann', ids: ['ann/1.png', 'ann/2.png'] });
  expect(ann?.faces[0]).toMatchObject({ widthPx: 16, heightPx: 16 });
  expect(() => trainingPeople(usablePeople(FACES.slice(0, 3), 2), 2, 16)).toThrow(InputError);
});
