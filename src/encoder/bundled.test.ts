import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { viewOfCanonical } from '../face/alignment.ts';
import { decodeImage } from '../image/decode.ts';
import { warpAffine } from '../image/warp.ts';
import { BUNDLED_ENCODERS, openBundledEncoder } from './bundled.ts';

let cacheDir: string;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-encoders-'));
});

afterAll(() => rm(cacheDir, { recursive: true, force: true }));

const PEOPLE = ['Colin_Powell', 'Hugo_Chavez', 'Serena_Williams', 'Jennifer_Capriati', 'Ariel_Sharon', 'Winona_Ryder'];
const IMAGES = 5;

describe.skipIf(!SHARED_DATA)('a bundled encoder', () => {
  it.each(BUNDLED_ENCODERS)('%s finds the other photos of a person among all', async (name) => {
    const folder = join(SHARED_DATA ?? '', 'lfw-aligned112/images');
    const encoder = await openBundledEncoder(name, { cacheDir });
    const faces = await Promise.all(
      PEOPLE.flatMap((person) =>
        Array.from({ length: IMAGES }, async (_, i) => {
          const { image } = await decodeImage(join(folder, person, `${person}_${String(i + 1).padStart(4, '0')}.jpg`));
          return warpAffine(image, viewOfCanonical(encoder.view), { ...encoder.view, border: 'replicate' });
        }),
      ),
    );
    const embeddings = (await encoder.embed(faces)).map(normalised);
    const nearest = embeddings.map((probe, i) => {
      const similarities = embeddings.map((other, j) => (i === j ? -1 : dot(probe, other)));
      return similarities.indexOf(Math.max(...similarities));
    });
    const right = nearest.filter((j, i) => Math.floor(i / IMAGES) === Math.floor(j / IMAGES)).length;
    expect(right).toBeGreaterThanOrEqual(PEOPLE.length * IMAGES - 1);
    expect(embeddings[0]).toHaveLength(encoder.embeddingSize);
    expect(encoder.hash).toMatch(/^[0-9a-f]{64}$/);
    await encoder.close();
  });
});

function normalised(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
