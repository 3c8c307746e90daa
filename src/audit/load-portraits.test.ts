import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flatImage, imageOf, pixelAt } from '../../test/fixtures/image-files.ts';
import type { FaceSample } from '../data/sample.ts';
import { CANONICAL_POINTS } from '../face/alignment.ts';
import type { FivePoints, Point } from '../face/face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { encodePng } from '../image/encode.ts';
import { loadPortraits } from './load-portraits.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-portraits-'));
  // Red grows to the right by one a pixel, green downwards.
  const rows = Array.from({ length: 240 }, (_, y) => Array.from({ length: 240 }, (_, x) => [x, y, 7] as const));
  await writeFile(join(folder, 'slopes.png'), await encodePng(imageOf(rows)));
  await writeFile(join(folder, 'aligned.png'), await encodePng(flatImage(112, 112, [10, 20, 30])));
  await writeFile(join(folder, 'broken.png'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sample = (name: string, more: Partial<FaceSample> = {}): FaceSample => ({
  id: name,
  person: 'Ann',
  path: join(folder, name),
  aligned: false,
  ...more,
});

/** Finds one face: the canonical one, shifted by 60 px to the right and 70 px down. */
const shifted = CANONICAL_POINTS.map(({ x, y }): Point => ({ x: x + 60, y: y + 70 }));
const pipeline: FacePipeline = {
  detect: async () => [
    {
      box: { x: 60, y: 70, width: 112, height: 112 },
      confidence: 1,
      landmarks: shifted as unknown as FivePoints,
      mesh: [],
    },
  ],
};

test('cuts the canonical frame with its margin out of a photo, and keeps what is known of it', async () => {
  const attributes = { Male: true, Young: false };
  const { faces, rejected } = await loadPortraits([sample('slopes.png', { attributes })], {
    openPipeline: async () => pipeline,
    sizePx: 141,
  });
  expect(rejected).toBe(0);
  expect(faces).toMatchObject([
    { id: 'slopes.png', person: 'Ann', attributes, portrait: { widthPx: 141, heightPx: 141 } },
  ]);
  // At 141 px, one pixel is one unit: the frame's corner at -14.6, -13.3 is the photo's 45.4, 56.7.
  const [red, green, blue] = pixelAt(faces[0]?.portrait ?? flatImage(1, 1, [0, 0, 0]), 100, 40);
  expect(Math.abs(red - (60 - 14.6 + 100))).toBeLessThan(1.5);
  expect(Math.abs(green - (70 - 13.3 + 40))).toBeLessThan(1.5);
  expect(blue).toBe(7);
});

test('leaves out what cannot be read or shows nobody, and says so', async () => {
  const told: string[] = [];
  let opened = 0;
  const { faces, rejected } = await loadPortraits(
    [sample('broken.png'), sample('slopes.png'), sample('aligned.png', { aligned: true })],
    {
      openPipeline: async () => {
        opened++;
        return { detect: async () => [] };
      },
      onRejected: ({ id }, reason) => told.push(`${id}: ${reason}`),
    },
  );
  expect(rejected).toBe(2);
  expect(opened).toBe(1);
  expect(told).toEqual([expect.stringContaining('broken.png'), expect.stringMatching(/slopes.png: no face was found/)]);
  expect(faces.map(({ id, attributes }) => [id, attributes])).toEqual([['aligned.png', {}]]);
  expect(pixelAt(faces[0]?.portrait ?? flatImage(1, 1, [0, 0, 0]), 0, 0)).toEqual([10, 20, 30]);
});
