import { describe, expect, test } from 'vitest';
import { CANONICAL_POINTS, CANONICAL_VIEW } from '../../../face/alignment.ts';
import type { MeshPoint, Point } from '../../../face/face.ts';
import { landmarksOfMesh } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import { InputError, InterruptedError, ShapeError } from '../../../util/errors.ts';
import { colourStatistics } from './colour-match.ts';
import type { Swap } from './swap.ts';
import { type SwappedFace, swapClip, swapFace } from './swap-face.ts';
import { mapLandmarks, meanLandmarks } from './swap-mask.ts';
import { swapView } from './swap-view.ts';

const SIZE_PX = 32;
const SCALE = 1.5;

/** Which points of the mesh stand for the 68: each is asked for its own index. */
const INDICES = landmarksOfMesh(Array.from({ length: 468 }, (_, i) => ({ x: i, y: 0, z: 0 }))).filter(
  (_, i) => i % 2 === 0,
);

/** The mean face whose canonical frame lies at a place, one and a half pixels a unit. */
function faceAt({ x, y }: Point): SwappedFace {
  const points = mapLandmarks(meanLandmarks(CANONICAL_VIEW), [SCALE, 0, x, 0, SCALE, y]);
  const mesh: MeshPoint[] = Array.from({ length: 468 }, () => ({ x: 0, y: 0, z: 0 }));
  INDICES.forEach((index, i) => {
    mesh[index] = { x: points[2 * i] ?? 0, y: points[2 * i + 1] ?? 0, z: 0 };
  });
  const five = CANONICAL_POINTS.map((point) => ({ x: SCALE * point.x + x, y: SCALE * point.y + y }));
  const [a, b, c, d, e] = five as [Point, Point, Point, Point, Point];
  return { mesh, landmarks: [a, b, c, d, e] };
}

/** Skin that is lighter to the right, in waves. */
const skin = (shift: Point = { x: 0, y: 0 }, light = 1): Image => {
  const [widthPx, heightPx] = [220, 240];
  return {
    widthPx,
    heightPx,
    data: Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => {
      const pixel = Math.floor(i / 3);
      const [x, y] = [(pixel % widthPx) - shift.x, Math.floor(pixel / widthPx) - shift.y];
      const wave = 1 + 0.15 * Math.sin(x / 17) + 0.1 * Math.cos(y / 23);
      return Math.round(light * wave * ([170, 120, 95][i % 3] ?? 0));
    }),
  };
};

/** A swap that makes of every face what a function does. */
const swapOf = (make: (face: Float32Array) => Float32Array): Swap => ({
  view: swapView(SIZE_PX),
  render: async (faces) => faces.map(make),
  close: async () => {},
});

/** Twice as blue, half as red: another person's skin. */
const blueish = swapOf((face) =>
  face.map((value, i) => Math.min(1, value * ([0.5, 1, 1.6][Math.floor(i / SIZE_PX ** 2)] ?? 1))),
);

const ORIGIN = { x: 20, y: 30 };

/** Mean colour (OKLab) of the middle of the face. */
function middleColour(image: Image, { x, y }: Point = ORIGIN): Float64Array {
  const weights = Float32Array.from({ length: image.widthPx * image.heightPx }, (_, i) => {
    const [u, v] = [(i % image.widthPx) - x, Math.floor(i / image.widthPx) - y];
    return Math.hypot(u / SCALE - 56, v / SCALE - 72) < 22 ? 1 : 0;
  });
  return colourStatistics(image, weights)?.mean ?? new Float64Array(3);
}

/** In levels of 255. */
const largestDifference = (one: Image, other: Image): number =>
  one.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (other.data[i] ?? 0))), 0);

describe('a swap of one face', () => {
  test('by networks that change nothing leaves the photo as it was, but for what their pixels cannot hold', async () => {
    const photo = skin();
    const swapped = await swapFace(
      photo,
      faceAt(ORIGIN),
      swapOf((face) => face),
    );
    expect(largestDifference(swapped, photo)).toBeLessThanOrEqual(4);
    expect(swapped.data).not.toBe(photo.data);
  });

  test('takes the colours of the photo’s skin', async () => {
    const photo = skin();
    const swapped = await swapFace(photo, faceAt(ORIGIN), blueish);
    const [before, after] = [middleColour(photo), middleColour(swapped)];
    for (let c = 0; c < 3; c++) expect(Math.abs((after[c] ?? 0) - (before[c] ?? 0))).toBeLessThan(0.02);
  });

  test('keeps what the made face shows: its light is turned round with it', async () => {
    const photo = skin();
    // Lighter where it was darker.
    const negative = swapOf((face) => face.map((value) => 1.2 - value));
    const swapped = await swapFace(photo, faceAt(ORIGIN), negative);
    const spot = (image: Image, x: number, y: number): number =>
      image.data[3 * ((ORIGIN.y + y) * image.widthPx + ORIGIN.x + x) + 1] ?? 0;
    const [before, after] = [
      spot(photo, 70, 100) - spot(photo, 105, 100),
      spot(swapped, 70, 100) - spot(swapped, 105, 100),
    ];
    expect(Math.abs(before)).toBeGreaterThan(5);
    expect(Math.sign(after)).toBe(-Math.sign(before));
  });

  test('leaves a photo alone that holds nothing of the face', async () => {
    const photo = skin();
    expect(await swapFace(photo, faceAt({ x: 400, y: 30 }), blueish)).toBe(photo);
  });
});

