import { describe, expect, test } from 'vitest';
import { certifiedAccuracy, certifiedRadius, lengthInLevels } from './certified-radius.ts';

describe('certifiedRadius', () => {
  test('is sigma times the probit', () => {
    // Phi(1) and Phi(2), from tables.
    expect(certifiedRadius(0.841344746, 0.25)).toBeCloseTo(0.25, 6);
    expect(certifiedRadius(0.977249868, 0.1)).toBeCloseTo(0.2, 6);
  });

  test.each([0, 0.3, 0.5])('is not there at a share of %d', (share) => {
    expect(certifiedRadius(share, 1)).toBeUndefined();
  });
});

test('a length in levels is 255 where every value of a face changes from black to white', () => {
  const numbers = 3 * 112 ** 2;
  expect(lengthInLevels(Math.sqrt(numbers), numbers)).toBeCloseTo(255, 9);
});

test('certified accuracy counts what is right and far enough; abstaining and being certified wrong count against it', () => {
  const decisions = [
    { right: true, radius: 0.5 },
    { right: true, radius: 0.2 },
    { right: false, radius: 0.9 },
    { right: true, radius: undefined },
  ];
  const found = certifiedAccuracy(decisions, [0, 0.2, 0.3, 0.6]);
  expect(found.map(({ share }) => share.successes)).toEqual([2, 2, 1, 0]);
  expect(found.map(({ share }) => share.trials)).toEqual([4, 4, 4, 4]);
});
