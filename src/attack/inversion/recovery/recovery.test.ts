import { beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { joinRows } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { TrainableParameters } from '../../../nn/parameters.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { openRowFunction } from '../../inference/attribute/row-function.ts';
import { type RecoveryOptions, type RecoveryPair, recoveryGraph, trainRecovery } from './recovery.ts';
import { recoveryNetwork } from './recovery-network.ts';
import { recoveryQuality } from './recovery-quality.ts';

const SIZE = 16;
const SHAPE = [48, 4, 4] as const;

/** Smooth pictures: stripes of random direction. */
function picture(random: Random): Image {
  const [x, y, phase] = [random.normal() / 6, random.normal() / 6, 6 * random.uniform()];
  const data = Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return 128 + 90 * Math.sin(phase + x * (pixel % SIZE) + y * Math.floor(pixel / SIZE) + (at % 3));
  });
  return { widthPx: SIZE, heightPx: SIZE, data };
}

/** Each block of 4x4 pixels as 48 channels, in an order that is secret. */
const order = new Random('order').shuffle(Array.from({ length: 48 }, (_, i) => i));
function blocks(face: Image): Float32Array {
  const planar = toPlanar([face]);
  return Float32Array.from({ length: 48 * 16 }, (_, at) => {
    const channel = order[Math.floor(at / 16)] as number;
    const [plane, inBlock] = [Math.floor(channel / 16), channel % 16];
    const y = 4 * Math.floor((at % 16) / 4) + Math.floor(inBlock / 4);
    const x = 4 * (at % 4) + (inBlock % 4);
    return planar[plane * SIZE ** 2 + y * SIZE + x] as number;
  });
}

const noise = (_: Image, i: number): Float32Array => new Random(`noise ${i}`).normals(48 * 16);

const pictures = (name: string, count: number): Image[] =>
  Array.from({ length: count }, (_, i) => picture(new Random(`${name} ${i}`)));

const pairs = (masking: (face: Image, i: number) => Float32Array): RecoveryPair[] =>
  pictures('attacker', 60).map((face, i) => ({ face, masked: masking(face, i) }));

const options = (more: Partial<RecoveryOptions> = {}): RecoveryOptions => ({
  shape: SHAPE,
  sizePx: SIZE,
  width: 0.25,
  batchSize: 8,
  learningRate: 5e-3,
  steps: 120,
  seed: 1,
  threads: 1,
  ...more,
});

/** Faces that were masked and recovered, of others than the network was trained on. */
async function recovered(masking: (face: Image, i: number) => Float32Array) {
  const weights = await trainRecovery(pairs(masking), options());
  const { apply, close } = await openRowFunction(recoveryGraph(weights, options()), { threads: 1 });
  const others = pictures('target', 20);
  const found = await apply(others.map((face, i) => masking(face, 1000 + i)));
  await close();
  return found.map((face, i) => ({
    person: `${i % 10}`,
    recovered: face,
    original: toPlanar([others[i] as Image]),
  }));
}

const quality = (faces: Awaited<ReturnType<typeof recovered>>) =>
  recoveryQuality(faces, { widthPx: SIZE, heightPx: SIZE, random: new Random(1), draws: 100 });

describe('recovery', () => {
  let fromBlocks: Awaited<ReturnType<typeof recovered>>;
  beforeAll(async () => {
    fromBlocks = await recovered(blocks);
  });

  test('undoes a masking that only reorders, for faces that it has not seen', () => {
    const { psnr, faces } = quality(fromBlocks);
    expect(faces).toBe(20);
    expect(psnr.low).toBeGreaterThan(17);
  });

  test('gets nothing beyond the mean face out of noise', async () => {
    const mean = joinRows(fromBlocks.map(({ original }) => original)).reduce((sum, value) => sum + value, 0);
    const grey = mean / (20 * 3 * SIZE ** 2);
    const guessed = fromBlocks.map((face) => ({ ...face, recovered: face.original.map(() => grey) }));
    const [noisy, blind] = [quality(await recovered(noise)), quality(guessed)];
    expect(noisy.psnr.value).toBeLessThan(blind.psnr.value + 1);
    expect(noisy.psnr.high).toBeLessThan(quality(fromBlocks).psnr.low);
  });
});

test('a training that was broken off goes on to the same weights', async () => {
  const states: TrainingState[] = [];
  const whole = await trainRecovery(
    pairs(blocks),
    options({ steps: 4, checkpointSteps: 2, onCheckpoint: async (state) => void states.push(state) }),
  );
  const resumed = await trainRecovery(pairs(blocks), options({ steps: 4, resume: states[0] as TrainingState }));
  for (const [name, { data }] of whole) expect(resumed.get(name)?.data, name).toEqual(data);
});

describe('the network', () => {
  const built = (shape: readonly number[], sizePx: number): readonly number[] => {
    const builder = new GraphBuilder();
    const parameters = new TrainableParameters(builder, new Random(1));
    return recoveryNetwork(parameters, builder.input('masked', shape), { sizePx, width: 0.25 }).shape;
  };

  test.each([
    [[2, 36, 14, 14], 112],
    [[2, 3, 32, 32], 32],
    [[2, 192, 14, 14], 56],
  ] as const)('takes %j to %i px', (shape, sizePx) => {
    expect(built(shape, sizePx)).toEqual([2, 3, sizePx, sizePx]);
  });

  test.each([
    [[2, 36, 14, 14], 100],
    [[2, 36, 14, 14], 7],
    [[2, 36, 14, 12], 112],
  ] as const)('refuses %j to %i px', (shape, sizePx) => {
    expect(() => built(shape, sizePx)).toThrow(InputError);
  });
});

describe('quality', () => {
  const size = { widthPx: SIZE, heightPx: SIZE, random: new Random(1), draws: 50 };
  const face = toPlanar(pictures('quality', 1));
  const lighter = face.map((value) => value + 0.1);

  test('is that of a hand: a difference of 0.1 everywhere is 20 dB; what reaches the threshold is recognised', () => {
    const faces = [
      { person: 'a', recovered: lighter, original: face, similarity: 0.5 },
      { person: 'b', recovered: lighter, original: face, similarity: 0.4 },
    ];
    const { psnr, recognised } = recoveryQuality(faces, { ...size, threshold: 0.5 });
    expect(psnr.value).toBeCloseTo(20, 3);
    expect(recognised).toMatchObject({ successes: 1, trials: 2, rate: 0.5 });
    expect(recoveryQuality(faces, size).recognised).toBeUndefined();
  });

  test('is finite for the same picture', () => {
    const { psnr, ssim } = recoveryQuality([{ person: 'a', recovered: face, original: face }], size);
    expect(Number.isFinite(psnr.value)).toBe(true);
    expect(ssim.value).toBeCloseTo(1, 9);
    expect(() => recoveryQuality([], size)).toThrow(InputError);
  });
});

test('what does not fit is refused', () => {
  expect(() => trainRecovery([], options())).toThrow(InputError);
  expect(() => trainRecovery(pairs(blocks), options({ sizePx: 32 }))).toThrow(InputError);
  expect(() => trainRecovery(pairs(blocks), options({ shape: [48, 4, 5] }))).toThrow(ShapeError);
});
