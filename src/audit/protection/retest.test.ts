import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convolutionalEncoder } from '../../../test/fixtures/evasion.ts';
import { wavyImage } from '../../../test/fixtures/image-files.ts';
import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { CANONICAL_POINTS } from '../../face/alignment.ts';
import type { Face, FivePoints } from '../../face/face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Image } from '../../image/image.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { makeReceipt } from './make-receipt.ts';
import { readReceipt, writeReceipt } from './receipt.ts';
import { retestFace, type TestEncoder } from './retest.ts';
import { TRANSFORMATION_NAMES } from './transformations.ts';
import { judgeFace } from './verdict.ts';

/** The face fills the middle; its surroundings of one box each side are the whole photo. */
const PHOTO = wavyImage(360, 360, new Random('clean'));
const OTHER: Image = { ...PHOTO, data: PHOTO.data.map((value, i) => (i % 3 === 0 ? 255 - value : value >> 1)) };
const FACE: Face = {
  box: { x: 124, y: 124, width: 112, height: 112 },
  confidence: 1,
  landmarks: CANONICAL_POINTS.map(({ x, y }) => ({ x: x + 124, y: y + 124 })) as unknown as FivePoints,
  mesh: [],
};

/** Finds the face where it is in the middle of any picture, unless told not to. */
const pipelineOf = (finds = true): FacePipeline => ({
  detect: async ({ widthPx }: Image) => {
    const scale = widthPx / 336;
    if (!finds) return [];
    const place = (value: number): number => (value - 12 + 0.5) * scale - 0.5;
    const box = { x: 112 * scale, y: 112 * scale, width: 112 * scale, height: 112 * scale };
    const landmarks = FACE.landmarks.map(({ x, y }) => ({ x: place(x), y: place(y) })) as unknown as FivePoints;
    return [{ ...FACE, box, landmarks }];
  },
});

const THRESHOLD: Threshold = {
  similarity: 0.95,
  fmr: 1e-3,
  dataset: 'none',
  encoder: 'convolutional',
  impostorPairs: 1000,
  interval: { successes: 1, trials: 1000, rate: 1e-3, low: 0, high: 1e-2 },
};

let encoder: Encoder;
let encoders: TestEncoder[];
let own: Float32Array;
let other: Float32Array;
beforeAll(async () => {
  encoder = await convolutionalEncoder();
  encoders = [{ encoder, role: 'held-out', threshold: THRESHOLD }];
  const [a, b] = await encoder.embed([PHOTO, OTHER].map((one) => alignedFace(one, FACE.landmarks, encoder.view)));
  own = a ?? new Float32Array();
  other = b ?? new Float32Array();
});
afterAll(() => encoder.close());

describe('a face tested again', () => {
  test('an unchanged photo is recognised after every transformation, and first in the gallery', async () => {
    const references = [{ own: [own], others: [{ person: 'b', embedding: other }] }];
    const tests = await retestFace({ photo: PHOTO, clean: PHOTO, face: FACE, references }, encoders, {
      pipeline: pipelineOf(),
    });
    expect(tests.map(({ transformation }) => transformation)).toEqual(TRANSFORMATION_NAMES);
    for (const { recognised, recognisedBefore, rank, faceFound, samePhoto, otherPhotos } of tests) {
      expect({ recognised, recognisedBefore, faceFound }).toEqual({
        recognised: true,
        recognisedBefore: true,
        faceFound: true,
      });
      expect(rank).toEqual({ people: 2, before: 1, after: 1 });
      expect(samePhoto).toBeCloseTo(otherPhotos?.after.best ?? 0, 3);
      expect(otherPhotos?.before).toEqual(otherPhotos?.after);
    }
    expect(tests[0]?.samePhoto).toBeCloseTo(1, 5);
    // Blur changes what the encoder sees.
    expect(tests.at(-1)?.samePhoto).toBeLessThan(0.99999);
  });

  test('the face of another person is not, and comes behind that person', async () => {
    const references = [{ own: [own], others: [{ person: 'b', embedding: other }] }];
    const tests = await retestFace({ photo: OTHER, clean: PHOTO, face: FACE, references }, encoders, {
      pipeline: pipelineOf(),
    });
    expect(tests[0]?.samePhoto).toBeCloseTo(cosineSimilarity(own, other), 2);
    expect(cosineSimilarity(own, other)).toBeLessThan(THRESHOLD.similarity);
    for (const { recognised, rank } of tests)
      expect({ recognised, after: rank?.after }).toEqual({ recognised: false, after: 2 });
    const judged = judgeFace(tests, [{ id: encoder.id, hash: '', role: 'held-out', threshold: null }]);
    expect(judged.verdict).toBe('untested');
  });

  test('a face that the detector loses is cut out where it was', async () => {
    const face = { photo: PHOTO, clean: undefined, face: FACE, references: [{ own: [own], others: [] }] };
    const [lost] = await retestFace(face, encoders, { pipeline: pipelineOf(false) });
    expect(lost).toMatchObject({
      faceFound: false,
      recognised: true,
      recognisedBefore: null,
      samePhoto: null,
      rank: null,
    });
  });

  test('without a threshold there are similarities and no decision', async () => {
    const [test] = await retestFace(
      { photo: PHOTO, clean: PHOTO, face: FACE, references: [] },
      [{ encoder, role: 'held-out', threshold: undefined }],
      { pipeline: pipelineOf() },
    );
    expect(test).toMatchObject({ recognised: null, recognisedBefore: null, otherPhotos: null });
  });

  test('stops on request', async () => {
    const face = { photo: PHOTO, clean: PHOTO, face: FACE, references: [] };
    const stopped = retestFace(face, encoders, { pipeline: pipelineOf(), signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(InterruptedError);
  });
});

test('a receipt is whole: it passes its schema, says its limits, and holds no embedding', async () => {
  const size = { widthPx: PHOTO.widthPx, heightPx: PHOTO.heightPx };
  const receipt = await makeReceipt(
    {
      kind: 'cloak',
      faceward: '0',
      options: 'a'.repeat(64),
      input: { name: 'a.jpg', sha256: 'b'.repeat(64), ...size },
      output: { name: 'a.jpg', sha256: 'c'.repeat(64), ...size },
      cloak: { strength: 'mid', dssim: 0.007, steps: 1, seed: 1 },
      photo: OTHER,
      clean: PHOTO,
      faces: [{ face: FACE, cloak: { dssim: 0.007, largestChange: 9, seconds: 1 } }],
      encoders,
      references: { people: new Set(['ann']), of: () => [{ own: [own], others: [] }] },
      person: 'ann',
    },
    { pipeline: pipelineOf() },
  );
  expect(receipt).toMatchObject({ verdict: 'protects', faces: [{ person: 'ann', verdict: 'protects' }] });
  expect(receipt.limits.join(' ')).toMatch(/already public.*trained again/);
  const text = writeReceipt(receipt);
  expect(readReceipt(text, 'a receipt')).toEqual(receipt);
  expect(text).not.toContain(String(own[0]).slice(0, 8));
  expect(() => readReceipt(text.replace('"protects"', '"safe"'), 'x')).toThrow(/x is no receipt/);
  expect(() => readReceipt('{', 'x')).toThrow('x is no JSON');
});
