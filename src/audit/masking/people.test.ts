import { expect, test } from 'vitest';
import { InputError } from '../../util/errors.ts';
import type { AuditFace } from '../subjects.ts';
import { trainedPeople } from './people.ts';

const face = (person: string, number: number): AuditFace => ({
  id: `${person}/${number}`,
  person,
  image: { widthPx: 16, heightPx: 16, data: new Uint8Array(768).fill(number) },
});
const photos = (person: string, count: number): AuditFace[] => Array.from({ length: count }, (_, i) => face(person, i));

test('no training sees the held-out photo, and nobody is measured on more than four', () => {
  const people = new Map([
    ['Anna', photos('Anna', 7)],
    ['Bert', photos('Bert', 4)],
    ['Carl', photos('Carl', 3)],
  ]);
  const { masked, measured } = trainedPeople(people, { sizePx: 8, least: 2 });
  expect(masked.map(({ person, faces, heldOut }) => [person, faces.length, heldOut?.length])).toEqual([
    ['Anna', 6, 1],
    ['Bert', 3, 1],
  ]);
  expect(masked[0]?.faces[0]).toMatchObject({ widthPx: 8, heightPx: 8 });
  expect(masked[0]?.heldOut?.[0]?.data[0]).toBe(6);
  expect(measured.map(({ faces, heldOut }) => [faces.length, heldOut.map(({ id }) => id)])).toEqual([
    [4, ['Anna/6']],
    [3, ['Bert/3']],
  ]);
});

test('too few people are refused, with how many are needed', () => {
  expect(() => trainedPeople(new Map([['Anna', photos('Anna', 7)]]), { sizePx: 8 })).toThrow(InputError);
});
