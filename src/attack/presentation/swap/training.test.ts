import { beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { readGraph, writeGraph } from '../../../graph/onnx-file.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import type { Parameters, Weights } from '../../../nn/parameters.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { decodeFaces, encodeFaces, SWAP_SHAPES, type SwapShape } from './networks.ts';
import type { SwapExample } from './random-view.ts';
import { openSwap, type Swap, swapGraph } from './swap.ts';
import { trainingSidePx } from './swap-view.ts';
import { trainSwap } from './training.ts';

const TINY: SwapShape = {
  sizePx: 16,
  encoder: [8, 16],
  code: 16,
  inner: 16,
  shared: 16,
  decoder: [12],
  learningRate: 3e-3,
};
const SIDE_PX = trainingSidePx(TINY.sizePx);
const BORDER_PX = (SIDE_PX - TINY.sizePx) / 2;
const RADIUS_PX = 7;

type Colour = readonly [number, number, number];
const ORANGE: Colour = [230, 140, 60];
const BLUE: Colour = [70, 120, 220];

/** Whose face it is: the colour of a disc. Its expression: where the black dot on it is, from the middle. */
function disc(colour: Colour, dot: { readonly x: number; readonly y: number }): SwapExample {
  const middle = (SIDE_PX - 1) / 2;
  const picture = new Uint8Array(3 * SIDE_PX ** 2);
  const mask = new Uint8Array(SIDE_PX ** 2);
  for (let i = 0; i < SIDE_PX ** 2; i++) {
    const [x, y] = [(i % SIDE_PX) - middle, Math.floor(i / SIDE_PX) - middle];
    const inside = Math.min(1, Math.max(0, RADIUS_PX + 0.5 - Math.hypot(x, y)));
    const dark = Math.min(1, Math.max(0, 2.3 - Math.hypot(x - dot.x, y - dot.y)));
    mask[i] = Math.round(255 * inside);
    colour.forEach((value, c) => {
      picture[c * SIDE_PX ** 2 + i] = Math.round(90 + inside * ((1 - dark) * value - 90));
    });
  }
  return { picture, mask };
}

/** Discs with dots all over. */
function discs(colour: Colour, count: number, seed: string): SwapExample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const [angle, distance] = [2 * Math.PI * random.uniform(), 4.5 * Math.sqrt(random.uniform())];
    return disc(colour, { x: distance * Math.cos(angle), y: distance * Math.sin(angle) });
  });
}

const people = { donor: discs(ORANGE, 60, 'donor'), wearer: discs(BLUE, 60, 'wearer') };
const options = { shape: TINY, batchSize: 4, seed: 1, threads: 1 } as const;

const dataOf = (weights: Weights, prefix: string): number[] =>
  [...weights].filter(([name]) => name.startsWith(prefix)).flatMap(([, { data }]) => [...data]);

describe('the networks', () => {
  /** Counts the weights that a network asks for. */
  function counted(build: (parameters: Parameters) => Value): { readonly millions: number; readonly made: Value } {
    const builder = new GraphBuilder('count');
    let numbers = 0;
    const weight: Parameters['weight'] = (name, shape) => {
      numbers += sizeOf(shape);
      return builder.input(name, shape);
    };
    const made = build({ builder, training: true, weight, buffer: weight, update: () => {} });
    return { millions: numbers / 1e6, made };
  }

  test.each([
    ['slim', 2.2, 0.24],
    ['classic', 69.7, 6.2],
  ] as const)('%s: %f million parameters, and %f for each person', (name, encoder, decoder) => {
    const shape = SWAP_SHAPES[name];
    const encoded = counted((p) => encodeFaces(p, p.builder.input('face', [2, 3, 64, 64]), shape));
    const decoded = counted((p) => decodeFaces(p, p.builder.input('code', encoded.made.shape), shape));

    expect(encoded.made.shape).toEqual([2, shape.shared, 8, 8]);
    expect(decoded.made.shape).toEqual([2, 3, 64, 64]);
    expect(encoded.millions).toBeCloseTo(encoder, 1);
    expect(Math.abs(decoded.millions / decoder - 1)).toBeLessThan(0.02);
  });
});

