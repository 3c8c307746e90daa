import { expect, test } from 'vitest';
import { meanColourEncoder, photo } from '../../../test/fixtures/audit.ts';
import { createJudge } from '../judge.ts';
import { openGallery } from './gallery.ts';
import type { TrainingPerson } from './people.ts';

const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;

const person = (name: string, colours: readonly (readonly [number, number, number])[]): TrainingPerson => ({
  ...{ person: name, label: 0, heldOut: [] },
  faces: colours.map((colour, i) => photo(name, i, colour)),
});

test('a centre is made of the first so many photos; the others stay photos of the person', async () => {
  const people = [person('ann', [RED, RED, GREEN]), person('ben', [GREEN])];
  const judge = createJudge(meanColourEncoder());
  const two = await openGallery(judge, people, { centrePhotos: 2 });
  expect(two.centres.map((centre) => [...centre])).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(two.photos.map(({ length }) => length)).toEqual([3, 1]);
  const [all] = (await openGallery(judge, people)).centres;
  // Two of red and one of green, as long as 1.
  expect(all?.[0]).toBeCloseTo(2 / Math.sqrt(5), 6);
  expect(all?.[1]).toBeCloseTo(1 / Math.sqrt(5), 6);
});
