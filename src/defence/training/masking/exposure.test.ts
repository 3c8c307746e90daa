import { describe, expect, test } from 'vitest';
import { Random } from '../../../util/random.ts';
import { findExposure } from './exposure.ts';
import type { MixRecord } from './mix-log.ts';

const record = (images: readonly string[], weights: readonly number[], step = 0): MixRecord => {
  const [image = '', ...partners] = images;
  return { step, image, partners, weights };
};

/** Faces that are each in one mix alone, of four. */
function cleanSet(count: number): MixRecord[] {
  const random = new Random('clean');
  const ids = random.shuffle(Array.from({ length: count }, (_, i) => `p${i}/1.jpg`));
  return Array.from({ length: count / 4 }, (_, step) => {
    const drawn = Array.from({ length: 4 }, () => 0.2 + random.uniform());
    const sum = drawn.reduce((a, b) => a + b, 0);
    return record(
      ids.slice(4 * step, 4 * step + 4),
      drawn.map((value) => value / sum),
      step,
    );
  });
}

describe('exposure', () => {
  test('there is none where every face is in one mix', async () => {
    expect(await findExposure(cleanSet(80))).toMatchObject({
      exposed: false,
      reasons: [],
      mixes: 20,
      images: 80,
      sizes: { 4: 20 },
      reencodings: { greatest: 1, mean: 1, over: [] },
      repeatedMixes: [],
      repeatedWeights: 0,
      system: { equations: 20, unknowns: 80, rank: 20, determined: [], judgedByStructure: 0 },
    });
  });

  test('a set that was mixed twice with the same partners is found among clean ones, whoever leads it', async () => {
    const clean = cleanSet(80);
    const [first] = clean as [MixRecord];
    const [leader = '', ...others] = first.partners;
    const planted = record([leader, first.image, ...others], [0.4, 0.3, 0.2, 0.1], 20);
    const found = await findExposure([...clean, planted]);
    expect(found.exposed).toBe(true);
    expect(found.reasons).toEqual(['1 group of images is mixed with each other more than once']);
    expect(found.repeatedMixes).toMatchObject([{ count: 2, sameWeights: false }]);
    expect(new Set(found.repeatedMixes[0]?.images)).toEqual(new Set([first.image, ...first.partners]));
    // Two equations for four images: they are not solved yet.
    expect(found.system).toMatchObject({ rank: 21, determined: [] });
  });

  test('the same mix again, with the same weights, is told as such and brings no equation', async () => {
    const found = await findExposure([record(['a', 'b'], [0.6, 0.4]), record(['b', 'a'], [0.4, 0.6], 1)]);
    expect(found).toMatchObject({
      exposed: true,
      repeatedMixes: [{ count: 2, sameWeights: true }],
      repeatedWeights: 2,
      system: { equations: 1, rank: 1, determined: [] },
    });
  });

  test('images that can be solved for are named, and no others', async () => {
    const planted = [
      record(['x', 'y'], [0.6, 0.4]),
      record(['y', 'z'], [0.6, 0.4], 1),
      record(['z', 'x'], [0.6, 0.4], 2),
    ];
    const found = await findExposure([...cleanSet(40), ...planted]);
    expect(found.system.determined.toSorted()).toEqual(['x', 'y', 'z']);
    expect(found.reasons).toEqual(['3 of 43 images can be solved for']);
    expect(found.repeatedWeights).toBe(3);
  });

  test('an image that was not mixed is solved for already', async () => {
    const found = await findExposure([...cleanSet(8), record(['bare'], [1], 9), record(['bare'], [1], 10)]);
    expect(found.system.determined).toEqual(['bare']);
    expect(found.repeatedMixes).toEqual([]);
  });

  test('an image in many mixes is found by their number, though none is solved for', async () => {
    const mixes = Array.from({ length: 5 }, (_, i) =>
      record(['often', `a${i}`, `b${i}`], [0.4 + i / 100, 0.3, 0.3 - i / 100], i),
    );
    const found = await findExposure(mixes);
    expect(found.system.determined).toEqual([]);
    expect(found.reencodings).toMatchObject({ limit: 4, greatest: 5, over: [{ image: 'often', count: 5 }] });
    expect(found.reasons).toEqual(['1 image is in more than 4 mixes']);
    expect((await findExposure(mixes, { maxReencodings: 5 })).exposed).toBe(false);
  });

  test('a training that draws partners anew in each epoch exposes everybody', async () => {
    const random = new Random('training');
    const ids = Array.from({ length: 60 }, (_, i) => `p${i}`);
    const records = Array.from({ length: 180 }, (_, step) => {
      const [image = '', ...partners] = [ids[step % 60] as string, ...random.sample(ids, 4)].filter(
        (id, i, all) => all.indexOf(id) === i,
      );
      const drawn = [image, ...partners].map(() => 0.2 + random.uniform());
      const sum = drawn.reduce((a, b) => a + b, 0);
      return { step, image, partners, weights: drawn.map((value) => value / sum) };
    });
    expect((await findExposure(records)).system.determined).toHaveLength(60);
  });
});
