import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convolutionalEncoder, embedSmallFaces, SMALL_FACE_PX, smallFace } from '../../test/fixtures/evasion.ts';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { EVASION_ATTACKS } from '../attack/evasion/attacks.ts';
import { CANONICAL_POINTS, invertAffine } from '../face/alignment.ts';
import type { FivePoints } from '../face/face.ts';
import { cropImage } from '../image/resize.ts';
import { toPlanar } from '../image/tensor.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { alignedFace } from './aligned-face.ts';
import type { Encoder } from './encoder.ts';
import { alignmentInRegion, type PhotoPlace, photoGradient } from './photo-gradient.ts';
import { openSimilarityGradient, type SimilarityGradient } from './similarity-gradient.ts';

const REGION_PX = 40;
const CORNER = { x: 7, y: 5 };
const PHOTO = wavyImage(60, 52, new Random('photo'));
/** A small face, turned by about 20 degrees, with a margin around its canonical frame inside the region. */
const LANDMARKS = CANONICAL_POINTS.map(({ x, y }) => ({
  x: 19 + 0.23 * x - 0.08 * y,
  y: 9 + 0.08 * x + 0.23 * y,
})) as unknown as FivePoints;
const OTHER_LANDMARKS = LANDMARKS.map(({ x, y }) => ({ x: x - 3, y: y + 2 })) as unknown as FivePoints;

let encoder: Encoder;
let inner: SimilarityGradient;
let places: PhotoPlace[];
let gradient: SimilarityGradient;
const region = toPlanar([cropImage(PHOTO, { ...CORNER, width: REGION_PX, height: REGION_PX })]);

beforeAll(async () => {
  encoder = await convolutionalEncoder();
  inner = await openSimilarityGradient([encoder], { sizePx: SMALL_FACE_PX, batchSize: 2, threads: 1 });
  const references = await embedSmallFaces(
    encoder,
    [1, 2].map((seed) => smallFace(new Random(seed))),
  );
  places = [LANDMARKS, OTHER_LANDMARKS].map((landmarks, i) => ({
    matrix: alignmentInRegion(landmarks, CORNER, SMALL_FACE_PX),
    references: [references[i] as Float32Array],
  }));
  gradient = photoGradient(inner, places, REGION_PX);
});
afterAll(async () => {
  await gradient.close();
  await encoder.close();
});

const place = (i: number): PhotoPlace => places[i] as PhotoPlace;
const similarity = async (face: Float32Array, i = 0): Promise<number> =>
  (await gradient.see([face], [place(i).references]))[0]?.similarities[0] ?? Number.NaN;

describe('a gradient on the photo', () => {
  test('the similarity is that of the face that the encoder is shown', async () => {
    const [embedding] = await encoder.embed([alignedFace(PHOTO, LANDMARKS, encoder.view)]);
    const [reference] = place(0).references;
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    const [a, b] = [embedding ?? region, reference ?? region];
    // The encoder is shown 8-bit pixels.
    expect(await similarity(region)).toBeCloseTo(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), 2);
  });

  test('central differences of single pixels', async () => {
    const [seen] = await gradient.see([region], [place(0).references]);
    const slope = seen?.gradient ?? new Float32Array();
    expect(slope).toHaveLength(region.length);
    // The pixels that count most, and one that the frame does not reach.
    const strongest = Array.from(slope.keys()).sort((a, b) => Math.abs(slope[b] ?? 0) - Math.abs(slope[a] ?? 0));
    for (const at of [...strongest.slice(0, 6), ...strongest.slice(200, 206)]) {
      const moved = (by: number) => similarity(region.map((value, k) => (k === at ? value + by : value)));
      const difference = ((await moved(2e-3)) - (await moved(-2e-3))) / 4e-3;
      expect(slope[at]).toBeCloseTo(difference, 3);
      expect(Math.abs(difference)).toBeGreaterThan(1e-4);
    }
    expect(slope[REGION_PX * REGION_PX - 1]).toBe(0);
  });

  test('each face is warped by its own place, in whatever order it is asked about', async () => {
    const one = await gradient.see([region, region], [place(0).references, place(1).references]);
    const turned = await gradient.see([region, region], [place(1).references, place(0).references]);
    expect(turned[0]?.similarities).toEqual(one[1]?.similarities);
    expect(turned[1]?.similarities).toEqual(one[0]?.similarities);
    expect(one[0]?.similarities).not.toEqual(one[1]?.similarities);
    await expect(gradient.see([region], [[...place(0).references]])).rejects.toThrow(InputError);
  });

  test('a mask covers the canonical frame, not the region', async () => {
    const mask = new Float32Array(REGION_PX ** 2).fill(1);
    for (let row = 0; row < REGION_PX; row++) mask.fill(0, row * REGION_PX, row * REGION_PX + REGION_PX / 2);
    const [seen] = await gradient.see([region], [place(0).references], [{ mask }]);
    // The left half of the frame is hidden: only what lies to its right in the photo still counts.
    const back = invertAffine(place(0).matrix);
    let [left, right] = [0, 0];
    for (const [at, value] of (seen?.gradient ?? []).entries()) {
      const [x, y] = [at % REGION_PX, Math.floor(at / REGION_PX) % REGION_PX];
      if (back[0] * x + back[1] * y + back[2] < SMALL_FACE_PX / 2 - 1.5) left += Math.abs(value);
      else right += Math.abs(value);
    }
    expect(left).toBe(0);
    expect(right).toBeGreaterThan(0);
  });

  test('an attack takes it like any other gradient, and keeps to the photo’s pixels', async () => {
    const task = { goal: 'dodge', faces: [region], references: [place(0).references] } as const;
    const attack = EVASION_ATTACKS.find(({ name }) => name === 'BIM');
    const [face] =
      (await attack?.perturb?.(task, [4 / 255], { gradient }, { norm: 'linf', random: new Random(1) })) ?? [];
    expect(await similarity(face ?? region)).toBeLessThan((await similarity(region)) - 0.05);
    expect(face?.[REGION_PX * REGION_PX - 1]).toBe(region[REGION_PX * REGION_PX - 1]);
  });
});
