import { describe, expect, test } from 'vitest';
import { LANDMARKS, type Landmarks68 } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import { cropImage, resizeImage } from '../../../image/resize.ts';
import { fromPlanar } from '../../../image/tensor.ts';
import { readCheckpoint, writeCheckpoint } from '../../../nn/checkpoint.ts';
import type { Weights } from '../../../nn/parameters.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { motionTrack } from '../warp/motions.ts';
import { faceCrop } from './face-crop.ts';
import { hullArea, relativeMotion } from './key-point-motion.ts';
import { createReenactment, reenact } from './reenact.ts';
import { openReenactor, type Reenactor, reenactorGraph } from './reenactor.ts';
import type { ReenactorShape } from './reenactor-shape.ts';
import { type ReenactorTrainingOptions, trainReenactor } from './reenactor-training.ts';
import { createPairSource, type MovingFaces } from './training-pairs.ts';

const TINY: ReenactorShape = {
  sizePx: 16,
  motionPx: 16,
  keyPoints: 2,
  motionWidths: [4, 8],
  painterWidths: [4, 8],
  residuals: 1,
};

/** A light disc before a dark slope, somewhere. */
function disc(x: number, y: number, sidePx = 16): Image {
  const data = new Uint8Array(3 * sidePx * sidePx);
  const radius = sidePx / 4;
  for (let i = 0; i < sidePx ** 2; i++) {
    const [column, row] = [i % sidePx, Math.floor(i / sidePx)];
    const inside = Math.hypot(column - x, row - y) < radius;
    for (let c = 0; c < 3; c++) data[3 * i + c] = inside ? 230 - 30 * c : (60 * column) / sidePx + 20 * c;
  }
  return { widthPx: sidePx, heightPx: sidePx, data };
}

const CLIPS = [Array.from({ length: 9 }, (_, i) => disc(5 + 3 * (i % 3), 5 + 3 * Math.floor(i / 3)))];

const options = (changes: Partial<ReenactorTrainingOptions> = {}): ReenactorTrainingOptions => ({
  shape: TINY,
  batchSize: 4,
  learningRate: 3e-3,
  steps: 12,
  seed: 1,
  threads: 1,
  ...changes,
});

const moving = (changes: Partial<MovingFaces> = {}): MovingFaces => ({
  photos: [],
  clips: CLIPS,
  tracks: [],
  ...changes,
});

const open = (weights: Weights): Promise<Reenactor> =>
  openReenactor(reenactorGraph(weights, { shape: TINY }), { threads: 1 });

/** A box whose crop is the whole of a picture of 16 px, whatever the margin. */
const WHOLE = { box: { x: 0, y: 0, width: 16, height: 16 } };

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const farthest = (a: Image, b: Image): number =>
  a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] as number))), 0);

describe('training', () => {
  test('makes frames more like the true ones', async () => {
    const losses: number[] = [];
    await trainReenactor(
      moving(),
      options({ steps: 150, onProgress: ({ figures }) => losses.push(figures?.loss ?? Number.NaN) }),
    );
    const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
    expect(mean(losses.slice(-15))).toBeLessThan(0.6 * mean(losses.slice(0, 15)));
  });

  test('goes on from a checkpoint as if it had never stopped', async () => {
    const states: TrainingState[] = [];
    const whole = await trainReenactor(
      moving(),
      options({ checkpointSteps: 6, onCheckpoint: async (state) => void states.push(state) }),
    );
    const half = readCheckpoint(writeCheckpoint(states[0] as TrainingState));
    expect(half.step).toBe(6);
    const resumed = await trainReenactor(moving(), options({ resume: half }));
    expect([...resumed.keys()]).toEqual([...whole.keys()]);
    for (const [name, { data }] of whole) expect(resumed.get(name)?.data, name).toEqual(data);
  });

  test('refuses to begin with nothing', async () => {
    await expect(trainReenactor(moving({ clips: [[disc(8, 8)]] }), options())).rejects.toThrow(InputError);
    await expect(trainReenactor(moving(), options({ batchSize: 1 }))).rejects.toThrow(/at least|pairs/);
  });
});

