import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { identificationRanks, openSetRates, rankRate } from './identification.ts';

/** An embedding at an angle in degrees: similarity is the cosine of the angle between two. */
function at(person: string, degrees: number) {
  const angle = (degrees * Math.PI) / 180;
  return { person, embedding: Float32Array.of(Math.cos(angle), Math.sin(angle)) };
}

const GALLERY = [at('ann', 0), at('bob', 30), at('cat', 60), at('cat', 170)];

describe('identificationRanks', () => {
  it('ranks people by their most similar reference', () => {
    const probes = [at('ann', 5), at('ann', 20), at('ann', 80), at('cat', 175), at('dan', 0)];
    expect(identificationRanks(probes, GALLERY)).toEqual([1, 2, 3, 1, Number.POSITIVE_INFINITY]);
  });

  it('counts ties against the probe: an encoder that says the same of everyone finds nobody', () => {
    const blind = ['ann', 'bob', 'cat'].map((person) => at(person, 0));
    expect(identificationRanks(blind, blind)).toEqual([3, 3, 3]);
  });

  it('refuses an empty gallery', () => {
    expect(() => identificationRanks([at('ann', 0)], [])).toThrow(InputError);
  });
});

describe('rankRate', () => {
  it('is the share at or before the rank', () => {
    expect(rankRate([1, 2, 5, 6, Number.POSITIVE_INFINITY], 1)).toMatchObject({ successes: 1, trials: 5 });
    expect(rankRate([1, 2, 5, 6, Number.POSITIVE_INFINITY], 5)).toMatchObject({ successes: 3, rate: 0.6 });
  });
});

describe('openSetRates', () => {
  it('tells false alarms from misses', () => {
    const threshold = { similarity: Math.cos((10 * Math.PI) / 180) };
    const probes = [
      at('ann', 5), // found
      at('ann', 29), // bob is nearer
      at('bob', 45), // nearest, tied with cat and too far
      at('dan', 28), // taken for bob
      at('dan', 110), // rightly nobody
    ];
    const { fpir, fnir } = openSetRates(probes, GALLERY, threshold);
    expect(fpir).toMatchObject({ successes: 1, trials: 2 });
    expect(fnir).toMatchObject({ successes: 2, trials: 3 });
  });

  it('has no rate without probes of that kind', () => {
    expect(openSetRates([at('ann', 0)], GALLERY, { similarity: 0.5 }).fpir).toBeUndefined();
    expect(openSetRates([at('dan', 0)], GALLERY, { similarity: 0.5 }).fnir).toBeUndefined();
  });
});
