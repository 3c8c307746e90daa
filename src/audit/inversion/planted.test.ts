import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../../test/fixtures/evaluate.ts';
import { judgeEncoder } from '../../encoder/knowledge.ts';
import type { Image } from '../../image/image.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import { Random } from '../../util/random.ts';
import { plantedStrongEncoder, plantedWeakEncoder } from './planted.ts';

const random = new Random(4);
const noise = (): Image => ({
  widthPx: 112,
  heightPx: 112,
  data: Uint8Array.from({ length: 3 * 112 * 112 }, () => random.integer(256)),
});

describe('the planted weak encoder', () => {
  test('gives the averages of 7x7 px, 16x16 of each channel, about grey', async () => {
    const encoder = await plantedWeakEncoder();
    const faces = [noise(), noise()];
    const embeddings = await encoder.embed(faces);
    faces.forEach(({ data }, n) => {
      const expected = Array.from({ length: 768 }, (_, i) => {
        const [channel, row, column] = [Math.floor(i / 256), Math.floor((i % 256) / 16), i % 16];
        let sum = 0;
        for (let y = 7 * row; y < 7 * row + 7; y++)
          for (let x = 7 * column; x < 7 * column + 7; x++) sum += data[3 * (112 * y + x) + channel] as number;
        return sum / 49 / 255 - 0.5;
      });
      expect(largestDifference(embeddings[n] ?? [], expected)).toBeLessThan(1e-5);
    });
    expect(encoder.queries).toBe(2);
    await encoder.close();
  });

  test('can be attacked white-box', async () => {
    const encoder = await plantedWeakEncoder();
    expect(judgeEncoder(encoder).access).toBe('white-box');
    await encoder.close();
  });
});

describe('the planted strong encoder', () => {
  test('gives equal pixels equal embeddings, and one changed pixel an unrelated one', async () => {
    const encoder = plantedStrongEncoder();
    const face = noise();
    const [own, copy] = await encoder.embed([face, { ...face, data: face.data.slice() }]);
    expect(copy).toEqual(own);
    // The last pixel of each row in turn: 128 normal numbers have a similarity of deviation 0.09.
    const changed = await encoder.embed(
      Array.from({ length: 40 }, (_, row) => {
        const data = face.data.slice();
        data[3 * 112 * (row + 1) - 1] = (data[3 * 112 * (row + 1) - 1] as number) ^ 1;
        return { ...face, data };
      }),
    );
    const similarities = changed.map((embedding) => cosineSimilarity(embedding, own as Float32Array));
    expect(Math.max(...similarities.map(Math.abs))).toBeLessThan(0.4);
    expect(Math.abs(similarities.reduce((sum, value) => sum + value, 0) / 40)).toBeLessThan(0.06);
    expect(encoder.queries).toBe(42);
    expect(encoder.graph).toBeUndefined();
  });

  test('different faces have different embeddings', async () => {
    const embeddings = await plantedStrongEncoder().embed(Array.from({ length: 30 }, noise));
    expect(new Set(embeddings.map(String)).size).toBe(30);
  });
});