describe('pairs', () => {
  /** The mean face in a picture of 96 px. */
  const landmarks: Landmarks68 = (motionTrack('nod').frames[0] as Landmarks68).map(
    (at, i) => 48 + 0.42 * (at - (i % 2 === 0 ? 128 : 122)),
  );
  const photo: Image = {
    widthPx: 96,
    heightPx: 96,
    data: Uint8Array.from({ length: 3 * 96 * 96 }, (_, i) => 128 + 90 * Math.sin(i / 40) * Math.cos(i / 2900)),
  };
  const faces = moving({ clips: [], photos: [{ photo, landmarks }], tracks: [motionTrack('speech')] });

  test('of one photo are moved apart, and the same numbers draw the same pair', () => {
    expect(landmarks).toHaveLength(2 * LANDMARKS);
    const source = createPairSource(faces, 32);
    const drawn = Array.from({ length: 6 }, (_, i) => source.draw(new Random(`pair ${i}`)));
    for (const [still, driving] of drawn) {
      expect([still.widthPx, still.heightPx, driving.widthPx, driving.heightPx]).toEqual([32, 32, 32, 32]);
      expect(farthest(still, driving)).toBeGreaterThan(10);
    }
    expect(source.draw(new Random('pair 0'))).toEqual(drawn[0]);
    expect(drawn[1]).not.toEqual(drawn[0]);
    const plain = resizeImage(photo, 32, 32);
    const asItIs = drawn.filter(([still]) => [0, 1].some((mirrored) => same(still, plain, mirrored === 1)));
    expect(asItIs.length).toBeGreaterThan(0);
    expect(asItIs.length).toBeLessThan(6);
  });

  test('of clips are two frames of one', () => {
    const source = createPairSource(moving(), 16);
    for (let i = 0; i < 20; i++) {
      const pair = source.draw(new Random(i));
      const found = pair.map((frame) =>
        (CLIPS[0] as Image[]).findIndex((one) => same(frame, one, false) || same(frame, one, true)),
      );
      expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
      expect(pair[0]).not.toEqual(pair[1]);
    }
  });
});

function same(a: Image, b: Image, mirrored: boolean): boolean {
  const side = a.widthPx;
  return a.data.every((value, i) => {
    const pixel = Math.floor(i / 3);
    const column = pixel % side;
    return value === b.data[3 * (mirrored ? pixel - column + side - 1 - column : pixel) + (i % 3)];
  });
}

describe('relative motion', () => {
  test('adds the driver’s, by the faces’ sizes', () => {
    // Squares of side 1 and 2: the source's is half as large.
    const source = {
      points: Float32Array.of(0, 0, 1, 0, 1, 1, 0, 1),
      jacobians: Float32Array.of(1, 2, 3, 4, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1),
    };
    const reference = {
      points: Float32Array.of(0, 0, 2, 0, 2, 2, 0, 2),
      jacobians: Float32Array.of(2, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1),
    };
    const driving = {
      points: reference.points.map((at, i) => at + (i === 0 ? 0.5 : 0)),
      jacobians: Float32Array.of(0, -1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1),
    };
    const { points, jacobians } = relativeMotion(source, reference, driving);
    expect([...points]).toEqual([0.25, 0, 1, 0, 1, 1, 0, 1]);
    // [[0,-1],[1,0]] [[1/2,0],[0,1]] [[1,2],[3,4]] = [[0,-1],[1/2,0]] [[1,2],[3,4]] = [[-3,-4],[1/2,1]].
    expect([...jacobians.slice(0, 4)]).toEqual([-3, -4, 0.5, 1]);
  });

  test('of a driver at rest is none, also where the surroundings of a key point collapse', () => {
    const source = {
      points: Float32Array.of(0, 0, 1, 0, 0, 1),
      jacobians: Float32Array.of(1, 2, 3, 4, 1, 0, 0, 1, 2, 0, 1, 1),
    };
    const flat = {
      points: Float32Array.of(0, 0, 2, 0, 0, 2),
      jacobians: Float32Array.of(0.05, 0, 0, 0.05, 1, 1, 1, 1, 0.2, 0, 0, -0.3),
    };
    const { points, jacobians } = relativeMotion(source, flat, flat);
    expect(points).toEqual(source.points);
    jacobians.forEach((entry, i) => {
      expect(entry).toBeCloseTo(source.jacobians[i] ?? Number.NaN, 6);
    });
  });

  test('a hull leaves out what lies within', () => {
    expect(hullArea(Float32Array.of(0, 0, 4, 0, 2, 1, 4, 2, 0, 2, 1, 1))).toBeCloseTo(8, 6);
    expect(hullArea(Float32Array.of(0, 0, 1, 1, 2, 2))).toBe(0);
    expect(hullArea(Float32Array.of(1, 1))).toBe(0);
  });
});

describe('the crop', () => {
  const photo = { widthPx: 200, heightPx: 100 };

  test('is square, about the face, and within the photo', () => {
    expect(faceCrop({ widthPx: 400, heightPx: 400 }, { x: 150, y: 150, width: 80, height: 100 })).toEqual({
      x: 95,
      y: 96,
      width: 190,
      height: 190,
    });
    expect(faceCrop(photo, { x: 150, y: 40, width: 40, height: 40 })).toEqual({ x: 124, y: 18, width: 76, height: 76 });
    expect(faceCrop(photo, { x: 10, y: 0, width: 90, height: 100 })).toEqual({ x: 5, y: 0, width: 100, height: 100 });
  });

  test('refuses a face outside', () => {
    expect(() => faceCrop(photo, { x: 300, y: 40, width: 40, height: 40 })).toThrow(InputError);
    expect(() => faceCrop(photo, { x: 30, y: 40, width: 1, height: 1 })).toThrow(InputError);
  });
});

