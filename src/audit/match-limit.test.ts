import { describe, expect, test } from 'vitest';
import { cosineSimilarity } from '../metric/similarity.ts';
import { Random } from '../util/random.ts';
import { readCalibration } from './calibration.ts';
import { matchLimit } from './match-limit.ts';

const thresholdsAt = (...similarities: readonly [number, number]) =>
  [1e-3, 1e-4].map((fmr, i) => ({
    fmr,
    similarity: similarities[i] ?? 0,
    falseMatches: 1,
    impostorPairs: 1000,
    measuredFmr: fmr,
    low: 0,
    high: 1,
  }));

/** A vector of unit length: `part` of the common direction, the rest random. */
function embedding(random: Random, part: number, own?: Float32Array, ownPart = 0): Float32Array {
  const noise = unit(random.normals(128));
  const rest = own ? mixed(own, noise, ownPart) : noise;
  return unit(Float32Array.from(rest, (value, i) => Math.sqrt(1 - part) * value + (i === 0 ? Math.sqrt(part) : 0)));
}
const mixed = (a: Float32Array, b: Float32Array, part: number): Float32Array =>
  Float32Array.from(a, (value, i) => Math.sqrt(part) * value + Math.sqrt(1 - part) * (b[i] ?? 0));
function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

describe('how like its original a face has to stay', () => {
  // Strangers have 0.4 in common; photos of one person differ from pair to pair.
  const random = new Random('people');
  const people = Array.from({ length: 1500 }, () => {
    const own = unit(random.normals(128));
    const likeness = 0.3 + 0.6 * random.uniform();
    return [embedding(random, 0.4, own, likeness), embedding(random, 0.4, own, likeness)] as const;
  });
  const similarities = people.map(([a, b]) => cosineSimilarity(a, b)).sort((a, b) => a - b);
  const threshold = 0.6;
  const calibration = {
    thresholds: thresholdsAt(threshold, 0.65),
    genuine: {
      selection: 'made up',
      people: 1500,
      pairs: 1500,
      impostorMean: 0.4,
      quantiles: Array.from({ length: 201 }, (_, k) => similarities[Math.round((k / 200) * 1499)] ?? 0),
    },
  };

  test('counts the matches between the threshold and the next quantile', () => {
    // Even from 0 to 1 in steps of 0.005: at or above 0.6025 are 79.5 steps, of which half are lost at (0.6025 + 1) / 2.
    const quantiles = Array.from({ length: 201 }, (_, k) => k / 200);
    const even = {
      thresholds: thresholdsAt(0.6025, 0.7),
      genuine: { ...calibration.genuine, impostorMean: 0, quantiles },
    };
    expect(matchLimit(even, 0.5)?.similarity).toBeCloseTo(0.6025 / ((0.6025 + 1) / 2), 9);
  });

  test.each([0.98, 0.9, 0.7])('so that the share %s of matches with other photos is kept', (tar) => {
    const limit = matchLimit(calibration, tar);
    expect(limit?.tar).toBe(tar);
    // Changed in a direction that has nothing to do with the person until it is just as like its original as it must be.
    const wanted = limit?.similarity ?? 0;
    let [before, after] = [0, 0];
    for (const [photo, other] of people) {
      if (cosineSimilarity(photo, other) < threshold) continue;
      before++;
      const changed = changedTo(photo, wanted, random);
      expect(cosineSimilarity(changed, photo)).toBeCloseTo(wanted, 4);
      if (cosineSimilarity(changed, other) >= threshold) after++;
    }
    expect(before).toBeGreaterThan(700);
    expect(after / before).toBeGreaterThan(tar - 0.03);
    expect(after / before).toBeLessThan(tar + 0.03);
  });

  test('the more matches are to be kept, the more like it', () => {
    const limits = [0.5, 0.8, 0.9, 0.99].map((tar) => matchLimit(calibration, tar)?.similarity ?? 0);
    expect(limits).toEqual(limits.toSorted((a, b) => a - b));
    expect(Math.max(...limits)).toBeLessThan(1);
  });

  test('without genuine pairs a stricter threshold stands in, and without thresholds nothing does', () => {
    expect(matchLimit({ thresholds: calibration.thresholds }, 0.99)).toMatchObject({ similarity: 0.65, tar: null });
    expect(matchLimit(undefined, 0.99)).toBeUndefined();
  });

  test.each(['dlib', 'faceres'])('is shipped for %s', async (id) => {
    const path = new URL(`../../models/calibration/${id}.json`, import.meta.url);
    const { encoder } = JSON.parse(await (await import('node:fs/promises')).readFile(path, 'utf8'));
    const limit = matchLimit(await readCalibration(path, encoder), 0.9);
    expect(limit?.tar).toBe(0.9);
    expect(limit?.similarity).toBeGreaterThan(0.9);
  });
});

/** Keeps the direction that everybody has in common, and turns the rest away at random. */
function changedTo(photo: Float32Array, similarity: number, random: Random): Float32Array {
  const common = photo[0] ?? 0;
  const own = Float32Array.from(photo, (value, i) => (i === 0 ? 0 : value));
  const length = Math.hypot(...own);
  const away = random.normals(photo.length).map((value, i) => (i === 0 ? 0 : value));
  const along = away.reduce((sum, value, i) => sum + value * (own[i] ?? 0), 0) / length ** 2;
  const across = unit(away.map((value, i) => value - along * (own[i] ?? 0)));
  const cosine = (similarity - common ** 2) / length ** 2;
  return Float32Array.from(photo, (_, i) =>
    i === 0 ? common : cosine * (own[i] ?? 0) + length * Math.sqrt(1 - cosine ** 2) * (across[i] ?? 0),
  );
}
