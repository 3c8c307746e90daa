import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStore } from '../../../test/fixtures/audit.ts';
import type { FaceSample } from '../../data/sample.ts';
import { CANONICAL_POINTS } from '../../face/alignment.ts';
import type { Face, FivePoints } from '../../face/face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import { encodePng } from '../../image/encode.ts';
import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import { toPlanar } from '../../image/tensor.ts';
import { psnr } from '../../metric/image-quality.ts';
import { type AttributeFace, readAttributeFaces } from './faces.ts';
import { readProtected } from './protected-photos.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-faces-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two gentle slopes, so that a crop tells where it was taken. */
const SLOPES: Image = {
  widthPx: 200,
  heightPx: 160,
  data: Uint8Array.from({ length: 3 * 200 * 160 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 200, Math.floor(i / 600)];
    return [x, y, (x + y) / 2][i % 3] as number;
  }),
};

/** Where the face is in a photo of that size: to the right of the middle. */
const [a, b, c, d, e] = CANONICAL_POINTS.map(({ x, y }) => ({ x: x + 70, y: y + 20 }));
const LANDMARKS = [a, b, c, d, e] as unknown as FivePoints;

/** Finds the face in photos of the original's size alone. */
const pipeline: FacePipeline = {
  detect: async ({ widthPx }): Promise<Face[]> =>
    widthPx === SLOPES.widthPx
      ? [{ box: { x: 0, y: 0, width: 1, height: 1 }, confidence: 1, landmarks: LANDMARKS, mesh: [] }]
      : [],
};

async function sampleOf(id: string, photo: Image | string): Promise<FaceSample> {
  const path = join(folder, id);
  await writeFile(path, typeof photo === 'string' ? photo : await encodePng(photo));
  return { id, person: id, path, aligned: false, attributes: {} };
}

const reading = { encoders: [], openPipeline: async () => pipeline, onRejected: () => {} };

test.each([
  [2, 2],
  [0.75, 0.75],
  [1.5, 1],
])(
  'a face that is not found is cut out where it was, though the photo is %d times as wide and %d times as high',
  async (wide, high) => {
    const original = await sampleOf('original.png', SLOPES);
    const photo = resizeImage(SLOPES, SLOPES.widthPx * wide, SLOPES.heightPx * high);
    const changed = await sampleOf('changed.png', photo);
    const { faces: originals } = await readAttributeFaces([original], {
      ...reading,
      stage: 'originals',
      store: memoryStore(),
    });
    const units: number[] = [];
    const store = memoryStore();
    const again = () =>
      readAttributeFaces([original], {
        ...reading,
        stage: 'changed',
        store,
        pathOf: () => changed.path,
        originals: new Map(originals.map((face) => [face.id, face])),
        transform: async (image, unitPx) => {
          units.push(unitPx);
          return image;
        },
      });
    const { faces } = await again();
    const [before, after] = [originals[0], faces[0]] as [AttributeFace, AttributeFace];
    expect(after).toMatchObject({ isFound: false, photo: { widthPx: photo.widthPx, heightPx: photo.heightPx } });
    const [left] = after.place as FivePoints;
    expect(left.x).toBeCloseTo((LANDMARKS[0].x + 0.5) * wide - 0.5, 9);
    expect(left.y).toBeCloseTo((LANDMARKS[0].y + 0.5) * high - 0.5, 9);
    // What is done to the photo is done by the size of the face in it.
    if (wide === high) expect(units).toEqual([expect.closeTo(wide, 9)]);
    // The crop shows the same: of the original's own coordinates it would be some 20 dB off.
    if (wide === high) expect(psnr(toPlanar([before.portrait]), toPlanar([after.portrait]))).toBeGreaterThan(40);
    expect((await again()).faces).toEqual(faces);
  },
);

test('protected photos that are missing or unreadable are named; those of originals that were not read are not', async () => {
  const [good, missing, broken, gone] = [
    await sampleOf('good.png', SLOPES),
    await sampleOf('missing.png', SLOPES),
    await sampleOf('broken.png', SLOPES),
    await sampleOf('gone.png', 'no photo'),
  ];
  const samples = { train: [good, broken], calibration: [good], test: [good, missing, broken, gone] };
  const store = memoryStore();
  const of = async (side: 'train' | 'calibration' | 'test') =>
    (await readAttributeFaces(samples[side], { ...reading, stage: side, store })).faces;
  const originals = { train: await of('train'), calibration: await of('calibration'), test: await of('test') };
  const noPhoto = (await sampleOf('no-photo.png', 'no photo')).path;
  const pathOf = ({ id, path }: FaceSample): string | undefined =>
    id === missing.id ? undefined : id === broken.id ? noPhoto : path;
  const read = () => readProtected(samples, originals, { ...reading, store }, pathOf);
  const { leftOut, test: faces, transformed } = await read();
  expect(leftOut).toEqual({
    train: [{ id: 'broken.png', reason: 'unreadable' }],
    calibration: [],
    test: [
      { id: 'missing.png', reason: 'missing' },
      { id: 'broken.png', reason: 'unreadable' },
    ],
  });
  expect(faces.map(({ id }) => id)).toEqual(['good.png']);
  expect([...transformed.values()].map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  // Resumed, where nothing is read again.
  expect((await read()).leftOut).toEqual(leftOut);
});
