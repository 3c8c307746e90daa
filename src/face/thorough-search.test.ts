import { expect, test } from 'vitest';
import type { Image } from '../image/image.ts';
import type { Face } from './face.ts';
import type { FacePipeline } from './pipeline.ts';
import { findAllFaces } from './thorough-search.ts';

const PHOTO: Image = { widthPx: 1, heightPx: 1, data: new Uint8Array(3) };
const POINT = { x: 0, y: 0 };
const faceAt = (x: number, width: number, confidence: number): Face => ({
  box: { x, y: 0, width, height: width },
  confidence,
  landmarks: [POINT, POINT, POINT, POINT, POINT],
  mesh: [],
});

/** A pipeline that sees these at first, and those when it looks at all sizes. */
const pipelineOf = (seen: readonly Face[], closer: readonly Face[]): FacePipeline => ({
  detect: async (_, { minConfidence = 0.5, allSizes = false } = {}) =>
    (allSizes ? closer : seen).filter(({ confidence }) => confidence >= minConfidence),
});
const places = (faces: readonly Face[]): number[] => faces.map(({ box }) => box.x);

test('small faces beside a large one are faces where they are sure, and may be faces where not', async () => {
  const large = faceAt(0, 800, 0.9);
  const closer = [faceAt(5, 790, 0.95), faceAt(2000, 90, 0.8), faceAt(3000, 60, 0.6), faceAt(3500, 60, 0.4)];
  const { faces, possible } = await findAllFaces(pipelineOf([large], closer), PHOTO);
  expect(places(faces)).toEqual([0, 2000]);
  expect(places(possible)).toEqual([3000]);
});

test('what only may be a face at first is one where the closer search is sure; the largest comes first', async () => {
  const seen = [faceAt(0, 100, 0.9), faceAt(500, 200, 0.4), faceAt(1000, 50, 0.35)];
  const { faces, possible } = await findAllFaces(pipelineOf(seen, [faceAt(505, 190, 0.9)]), PHOTO);
  expect(places(faces)).toEqual([505, 0]);
  expect(places(possible)).toEqual([1000]);
});
