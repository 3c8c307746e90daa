import { describe, expect, test } from 'vitest';
import { CapabilityError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { findExposure } from './exposure.ts';
import { parseMasking } from './kinds.ts';
import { type PlannedMix, planMixes } from './mix-plan.ts';

/** 200 images of 80 people, one of whom has 40. */
const PEOPLE = Array.from({ length: 200 }, (_, i) => (i < 40 ? 0 : 1 + (i % 79)));

const plan = (masking: string, rounds: number, people: readonly number[] = PEOPLE): PlannedMix[] =>
  planMixes(people, { masking: parseMasking(masking), rounds, random: new Random('plan') });

const exposureOf = (mixes: readonly PlannedMix[]) =>
  findExposure(
    mixes.map(({ images: [first = 0, ...others], weights }, step) => ({
      step,
      image: `${first}`,
      partners: others.map(String),
      weights,
    })),
  );

describe('the mixes of a masked data set', () => {
  test.each(['fixed:4', 'random', 'pixel-mixup', 'instahide'])(
    'by %s are of different people, and each image is in one a round',
    (masking) => {
      for (const { images, weights } of plan(masking, 3)) {
        expect(new Set(images.map((image) => PEOPLE[image])).size).toBe(images.length);
        expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        expect(weights).toHaveLength(images.length);
      }
      const used = plan(masking, 1).flatMap(({ images }) => images);
      expect(new Set(used).size).toBe(used.length);
      // What is left over at the end is less than a few mixes.
      expect(used.length).toBeGreaterThan(200 - 30);
    },
  );

  test('of one round are not exposed; of as many rounds as a mix has images they are', async () => {
    expect((await exposureOf(plan('fixed:4', 1))).exposed).toBe(false);
    expect((await exposureOf(plan('fixed:4', 2))).exposed).toBe(false);
    expect((await exposureOf(plan('fixed:4', 5))).system.determined.length).toBeGreaterThan(150);
    expect((await exposureOf(plan('none', 1))).system.determined).toHaveLength(200);
  });

  test('are none where nobody else is there to be mixed with', () => {
    expect(plan('fixed:3', 1, [5, 5, 5, 6])).toEqual([]);
  });

  test('by a strategy network are what it says of the image that begins them', () => {
    const actions = [
      { count: 2, power: 0, channels: 'all' },
      { count: 5, power: 1, channels: 'second' },
    ] as const;
    // Of even images mixes of two alike, of odd ones mixes of five.
    const logProbabilities = PEOPLE.map((_, image) => Float32Array.from(image % 2 === 0 ? [0, -1000] : [-1000, 0]));
    const [masking, random] = [parseMasking('adaptive'), new Random('plan')];
    const mixes = planMixes(PEOPLE, { masking, rounds: 1, random, policy: { actions, logProbabilities } });
    expect(new Set(mixes.map(({ images }) => images.length))).toEqual(new Set([2, 5]));
    for (const { images, weights, channels } of mixes) {
      expect(images).toHaveLength((images[0] as number) % 2 === 0 ? 2 : 5);
      expect(channels).toBe(images.length === 2 ? undefined : 'second');
      if (images.length === 2) expect(weights).toEqual([0.5, 0.5]);
    }
  });

  test.each(['dct-noise', 'noise:8', 'channels'])('by %s are the faces themselves', (masking) => {
    expect(plan(masking, 1).map(({ images }) => images[0])).toHaveLength(200);
    expect(plan(masking, 1).every(({ weights }) => weights.join() === '1')).toBe(true);
  });

  test.each(['adaptive', 'dp-sgd:8'])('by %s are refused where there is no model', (masking) => {
    expect(() => plan(masking, 1)).toThrow(CapabilityError);
  });
});