describe('a photo', () => {
  const trained = trainReenactor(moving(), options({ steps: 40 }));
  const driver = { frames: [disc(7, 7), disc(7, 7), disc(10, 8)], face: WHOLE.box };

  test('of the network’s size becomes the network’s own picture', async () => {
    const reenactor = await open(await trained);
    const photo = disc(6, 9);
    const driving = await reenactor.keyPoints(disc(11, 6));
    const own = await (await reenactor.source(photo)).frame(driving);
    const [wanted] = fromPlanar(own.picture, { widthPx: 16, heightPx: 16 });
    const made = await (await createReenactment(reenactor, photo, WHOLE)).frame(driving);
    expect(farthest(made, wanted as Image)).toBeLessThanOrEqual(1);
    expect(farthest(made, photo)).toBeGreaterThan(20);
    // Both what is moved and what is painted count in this.
    expect(Math.max(...own.hidden)).toBeGreaterThan(0.1);
    expect(Math.max(...own.displacements)).toBeGreaterThan(0.1);
    await reenactor.close();
  });

  test('stays as it is while the driver does not move', async () => {
    const reenactor = await open(await trained);
    const photo = disc(30, 40, 64);
    const frames = await gather(reenact(reenactor, photo, { box: { x: 12, y: 16, width: 24, height: 24 } }, driver));
    expect(frames).toHaveLength(3);
    const [first, second, third] = frames.map(({ picture }) => picture) as [Image, Image, Image];
    expect([farthest(first, photo), farthest(second, photo)]).toEqual([0, 0]);
    expect(farthest(third, photo)).toBeGreaterThan(20);
    for (const { durationMs } of frames) expect(durationMs).toBeGreaterThan(0);
    await reenactor.close();
  });

  test('outside the crop stands still, and within it is as sharp as it was', async () => {
    const reenactor = await open(await trained);
    // Stripes that 16 px cannot show.
    const photo: Image = {
      widthPx: 96,
      heightPx: 80,
      data: Uint8Array.from({ length: 3 * 96 * 80 }, (_, i) => (Math.floor(i / 3) % 4 < 2 ? 40 : 210)),
    };
    const box = { x: 40, y: 26, width: 30, height: 30 };
    const region = faceCrop(photo, box);
    const [, , made] = (await gather(reenact(reenactor, photo, { box }, driver))).map(({ picture }) => picture) as [
      Image,
      Image,
      Image,
    ];
    expect(farthest(made, photo)).toBeGreaterThan(20);
    const outside = photo.data.every((value, i) => {
      const [column, row] = [Math.floor(i / 3) % 96, Math.floor(i / 3 / 96)];
      const within =
        column >= region.x && column < region.x + region.width && row >= region.y && row < region.y + region.height;
      return within || value === made.data[i];
    });
    expect(outside).toBe(true);
    const contrast = (image: Image): number => {
      const { data } = cropImage(image, region);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
    };
    expect(contrast(made)).toBeGreaterThan(0.4 * contrast(photo));
    const small = resizeImage(resizeImage(cropImage(photo, region), 16, 16), region.width, region.height);
    expect(contrast(made)).toBeGreaterThan(2 * contrast({ ...photo, ...paste(photo, small, region) }));
    await reenactor.close();
  });

  test('takes the driver’s own places where motion is absolute, and another reference where one is given', async () => {
    const reenactor = await open(await trained);
    const photo = disc(6, 9);
    const still = disc(10, 8);
    const absolute = await gather(
      reenact(reenactor, photo, WHOLE, { ...driver, frames: [still] }, { mode: 'absolute' }),
    );
    const prepared = await createReenactment(reenactor, photo, WHOLE);
    expect(absolute[0]?.picture).toEqual(await prepared.frame(await reenactor.keyPoints(still)));
    const referred = await gather(
      reenact(reenactor, photo, WHOLE, { ...driver, frames: [still], reference: disc(7, 7) }),
    );
    const [, , third] = await gather(reenact(reenactor, photo, WHOLE, driver));
    expect(referred[0]?.picture).toEqual(third?.picture);
    await expect(
      gather(reenact(reenactor, photo, WHOLE, { ...driver, frames: [still, disc(9, 9, 32)] })),
    ).rejects.toThrow(InputError);
    await reenactor.close();
  });
});

/** A photo with a picture pasted into a region. */
function paste(
  photo: Image,
  picture: Image,
  { x, y }: { readonly x: number; readonly y: number },
): Pick<Image, 'data'> {
  const data = photo.data.slice();
  for (let row = 0; row < picture.heightPx; row++) {
    const line = picture.data.subarray(3 * row * picture.widthPx, 3 * (row + 1) * picture.widthPx);
    data.set(line, 3 * ((y + row) * photo.widthPx + x));
  }
  return { data };
}