describe('a training', () => {
  test('learns in a few steps', async () => {
    const losses: number[] = [];
    await trainSwap(people, { ...options, steps: 30, onProgress: ({ figures }) => losses.push(figures?.loss ?? 0) });
    const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss / some.length, 0);
    expect(mean(losses.slice(-5))).toBeLessThan(0.8 * mean(losses.slice(0, 5)));
  });

  test('shows a decoder no other person’s faces', async () => {
    const step = { ...options, steps: 1, averageSteps: 0, learningRate: 0.01 };
    const [one, other] = [
      await trainSwap(people, step),
      await trainSwap({ ...people, wearer: discs([40, 200, 90], 60, 'another') }, step),
    ];
    expect(dataOf(other, 'decoder.donor.')).toEqual(dataOf(one, 'decoder.donor.'));
    expect(dataOf(other, 'decoder.wearer.')).not.toEqual(dataOf(one, 'decoder.wearer.'));
    expect(dataOf(other, 'encoder.')).not.toEqual(dataOf(one, 'encoder.'));
  });

  test('learns nothing of what is outside the masks', async () => {
    const step = { ...options, steps: 3, averageSteps: 0, learningRate: 0.01 };
    const blind = people.donor.map(({ picture, mask }) => ({ picture, mask: new Uint8Array(mask.length) }));
    const [before, after] = [
      await trainSwap({ ...people, donor: blind }, { ...step, steps: 1 }),
      await trainSwap({ ...people, donor: blind }, step),
    ];
    expect(dataOf(after, 'decoder.donor.')).toEqual(dataOf(before, 'decoder.donor.'));
    expect(dataOf(after, 'decoder.wearer.')).not.toEqual(dataOf(before, 'decoder.wearer.'));
  });

  test('that is resumed ends with the same bits', async () => {
    const states: TrainingState[] = [];
    const whole = await trainSwap(people, {
      ...options,
      steps: 13,
      checkpointSteps: 5,
      onCheckpoint: async (state) => {
        states.push(state);
      },
    });
    const [resume] = states;
    expect(resume?.step).toBe(5);
    const resumed = await trainSwap(people, { ...options, steps: 13, ...(resume ? { resume } : {}) });
    expect(dataOf(resumed, '')).toEqual(dataOf(whole, ''));
  });

  test('refuses a person without faces, and faces of another size', async () => {
    await expect(trainSwap({ ...people, donor: [] }, { ...options, steps: 1 })).rejects.toThrow(InputError);
    const large = { picture: new Uint8Array(3 * 30 ** 2), mask: new Uint8Array(30 ** 2) };
    await expect(trainSwap({ ...people, wearer: [large] }, { ...options, steps: 1 })).rejects.toThrow(
      'is not of 20 px',
    );
  });
});

describe('a swap of discs', () => {
  let swap: Swap;
  beforeAll(async () => {
    const weights = await trainSwap(people, { ...options, batchSize: 8, steps: 400 });
    const graph = swapGraph(weights, { shape: TINY, metadata: { size: 'tiny' } });
    swap = await openSwap(readGraph(writeGraph(graph)), { threads: 1 });
  }, 60_000);

  const area = TINY.sizePx ** 2;
  const middle = (TINY.sizePx - 1) / 2;
  /** The middle of an example, as the swap takes it. */
  const faceOf = ({ picture }: SwapExample): Float32Array =>
    Float32Array.from({ length: 3 * area }, (_, i) => {
      const [x, y] = [i % TINY.sizePx, Math.floor(i / TINY.sizePx) % TINY.sizePx];
      const channel = Math.floor(i / area);
      return (picture[(channel * SIDE_PX + y + BORDER_PX) * SIDE_PX + x + BORDER_PX] ?? 0) / 255;
    });

  /** Mean colour of the disc away from the dot, and the middle of what is dark on it. */
  function seen(face: Float32Array) {
    const pixels = Array.from({ length: area }, (_, i) => ({
      x: (i % TINY.sizePx) - middle,
      y: Math.floor(i / TINY.sizePx) - middle,
      colour: [0, 1, 2].map((c) => 255 * (face[c * area + i] ?? 0)),
    })).filter(({ x, y }) => Math.hypot(x, y) < RADIUS_PX - 0.5);
    const brightness = ({ colour }: (typeof pixels)[number]): number => colour.reduce((sum, value) => sum + value, 0);
    const sorted = pixels.toSorted((a, b) => brightness(a) - brightness(b));
    const dark = sorted.slice(0, 8);
    const light = sorted.slice(Math.floor(sorted.length / 2));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);
    return {
      dot: { x: mean(dark.map(({ x }) => x)), y: mean(dark.map(({ y }) => y)) },
      colour: [0, 1, 2].map((c) => mean(light.map(({ colour }) => colour[c] ?? 0))),
    };
  }

  const distance = (colour: readonly number[], other: readonly number[]): number =>
    Math.hypot(...colour.map((value, c) => value - (other[c] ?? 0)));

  test.each([
    { x: -3, y: -2 },
    { x: 3, y: 1 },
    { x: 0, y: 4 },
    { x: 0, y: -3.5 },
  ])('has the donor’s colour, and the wearer’s dot at %o', async (dot) => {
    const face = faceOf(disc(BLUE, dot));
    const [made = face] = await swap.render([face], 'donor');
    const { colour, dot: found } = seen(made);

    expect(distance(colour, ORANGE)).toBeLessThan(35);
    expect(distance(colour, BLUE)).toBeGreaterThan(100);
    expect(Math.hypot(found.x - dot.x, found.y - dot.y)).toBeLessThan(1.6);
  });

  test('the wearer’s own decoder gives the face back', async () => {
    const face = faceOf(disc(BLUE, { x: 2, y: -2 }));
    const [again = face] = await swap.render([face], 'wearer');
    expect(distance(seen(again).colour, BLUE)).toBeLessThan(35);
  });

  test('many faces come back in order, however they are put into runs', async () => {
    const faces = discs(BLUE, 70, 'many').map(faceOf);
    const all = await swap.render(faces, 'donor');
    const [last = new Float32Array()] = await swap.render(faces.slice(-1), 'donor');
    expect(all).toHaveLength(70);
    expect(Math.max(...last.map((value, i) => Math.abs(value - (all[69]?.[i] ?? 0))))).toBeLessThan(1e-5);
  });
});

test('another model is no swap', async () => {
  const builder = new GraphBuilder('other');
  const face = builder.input('face', [1, 3, 16, 16]);
  builder.output('donor', relu(face));
  await expect(openSwap(builder.build())).rejects.toThrow(ModelFileError);
});
