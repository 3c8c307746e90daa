import { expect, test } from 'vitest';
import { plain } from '../../../test/fixtures/audit.ts';
import { Random } from '../../util/random.ts';
import type { AttributeFace } from './faces.ts';
import { calibrationThreshold, recognitionRows, templates } from './recognition.ts';

/** A face whose template stands at an angle. */
const face = (person: string, photo: number, degrees: number, Male = false): AttributeFace => ({
  id: `${person}/${photo}`,
  person,
  attributes: { Male },
  place: 'canonical',
  isFound: true,
  portrait: plain([0, 0, 0], 4),
  embeddings: [Float32Array.from([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)])],
});

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
