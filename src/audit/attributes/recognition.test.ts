import { expect, test } from 'vitest';
import { faceOf, facesOf, names } from '../../../test/fixtures/attribute-sides.ts';
import { type Rate, wilson } from '../../metric/intervals.ts';
import { Random } from '../../util/random.ts';
import type { AttributeFace } from './faces.ts';
import { calibrationThreshold, recognitionRows, templates } from './recognition.ts';

/** A face whose template stands at an angle. */
const face = (person: string, photo: number, degrees: number, Male = false): AttributeFace =>
  faceOf(
    person,
    photo,
    Float32Array.from([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]),
    Male,
  );

// Ann's photos are 10 degrees apart, Ben's 40; Ann and Ben at least 50.
const faces = [face('ann', 1, 0), face('ann', 2, 10), face('ben', 1, 100, true), face('ben', 2, 60, true)];
const options = {
  threshold: { similarity: Math.cos((45 * Math.PI) / 180), fmr: 1e-3 },
  origin: { target: 'E', comparison: 'original with original', transformation: null },
  parts: 'all',
  random: new Random(1),
} as const;

test('of four photos: two genuine pairs, four of impostors, and rank 1 by the enrolled photo', () => {
  const known = templates(faces, 0);
  const [row] = recognitionRows(known, known, options);
  expect(row).toMatchObject({ genuinePairs: 2, impostorPairs: 4, eer: 0 });
  expect(row?.matched).toMatchObject({ successes: 2, trials: 2 });
  expect(row?.rankOne).toMatchObject({ successes: 2, trials: 2 });
  // Four impostor pairs fix no threshold at 1 %.
  expect(row?.tarAtFar1).toBeNull();
});

test('a protected photo is compared with other originals, never with its own', () => {
  // Turned by 50 degrees: ann's second photo is 60 from her first, ben's second 10 from his first; ann's first, at 50, is 40 from her second.
  const turned = [face('ann', 1, 50), face('ann', 2, 60), face('ben', 1, 150, true), face('ben', 2, 110, true)];
  const [row] = recognitionRows(templates(turned, 0), templates(faces, 0), options);
  expect(row).toMatchObject({ genuinePairs: 4, impostorPairs: 8 });
  // ann 1 with 2: 40, ann 2 with 1: 60, ben 1 with 2: 90, ben 2 with 1: 10.
  expect(row?.matched).toMatchObject({ successes: 2, trials: 4, rate: 0.5 });
});

test('parts of the people are compared among themselves', () => {
  const known = templates(faces, 0);
  const rows = recognitionRows(known, [...known, ...templates([face('cid', 1, 30, true)], 0)], {
    ...options,
    parts: 'subgroups',
  });
  const men = rows.find(({ subgroup }) => subgroup === 'men');
  // ben's two with cid's one, each way as probe: 2 impostor pairs; ben with ben both ways round.
  expect(men).toMatchObject({ genuinePairs: 2, impostorPairs: 2 });
  expect(men?.rankOne).toBeNull();
});

test('too few calibration people give no threshold, and then nothing matches', () => {
  const known = templates(faces, 0);
  expect(calibrationThreshold(known, { dataset: 'none', encoder: 'E' })).toBeUndefined();
  const [row] = recognitionRows(known, known, { ...options, threshold: undefined });
  expect(row?.matched).toBeNull();
});

test('of more impostor pairs than are kept, so many are drawn, the same for the same seed; genuine ones are all there', () => {
  const known = templates(facesOf(names('person', 60)), 0);
  const rows = (mostImpostorPairs: number) =>
    recognitionRows(known, known, { ...options, parts: 'subgroups', mostImpostorPairs });
  const [all, some] = [rows(10_000), rows(2000)];
  // 120 photos: 60 genuine pairs of 7,140.
  expect(all[0]).toMatchObject({ genuinePairs: 60, impostorPairs: 7080 });
  expect(all[0]).not.toHaveProperty('impostorPairsThere');
  expect(some[0]).toMatchObject({ genuinePairs: 60, impostorPairs: 2000, impostorPairsThere: 7080 });
  expect(some[0]?.matched).toEqual(all[0]?.matched);
  expect(rows(2000)).toEqual(some);
  // Each part draws of its own pairs.
  const [men, ofMen] = [all, some].map((own) => own.find(({ subgroup }) => subgroup === 'men'));
  expect(ofMen?.genuinePairs).toBe(men?.genuinePairs);
  expect(ofMen).toMatchObject({ impostorPairs: Math.min(2000, men?.impostorPairs ?? 0) });
});

test('intervals draw people, whose photos are all matched or none', () => {
  // Of twenty people with nine photos each, every second one is the same in all of them, the others never.
  const known = templates(
    Array.from({ length: 180 }, (_, i) => {
      const person = Math.floor(i / 9);
      const axis = person % 2 === 0 ? 9 * person : i;
      return faceOf(
        `p${person}`,
        i % 9,
        Float32Array.from({ length: 180 }, (_value, j) => Number(j === axis)),
      );
    }),
    0,
  );
  const [row] = recognitionRows(known, known, options);
  const width = ({ low, high }: Rate): number => high - low;
  for (const rate of [row?.matched, row?.rankOne, row?.tarAtFar1]) {
    // 720 pairs and 160 probes, which Wilson would take as independent: but a half of twenty is known to some twenty points either way.
    expect(rate?.rate).toBe(0.5);
    expect(width(wilson(rate?.successes ?? 0, rate?.trials ?? 1))).toBeLessThan(0.16);
    expect(rate && width(rate)).toBeGreaterThan(0.35);
  }
});

test('the interval of a calibrated false match rate draws people too', () => {
  // 150 people, all apart but for four who are one to the encoder: six pairs of 11,175, all of four people.
  const apart = Array.from({ length: 150 }, (_, person) =>
    faceOf(
      `p${person}`,
      0,
      Float32Array.from({ length: 147 }, (_value, j) => Number(j === Math.max(0, person - 3))),
    ),
  );
  const found = calibrationThreshold(templates(apart, 0), { dataset: 'made', encoder: 'E' });
  expect(found?.interval).toMatchObject({ successes: 6, trials: 11_175 });
  expect((found?.interval.high ?? 0) / wilson(6, 11_175).high).toBeGreaterThan(1.5);
});
