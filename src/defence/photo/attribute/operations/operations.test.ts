import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_FOLDER } from '../../../../../test/fixtures/originals.ts';
import type { Face, Point } from '../../../../face/face.ts';
import { FACE_OUTLINES, meshPoint, meshPoints } from '../../../../face/face-regions.ts';
import { createFacePipeline } from '../../../../face/pipeline.ts';
import { decodeImage } from '../../../../image/decode.ts';
import type { Image } from '../../../../image/image.ts';
import { toOklab } from '../../../../image/oklab.ts';
import { cropImage, resizeImage } from '../../../../image/resize.ts';
import { openFaceSessions } from '../../../../runtime/bundled-sessions.ts';
import { Random } from '../../../../util/random.ts';
import type { FaceOperation } from './operation.ts';
import { FACE_OPERATIONS } from './operations.ts';
import { findSkin, skinAt } from './skin.ts';

/** A group photo in which a face is some 80 pixels wide. */
const WIDTH_PX = 720;

let photo: Image;
let face: Face;

beforeAll(async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'faceward-operations-'));
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
  const group = resizeImage(image, WIDTH_PX, Math.round((WIDTH_PX * image.heightPx) / image.widthPx));
  const sessions = await openFaceSessions({ cacheDir });
  const [found] = await createFacePipeline(sessions).detect(group);
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
  if (!found) throw new TypeError('the sample shows no face');
  // The one face with room for all that may change: the neighbours would only cost time.
  const { x, y, width, height } = found.box;
  const [left, top] = [Math.max(0, Math.floor(x - 0.9 * width)), Math.max(0, Math.floor(y - 0.9 * height))];
  const [right, bottom] = [Math.min(WIDTH_PX, x + 1.9 * width), Math.min(group.heightPx, y + 2.1 * height)];
  photo = cropImage(group, { x: left, y: top, width: Math.floor(right - left), height: Math.floor(bottom - top) });
  face = moved(found, 1, { x: -left, y: -top });
});

const operationOf = (name: string): FaceOperation => {
  const operation = FACE_OPERATIONS.find((one) => one.name === name);
  if (!operation) throw new TypeError(`no operation ${name}`);
  return operation;
};

/** Results that more than one test looks at. */
const results = new Map<string, Image>();

function apply(name: string, amount: number, seed = 1): Image {
  const key = `${name} ${amount} ${seed}`;
  const result = results.get(key) ?? applied(name, photo, face, { amount, seed });
  results.set(key, result);
  return result;
}

/** A copy of the photo to which an operation was applied. */
function applied(
  name: string,
  to: Image,
  who: Face,
  { amount, seed }: { readonly amount: number; readonly seed: number },
): Image {
  const copy = { ...to, data: to.data.slice() };
  operationOf(name).apply(copy, who, { amount, random: new Random(seed) });
  return copy;
}

const names = FACE_OPERATIONS.map(({ name }) => name);

/** Sum of the absolute differences of all bytes. */
const changeBetween = (a: Image, b: Image): number =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] as number)), 0);

/** Mean OKLab of the square of side 2 r + 1 about a point. */
function colourAt(image: Image, { x, y }: Point, r = 2): readonly [lightness: number, a: number, b: number] {
  const lab = new Float32Array(3);
  const sum = [0, 0, 0];
  for (let v = Math.round(y) - r; v <= Math.round(y) + r; v++) {
    for (let u = Math.round(x) - r; u <= Math.round(x) + r; u++) {
      const p = 3 * (v * image.widthPx + u);
      toOklab(image.data[p] as number, image.data[p + 1] as number, image.data[p + 2] as number, lab);
      for (let k = 0; k < 3; k++) sum[k] = (sum[k] as number) + (lab[k] as number) / (2 * r + 1) ** 2;
    }
  }
  return [sum[0] as number, sum[1] as number, sum[2] as number];
}

/** Halfway between two points of the mesh. */
const middleOf = (first: number, second: number): Point => {
  const [p, q] = [meshPoint(face.mesh, first), meshPoint(face.mesh, second)];
  return { x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 };
};

const lightnessAt = (image: Image, index: number): number => colourAt(image, meshPoint(face.mesh, index))[0];

/** Mean absolute step from a pixel to its lower neighbour over the forehead. */
function roughness(image: Image): number {
  const [from, to] = [meshPoint(face.mesh, 104), meshPoint(face.mesh, 333)];
  const top = Math.round(meshPoint(face.mesh, 151).y - 0.1 * face.box.height);
  let [sum, count] = [0, 0];
  for (let y = top; y < meshPoint(face.mesh, 9).y; y++) {
    for (let x = Math.round(from.x); x < to.x; x++, count++) {
      const p = 3 * (y * image.widthPx + x) + 1;
      sum += Math.abs((image.data[p] as number) - (image.data[p + 9 * image.widthPx] as number));
    }
  }
  return sum / count;
}

