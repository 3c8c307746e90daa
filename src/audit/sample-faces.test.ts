import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaceSample } from '../data/sample.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { CANONICAL_POINTS } from '../face/alignment.ts';
import type { Face } from '../face/face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { encodePng } from '../image/encode.ts';
import type { Image } from '../image/image.ts';
import { InterruptedError } from '../util/errors.ts';
import { embedSamples } from './sample-faces.ts';

const VIEW = { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 112, heightPx: 112 };

/** Its embedding is the face's mean colour: red, green, blue. */
const MEAN_COLOUR: Encoder = {
  id: 'mean colour',
  hash: 'c0',
  embeddingSize: 3,
  view: VIEW,
  queries: 0,
  embed: async (faces) => faces.map(meanColour),
  close: async () => {},
};

/** Finds one face that stands `offset` px right of and below the corner, where the photo is large enough to have it. */
function pipelineAt(offset: number): FacePipeline {
  const landmarks = CANONICAL_POINTS.map(({ x, y }) => ({ x: x + offset, y: y + offset }));
  const [leftEye, rightEye, nose, left, right] = landmarks;
  if (!leftEye || !rightEye || !nose || !left || !right) throw new TypeError('five points are needed');
  const box = { x: offset, y: offset, width: 112, height: 112 };
  const face: Face = { box, confidence: 1, landmarks: [leftEye, rightEye, nose, left, right], mesh: [] };
  return { detect: async ({ widthPx }) => (widthPx >= offset + 112 ? [face] : []) };
}

function meanColour({ data }: Image): Float32Array {
  const sum = new Float32Array(3);
  for (const [i, value] of data.entries()) sum[i % 3] = (sum[i % 3] ?? 0) + value / (data.length / 3);
  return sum;
}

/** Black, with a square of 112 px in red at `offset`. */
function photoWithSquare(sidePx: number, offset: number): Image {
  const data = new Uint8Array(3 * sidePx * sidePx);
  for (let y = offset; y < Math.min(sidePx, offset + 112); y++) {
    for (let x = offset; x < Math.min(sidePx, offset + 112); x++) data[3 * (y * sidePx + x)] = 200;
  }
  return { widthPx: sidePx, heightPx: sidePx, data };
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-test-'));
  await writeFile(join(folder, 'photo.png'), await encodePng(photoWithSquare(200, 50)));
  await writeFile(join(folder, 'aligned.png'), await encodePng(photoWithSquare(112, 0)));
  await writeFile(join(folder, 'faceless.png'), await encodePng(photoWithSquare(100, 0)));
  await writeFile(join(folder, 'broken.png'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sample = (id: string, aligned = false): FaceSample => ({ id, person: 'ann', path: join(folder, id), aligned });

test('faces are found and cut out, aligned ones are taken as they are, and the batch goes on after a bad photo', async () => {
  const samples = [sample('photo.png'), sample('broken.png'), sample('faceless.png'), sample('aligned.png', true)];
  const reported: string[] = [];
  const { embeddings, skipped } = await embedSamples(samples, MEAN_COLOUR, {
    openPipeline: async () => pipelineAt(50),
    onSkipped: ({ reason }) => reported.push(reason),
  });
  expect([...embeddings.keys()]).toEqual(['photo.png', 'aligned.png']);
  for (const embedding of embeddings.values()) expect(embedding[0]).toBeCloseTo(200, 0);
  expect(skipped.map((photo) => photo.sample.id).sort()).toEqual(['broken.png', 'faceless.png']);
  expect(reported.join()).toContain('no face was found');
});

test('the pipeline is not opened for aligned photos', async () => {
  const openPipeline = () => Promise.reject(new TypeError('opened'));
  const { embeddings } = await embedSamples([sample('aligned.png', true)], MEAN_COLOUR, { openPipeline });
  expect(embeddings.size).toBe(1);
});

test('it stops between batches on request', async () => {
  const controller = new AbortController();
  controller.abort();
  const options = { openPipeline: async () => pipelineAt(0), signal: controller.signal };
  await expect(embedSamples([sample('photo.png')], MEAN_COLOUR, options)).rejects.toThrow(InterruptedError);
});
