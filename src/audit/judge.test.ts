import { describe, expect, test } from 'vitest';
import { fakeEncoder, meanColourEncoder, photo, plain } from '../../test/fixtures/audit.ts';
import type { Image } from '../image/image.ts';
import { cosineSimilarity } from '../metric/similarity.ts';
import { InterruptedError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { createJudge, measureThresholds } from './judge.ts';
import type { AuditFace } from './subjects.ts';

describe('createJudge', () => {
  test('sends each face once, in whatever order and however often it is asked for', async () => {
    const encoder = meanColourEncoder();
    const judge = createJudge(encoder);
    const [red, blue] = [photo('a', 1, [200, 0, 0]), photo('b', 1, [0, 0, 200])];
    expect(await judge.embed([red, blue, red])).toEqual([
      Float32Array.of(200, 0, 0),
      Float32Array.of(0, 0, 200),
      Float32Array.of(200, 0, 0),
    ]);
    expect(await judge.embed([blue, red])).toEqual([Float32Array.of(0, 0, 200), Float32Array.of(200, 0, 0)]);
    expect(encoder.queries).toBe(2);
  });

  test('cuts the encoder’s view out of pictures of any size', async () => {
    const seen: Image[] = [];
    const encoder = fakeEncoder('size', 1, (image) => {
      seen.push(image);
      return Float32Array.of(1);
    });
    await createJudge(encoder).embedImages([plain([9, 9, 9], 128), plain([9, 9, 9], 40)]);
    expect(seen.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
      [16, 16],
      [16, 16],
    ]);
  });

  test('embeds more pictures than a chunk, in order', async () => {
    const images = Array.from({ length: 130 }, (_, i) => plain([i, 1, 0]));
    const embeddings = await createJudge(meanColourEncoder()).embedImages(images);
    expect(embeddings.map(([red]) => red)).toEqual(images.map((_, i) => i));
  });

  test('stops on request', async () => {
    await expect(
      createJudge(meanColourEncoder()).embedImages([plain([1, 1, 1])], { signal: AbortSignal.abort() }),
    ).rejects.toThrow(InterruptedError);
  });
});

describe('measureThresholds', () => {
  const random = new Random(3);
  /** Two photos of each person, in colours of their own. */
  const crowd = (people: number): AuditFace[] =>
    Array.from({ length: people }, (_, n) => {
      const colour = [random.integer(256), random.integer(256), 1 + random.integer(255)] as const;
      return [photo(`person ${n}`, 1, [1, 2, 3]), photo(`person ${n}`, 2, colour)];
    }).flat();

  test('lie where one in a hundred and one in a thousand pairs of different people are accepted, and no lower', async () => {
    const faces = crowd(150);
    const thresholds = await measureThresholds(createJudge(meanColourEncoder()), faces, 'colours');
    // The last face of each person counts; all pairs of different people, from first principles.
    const embeddings = faces
      .filter((_, i) => i % 2 === 1)
      .map(({ image }) => Float32Array.from(image.data.subarray(0, 3)));
    const similarities = embeddings.flatMap((one, i) =>
      embeddings.slice(i + 1).map((other) => cosineSimilarity(one, other)),
    );
    expect(similarities).toHaveLength((150 * 149) / 2);
    expect(thresholds?.map(({ fmr }) => fmr)).toEqual([1e-2, 1e-3]);
    for (const { fmr, similarity, impostorPairs, dataset, encoder } of thresholds ?? []) {
      expect([impostorPairs, dataset, encoder]).toEqual([similarities.length, 'colours', 'mean colour']);
      const accepted = (level: number) => similarities.filter((value) => value >= level).length / similarities.length;
      expect(accepted(similarity + 1e-6)).toBeLessThanOrEqual(fmr);
      expect(accepted(similarity - 1e-4)).toBeGreaterThan(0.8 * fmr);
    }
  });

  test('are not made from fewer pairs than ten for each that may be accepted', async () => {
    // 141 people make 9,870 pairs, 142 make 10,011.
    expect(await measureThresholds(createJudge(meanColourEncoder()), crowd(141), 'colours')).toBeUndefined();
    expect(await measureThresholds(createJudge(meanColourEncoder()), crowd(142), 'colours')).toHaveLength(2);
    expect(await measureThresholds(createJudge(meanColourEncoder()), [], 'colours')).toBeUndefined();
  });

  test('go down to one in ten thousand where there are ten pairs for each of those', async () => {
    // 448 people make 100,128 pairs.
    const thresholds = await measureThresholds(createJudge(meanColourEncoder()), crowd(448), 'colours');
    expect(thresholds?.map(({ fmr }) => fmr)).toEqual([1e-2, 1e-3, 1e-4]);
  });
});
