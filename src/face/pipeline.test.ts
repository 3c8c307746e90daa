import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_FOLDER } from '../../test/fixtures/originals.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { splitOf } from '../data/splits.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { resizeImage } from '../image/resize.ts';
import { warpAffine } from '../image/warp.ts';
import { type FaceSessions, openFaceSessions } from '../runtime/bundled-sessions.ts';
import { alignmentMatrix, applyAffine, invertAffine } from './alignment.ts';
import { createFacePipeline, type FacePipeline } from './pipeline.ts';
import { assessQuality } from './quality.ts';

let cacheDir: string;
let sessions: FaceSessions;
let pipeline: FacePipeline;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-faces-'));
  sessions = await openFaceSessions({ cacheDir });
  pipeline = createFacePipeline(sessions);
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

const sample = async (number: number) => (await decodeImage(join(SAMPLE_FOLDER, `sample${number}.jpg`))).image;

/** The photo turned clockwise about its middle, on a canvas that holds all of it, and the map from the canvas to the photo. */
function turned(image: Image, degrees: number) {
  const side = Math.ceil(Math.hypot(image.widthPx, image.heightPx));
  const angle = (-degrees * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const middle = (side - 1) / 2;
  const [x, y] = [(image.widthPx - 1) / 2, (image.heightPx - 1) / 2];
  const matrix = [c, -s, x - (c - s) * middle, s, c, y - (s + c) * middle] as const;
  return { matrix, image: warpAffine(image, matrix, { widthPx: side, heightPx: side }) };
}

describe('detect', () => {
  // Counted by eye.
  it.each([
    [1, 3],
    [2, 3],
    [3, 3],
    [4, 4],
    [5, 5],
    [6, 4],
  ])('finds each face of sample %i once', async (number, count) => {
    const faces = await pipeline.detect(await sample(number));
    expect(faces).toHaveLength(count);
  });

  it.each([30, 60, 90])(
    'finds faces turned by %i degrees where they are, and says by how much they are turned',
    async (angle) => {
      const photo = await sample(6);
      const upright = await pipeline.detect(photo);
      const { image, matrix } = turned(photo, angle);
      const found = await pipeline.detect(image);
      expect(found).toHaveLength(upright.length);
      for (const face of upright) {
        const nose = applyAffine(invertAffine(matrix), face.landmarks[2]);
        const near = found.find(
          ({ landmarks }) => Math.hypot(landmarks[2].x - nose.x, landmarks[2].y - nose.y) < 0.1 * face.box.width,
        );
        expect(near, `a face near ${nose.x}, ${nose.y}`).toBeDefined();
        if (!near) continue;
        const roll = assessQuality(image, near).pose.roll - assessQuality(photo, face).pose.roll;
        expect(Math.abs(roll - angle)).toBeLessThan(8);
      }
    },
  );

  it('finds small faces in a large photo', async () => {
    const photo = await sample(6);
    const small = resizeImage(photo, 400, Math.round((400 * photo.heightPx) / photo.widthPx));
    const large = warpAffine(small, [1, 0, -700, 0, 1, -420], { widthPx: 1600, heightPx: 1200, border: 'replicate' });
    expect(await pipeline.detect(large)).toHaveLength(4);
  });

  it('finds none in noise and keeps only as many as asked', async () => {
    const noise = {
      widthPx: 300,
      heightPx: 200,
      data: Uint8Array.from({ length: 180000 }, (_, i) => (i * 7919) % 251),
    };
    expect(await pipeline.detect(noise)).toEqual([]);
    const faces = await pipeline.detect(await sample(6), { maxFaces: 2 });
    expect(faces).toHaveLength(2);
  });

  it('gives the same for the same photo', async () => {
    const photo = await sample(3);
    expect(await pipeline.detect(photo)).toEqual(await pipeline.detect(photo));
  });
});

describe('quality', () => {
  it('falls where a photo is blurred, dimmed or half hidden', async () => {
    const photo = await sample(6);
    const [face] = await pipeline.detect(photo);
    if (!face) throw new TypeError('no face');
    const clear = assessQuality(photo, face);
    const blurred = resizeImage(resizeImage(photo, 200, 160), photo.widthPx, photo.heightPx);
    expect(assessQuality(blurred, face).sharpness).toBeLessThan(clear.sharpness / 3);
    const dim = { ...photo, data: photo.data.map((value) => value / 3) };
    expect(assessQuality(dim, face).brightness).toBeCloseTo(clear.brightness / 3, 1);
    expect(assessQuality(dim, face).contrast).toBeLessThan(clear.contrast / 2);
    const hidden = {
      ...photo,
      data: photo.data.map((value, i) => (Math.floor(i / 3) % photo.widthPx > face.landmarks[2].x ? 90 : value)),
    };
    expect(assessQuality(hidden, face).asymmetry).toBeGreaterThan(clear.asymmetry + 0.2);
  });

  it('turns its yaw round in a mirror', async () => {
    const photo = await sample(3);
    const mirrored = warpAffine(photo, [-1, 0, photo.widthPx - 1, 0, 1, 0], photo);
    const yaws = (await pipeline.detect(photo)).map((face) => assessQuality(photo, face).pose.yaw);
    const mirroredYaws = (await pipeline.detect(mirrored)).map((face) => assessQuality(mirrored, face).pose.yaw);
    expect(mirroredYaws).toHaveLength(yaws.length);
    const [largest = 0] = yaws.toSorted((a, b) => Math.abs(b) - Math.abs(a));
    expect(mirroredYaws.some((yaw) => Math.abs(yaw + largest) < 6)).toBe(true);
  });
});

describe.skipIf(!SHARED_DATA)('landmarks on LFW', () => {
  it('lie within 5 % of the eye distance of those of another detector', async () => {
    const folder = SHARED_DATA ?? '';
    const rows = (await readFile(join(folder, 'lfw-labels/landmarks5.csv'), 'utf8')).trim().split('\n').slice(1);
    const chosen = rows
      .map((line) => line.split(','))
      .filter(([file = '']) => file.endsWith('_0003.jpg') && splitOf(file.split('/')[0] ?? '') === 'calibration');
    const errors: number[] = [];
    for (const [file = '', ...numbers] of chosen) {
      const image = await decodeImage(join(folder, 'lfw-250-subset/images', file)).catch(() => undefined);
      if (!image) continue;
      const known = numbers.slice(5, 15).map(Number);
      const points = [0, 1, 2, 3, 4].map((k) => ({ x: known[2 * k] ?? 0, y: known[2 * k + 1] ?? 0 }));
      const [left = { x: 0, y: 0 }, right = { x: 0, y: 0 }, nose = { x: 0, y: 0 }] = points;
      const eyes = Math.hypot(right.x - left.x, right.y - left.y);
      const found = (await pipeline.detect(image.image)).find(
        ({ landmarks }) => Math.hypot(landmarks[2].x - nose.x, landmarks[2].y - nose.y) < eyes,
      );
      expect(found, file).toBeDefined();
      found?.landmarks.forEach((point, k) => {
        errors.push(Math.hypot(point.x - (points[k]?.x ?? 0), point.y - (points[k]?.y ?? 0)) / eyes);
      });
    }
    expect(errors.length).toBeGreaterThan(50);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.05);
  });

  it('align as LFW’s own crops are aligned, within less than 3 px', async () => {
    const folder = SHARED_DATA ?? '';
    const name = 'Abdullah_Gul/Abdullah_Gul_0001.jpg';
    const { image } = await decodeImage(join(folder, 'lfw-250-subset/images', name));
    const { image: crop } = await decodeImage(join(folder, 'lfw-aligned112/images', name));
    const [face] = await pipeline.detect(image);
    if (!face) throw new TypeError('no face');
    const aligned = warpAffine(image, alignmentMatrix(face.landmarks), { widthPx: 112, heightPx: 112 });
    const shifted = warpAffine(crop, [1, 0, 3, 0, 1, 0], { widthPx: 112, heightPx: 112, border: 'replicate' });
    expect(correlation(aligned.data, crop.data)).toBeGreaterThan(correlation(shifted.data, crop.data));
  });
});

function correlation(a: Uint8Array, b: Uint8Array): number {
  const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [p, q] = [mean(a), mean(b)];
  let [product, left, right] = [0, 0, 0];
  a.forEach((value, i) => {
    const other = (b[i] ?? 0) - q;
    product += (value - p) * other;
    left += (value - p) ** 2;
    right += other ** 2;
  });
  return product / Math.sqrt(left * right);
}