describe.for(names)('%s', (name) => {
  test('does nothing for an amount of 0, and more for more', () => {
    expect(changeBetween(apply(name, 0), photo)).toBe(0);
    const [little, much] = [changeBetween(apply(name, 0.3), photo), changeBetween(apply(name, 1), photo)];
    expect(little).toBeGreaterThan(500);
    expect(much).toBeGreaterThan(1.5 * little);
  });

  test('is the same for the same seed', () => {
    const again = applied(name, photo, face, { amount: 1, seed: 1 });
    expect(changeBetween(again, apply(name, 1))).toBe(0);
  });

  test('keeps every byte away from the face', () => {
    const edited = apply(name, 1);
    const { x, y, width, height } = face.box;
    // The head with its neck, generously.
    const [left, right] = [x - 0.7 * width, x + 1.7 * width];
    const [top, bottom] = [y - 0.7 * height, y + 1.9 * height];
    const strays = edited.data.findIndex((value, i) => {
      const [column, row] = [Math.floor(i / 3) % photo.widthPx, Math.floor(i / 3 / photo.widthPx)];
      return value !== photo.data[i] && (column < left || column > right || row < top || row > bottom);
    });
    expect(strays).toBe(-1);
  });

  test('works on a face of 60 pixels and on one that is partly outside', () => {
    const factor = 60 / face.box.width;
    const size = [photo.widthPx, photo.heightPx].map((side) => Math.round(side * factor)) as [number, number];
    const changed = (to: Image, who: Face): number => changeBetween(applied(name, to, who, { amount: 1, seed: 1 }), to);
    expect(changed(resizeImage(photo, ...size), moved(face, factor, { x: 0, y: 0 }))).toBeGreaterThan(50);
    expect(changed(photo, moved(face, 1, { x: -face.box.x - face.box.width / 2, y: 0 }))).toBeGreaterThanOrEqual(0);
    expect(changed(photo, moved(face, 1, { x: 5000, y: 0 }))).toBe(0);
  });
});

test('skin is cheeks, forehead and nose, and not eyes, brows, lips or what is far from the face', () => {
  const skin = findSkin(photo, face);
  if (!skin) throw new TypeError('no skin');
  const at = (index: number): number => {
    const { x, y } = meshPoint(face.mesh, index);
    return skinAt(skin, x, y);
  };
  for (const index of [50, 280, 151, 4, 199]) expect(at(index)).toBeGreaterThan(0.7);
  const eye = middleOf(159, 145);
  expect(skinAt(skin, eye.x, eye.y)).toBeLessThan(0.3);
  for (const index of [52, 282]) expect(at(index)).toBeLessThan(0.6);
  const lip = middleOf(13, 0);
  expect(skinAt(skin, lip.x, lip.y)).toBeLessThan(0.5);
  expect(skinAt(skin, 5, 5)).toBe(0);
});

test('lighter and darker skin are lighter and darker, and eyes stay', () => {
  const [lighter, darker] = [apply('lighter-skin', 1), apply('darker-skin', 1)];
  for (const cheek of [50, 280]) {
    expect(lightnessAt(lighter, cheek)).toBeGreaterThan(lightnessAt(photo, cheek) + 0.02);
    expect(lightnessAt(darker, cheek)).toBeLessThan(lightnessAt(photo, cheek) - 0.08);
  }
  const pupil = middleOf(159, 145);
  const before = colourAt(photo, pupil, 1)[0];
  for (const image of [lighter, darker]) expect(Math.abs(colourAt(image, pupil, 1)[0] - before)).toBeLessThan(0.05);
});

test('wrinkles roughen the forehead, smoother skin evens it', () => {
  expect(roughness(apply('wrinkles', 1))).toBeGreaterThan(1.2 * roughness(photo));
  expect(roughness(apply('smoother-skin', 1))).toBeLessThan(roughness(photo));
  expect(apply('wrinkles', 1, 1).data).not.toEqual(apply('wrinkles', 1, 2).data);
});

test('pale lips come nearer to the hue of the cheeks', () => {
  const cheek = colourAt(photo, meshPoint(face.mesh, 50), 4);
  const redder = (image: Image): number => {
    const lip = colourAt(image, middleOf(14, 17), 1);
    return lip[1] / lip[0] - cheek[1] / cheek[0];
  };
  expect(redder(photo)).toBeGreaterThan(0);
  expect(redder(apply('pale-lips', 1))).toBeLessThan(0.6 * redder(photo));
});

test('a beard darkens the chin and not the cheeks; bags darken below the eyes; lashes darken the lid', () => {
  const bearded = apply('beard', 1);
  expect(lightnessAt(bearded, 199)).toBeLessThan(lightnessAt(photo, 199) - 0.1);
  expect(lightnessAt(bearded, 280)).toBeCloseTo(lightnessAt(photo, 280), 2);
  const bags = apply('bags-under-eyes', 1);
  expect(lightnessAt(bags, 120)).toBeLessThan(lightnessAt(photo, 120));
  const lashed = apply('longer-lashes', 1);
  const lid = meshPoints(face.mesh, FACE_OUTLINES.leftLid.slice(0, 9));
  const darkness = (image: Image): number => lid.reduce((sum, point) => sum + colourAt(image, point, 1)[0], 0);
  expect(darkness(lashed)).toBeLessThan(darkness(photo) - 0.1);
});

/** The face of a photo that is scaled and then shifted. */
function moved({ box, confidence, landmarks, mesh }: Face, factor: number, by: Point): Face {
  // Pixel centres are at whole numbers.
  const place = <P extends Point>(point: P): P => ({
    ...point,
    x: (point.x + 0.5) * factor - 0.5 + by.x,
    y: (point.y + 0.5) * factor - 0.5 + by.y,
  });
  const [a, b, c, d, e] = landmarks;
  return {
    box: { ...place(box), width: box.width * factor, height: box.height * factor },
    confidence,
    landmarks: [place(a), place(b), place(c), place(d), place(e)],
    mesh: mesh.map(place),
  };
}
