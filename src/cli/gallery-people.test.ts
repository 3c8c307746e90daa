import { afterAll, beforeAll, expect, test } from 'vitest';
import { convolutionalEncoder } from '../../test/fixtures/evasion.ts';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import type { ReferencePhotos } from '../audit/protection/reference-photos.ts';
import type { TestEncoder } from '../audit/protection/retest.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { CANONICAL_POINTS } from '../face/alignment.ts';
import type { Face, FivePoints } from '../face/face.ts';
import { cosineSimilarity } from '../metric/similarity.ts';
import { Random } from '../util/random.ts';
import { recogniser } from './gallery-people.ts';

const PHOTO = wavyImage(520, 150, new Random('photo'));
const faceAt = (x: number): Face => ({
  box: { x, y: 10, width: 112, height: 112 },
  confidence: 1,
  landmarks: CANONICAL_POINTS.map((point) => ({ x: x + point.x, y: 10 + point.y })) as unknown as FivePoints,
  mesh: [],
});
const FACES = [faceAt(10), faceAt(150), faceAt(300)];

let encoder: Encoder;
let embeddings: Float32Array[];
beforeAll(async () => {
  encoder = await convolutionalEncoder();
  embeddings = await encoder.embed(FACES.map(({ landmarks }) => alignedFace(PHOTO, landmarks, encoder.view)));
});
afterAll(() => encoder.close());

const galleryOf = (people: Readonly<Record<string, readonly (Float32Array | undefined)[]>>): ReferencePhotos => ({
  people: new Set(Object.keys(people)),
  of: (person) => [{ own: (people[person ?? ''] ?? []).flatMap((one) => one ?? []), others: [] }],
});
const judged = (similarity: number): TestEncoder => ({
  encoder,
  role: 'used',
  threshold: {
    similarity,
    fmr: 1e-3,
    impostorPairs: 1,
    interval: { successes: 0, trials: 1, rate: 0, low: 0, high: 1 },
    dataset: 'none',
    encoder: encoder.id,
  },
});

test('each face is whom it is most like, nobody twice, and nobody below the threshold', async () => {
  const [first, second, third] = embeddings;
  const gallery = galleryOf({ ann: [first], bob: [third] });
  expect(await recogniser(gallery, [judged(0.9999)])(PHOTO, FACES)).toEqual(['ann', undefined, 'bob']);
  // All three are like ann enough; only the one most like her is she.
  const lenient = Math.min(
    ...[second, third].map((one) => cosineSimilarity(first ?? new Float32Array(), one ?? new Float32Array())),
  );
  expect(await recogniser(galleryOf({ ann: [first] }), [judged(lenient - 0.01)])(PHOTO, FACES)).toEqual([
    'ann',
    undefined,
    undefined,
  ]);
});

test('without a gallery or a threshold nobody is known', async () => {
  expect(await recogniser(undefined, [judged(0)])(PHOTO, FACES)).toEqual([undefined, undefined, undefined]);
  const unknown = { ...judged(0), threshold: undefined };
  expect(await recogniser(galleryOf({ ann: [embeddings[0]] }), [unknown])(PHOTO, FACES)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