describe('a clip', () => {
  const still = { framesPerSecond: 25, frames: [skin(), skin(), skin()] };
  const face = faceAt(ORIGIN);

  test('of one picture is that picture’s swap, frame for frame', async () => {
    const wanted = await swapFace(skin(), face, blueish);
    const { frames, framesPerSecond } = await swapClip(still, [face, face, face], blueish);
    expect(framesPerSecond).toBe(25);
    for (const frame of frames) expect(frame.data).toEqual(wanted.data);
  });

  test('follows a face that moves at once: smoothing is of what the face itself changes', async () => {
    const shift = { x: 30, y: 12 };
    const moved = faceAt({ x: ORIGIN.x + shift.x, y: ORIGIN.y + shift.y });
    const clip = { framesPerSecond: 25, frames: [skin(), skin(shift)] };
    const { frames } = await swapClip(clip, [face, moved], blueish);
    const wanted = await swapFace(skin(shift), moved, blueish);
    expect(largestDifference(frames[1] ?? skin(), wanted)).toBeLessThanOrEqual(1);
  });

  test('does not flicker with the made face’s colours', async () => {
    let turn = 0;
    const flickering = swapOf((made) => {
      const light = turn++ % 2 === 0 ? 0.7 : 1;
      return made.map((value) => light * value);
    });
    const frames = Array.from({ length: 12 }, () => skin());
    const faces = frames.map(() => face);
    const steps = async (smoothingMs: number): Promise<number> => {
      turn = 0;
      const clip = await swapClip({ framesPerSecond: 25, frames }, faces, flickering, { smoothingMs });
      const light = clip.frames.slice(6).map((frame) => middleColour(frame)[0] ?? 0);
      return Math.max(...light.slice(1).map((value, i) => Math.abs(value - (light[i] ?? 0))));
    };
    // Each frame by itself is brought to the skin of the photo, which does not flicker.
    expect(await steps(0)).toBeLessThan(0.005);
    expect(await steps(150)).toBeLessThan(0.005);
  });

  test('smooths the photo’s own light: of a sudden change a third is left after the time given', async () => {
    const frames = [skin(), ...Array.from({ length: 4 }, () => skin(undefined, 0.6))];
    const faces = frames.map(() => face);
    const { frames: swapped } = await swapClip({ framesPerSecond: 20, frames }, faces, blueish, { smoothingMs: 200 });
    const light = swapped.map((frame) => middleColour(frame)[0] ?? 0);
    const [first = 0, , , , fourth = 0] = light;
    const settled = middleColour(await swapFace(skin(undefined, 0.6), face, blueish))[0] ?? 0;
    // Four frames of 50 ms are 200 ms.
    expect((fourth - settled) / (first - settled)).toBeCloseTo(Math.exp(-1), 1);
  });

  test('smooths the outline: one that jumps in a frame comes a part of the way', async () => {
    const white = swapOf((made) => made.map((_, i) => (i % 2 === 0 ? 0.9 : 0.1)));
    // The mesh alone moves: in the aligned face it lies lower.
    const low = { ...face, mesh: faceAt({ x: ORIGIN.x, y: ORIGIN.y + 30 }).mesh };
    const touched = (image: Image | undefined): number =>
      image?.data.reduce((sum, value, i) => sum + Number(Math.abs(value - (still.frames[0]?.data[i] ?? 0)) > 3), 0) ??
      0;
    const at = async (smoothingMs: number) =>
      (await swapClip({ framesPerSecond: 25, frames: [skin(), skin()] }, [face, low], white, { smoothingMs }))
        .frames[1];
    const [own, smoothed] = [await at(0), await at(100_000)];
    const before = await swapFace(skin(), face, white);
    expect(Math.abs(touched(smoothed) - touched(before))).toBeLessThan(0.02 * touched(before));
    expect(Math.abs(touched(own) - touched(before))).toBeGreaterThan(0.05 * touched(before));
  });

  test('begins anew where the face was lost, whose frame stays as it is', async () => {
    const frames = [skin(), skin(), skin(undefined, 0.6)];
    const { frames: swapped } = await swapClip({ framesPerSecond: 25, frames }, [face, undefined, face], blueish);
    expect(swapped[1]).toBe(frames[1]);
    expect(swapped[2]?.data).toEqual((await swapFace(skin(undefined, 0.6), face, blueish)).data);
  });

  test('tells its progress, and stops when asked', async () => {
    const done: number[] = [];
    await swapClip(still, [face, face, undefined], blueish, { onProgress: (event) => done.push(event.done) });
    expect(done).toEqual([1, 2, 3]);
    const signal = AbortSignal.abort();
    await expect(swapClip(still, [face, face, face], blueish, { signal })).rejects.toThrow(InterruptedError);
  });

  test('needs frames, and a face or none for each', async () => {
    await expect(swapClip({ framesPerSecond: 25, frames: [] }, [], blueish)).rejects.toThrow(InputError);
    await expect(swapClip(still, [face], blueish)).rejects.toThrow(ShapeError);
  });
});
