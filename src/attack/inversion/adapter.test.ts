import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../../test/fixtures/evaluate.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { type Adapter, adaptEmbedding, fitAdapter } from './adapter.ts';

interface World {
  readonly from: Float32Array[];
  readonly to: Float32Array[];
  /** What the map should give, without noise. */
  readonly truth: (x: Float32Array) => Float32Array;
}

/**
 * Embeddings x = m + B s of hidden numbers s, and y = b + A x: an exact linear map as far as x reaches.
 *
 * @param options.hidden - directions in which x varies; default all.
 */
function world(options: {
  pairs: number;
  inputs: number;
  outputs: number;
  hidden?: number;
  noise?: number;
  seed?: number;
}): World {
  const { pairs, inputs, outputs, hidden = inputs, noise = 0 } = options;
  const random = new Random(options.seed ?? 5);
  const basis = Array.from({ length: inputs }, () => random.normals(hidden));
  const map = Array.from({ length: outputs }, () => random.normals(inputs));
  const offset = random.normals(outputs, 3);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const truth = (x: Float32Array) => Float32Array.from(map, (row, j) => (offset[j] as number) + dot(row, x));
  const from = Array.from({ length: pairs }, () => {
    const numbers = random.normals(hidden);
    return Float32Array.from(basis, (row) => 4 + dot(row, numbers));
  });
  const to = from.map((x) => truth(x).map((value) => value + noise * random.normal()));
  return { from, to, truth };
}

const similarityOver = (adapter: Adapter, { from, truth }: World): number =>
  Math.min(
    ...from.map((x) => {
      const centred = (y: Float32Array) => y.map((value, i) => value - (adapter.to.mean[i] as number));
      return cosineSimilarity(centred(adaptEmbedding(adapter, x, { fullNorm: false })), centred(truth(x)));
    }),
  );

/** The greatest entry of Xt (X W - Y) + ridge W: nought where W is the ridge regression's answer. Its own size is that of Xt Y. */
function normalEquationError(adapter: Adapter, { from, to }: World): number {
  const scaled = (rows: Float32Array[], { mean, factor }: Adapter['from']) =>
    rows.map((row) => Array.from(row, (value, i) => (value - (mean[i] as number)) * factor));
  const [x, y] = [scaled(from, adapter.from), scaled(to, adapter.to)];
  const [inputs, outputs] = [adapter.from.mean.length, adapter.to.mean.length];
  const weight = (i: number, j: number) => adapter.weights[i * outputs + j] as number;
  let [worst, size] = [0, 0];
  for (let j = 0; j < outputs; j++) {
    const residual = x.map(
      (row, n) => row.reduce((sum, value, i) => sum + value * weight(i, j), 0) - (y[n]?.[j] as number),
    );
    for (let i = 0; i < inputs; i++) {
      const gradient = x.reduce((sum, row, n) => sum + (row[i] as number) * (residual[n] as number), 0);
      worst = Math.max(worst, Math.abs(gradient + adapter.ridge * weight(i, j)));
      size = Math.max(size, Math.abs(x.reduce((sum, row, n) => sum + (row[i] as number) * (y[n]?.[j] as number), 0)));
    }
  }
  return worst / size;
}

describe('fitAdapter', () => {
  test('recovers a linear map from exact pairs, on embeddings that it has not seen', () => {
    const known = world({ pairs: 200, inputs: 6, outputs: 4 });
    const adapter = fitAdapter(known.from.slice(0, 60), known.to.slice(0, 60));
    expect(adapter.ridge).toBe(0.003);
    expect(adapter.heldOutSimilarity).toBeGreaterThan(0.9999);
    expect(adapter.pairs).toBe(60);
    for (const x of known.from.slice(60)) {
      const expected = known.truth(x);
      // Even the smallest ridge takes a little off.
      expect(largestDifference(adaptEmbedding(adapter, x, { fullNorm: false }), expected)).toBeLessThan(
        0.005 * Math.hypot(...expected),
      );
    }
  });

  test('noise makes it choose a larger ridge, and say that the spaces correspond less', () => {
    const clean = fitAdapter(...pairsOf(world({ pairs: 40, inputs: 30, outputs: 8 })));
    const noisy = fitAdapter(...pairsOf(world({ pairs: 40, inputs: 30, outputs: 8, noise: 12 })));
    expect(noisy.ridge).toBeGreaterThan(clean.ridge);
    expect(noisy.heldOutSimilarity).toBeLessThan(clean.heldOutSimilarity - 0.1);
  });

  test('embeddings that have nothing to do with each other correspond hardly at all', () => {
    const [one, other] = [
      world({ pairs: 80, inputs: 20, outputs: 10 }),
      world({ pairs: 80, inputs: 20, outputs: 10, seed: 6 }),
    ];
    expect(Math.abs(fitAdapter(one.from, other.to).heldOutSimilarity)).toBeLessThan(0.3);
  });

  test.for([
    ['more pairs than dimensions', { pairs: 50, inputs: 12, outputs: 7 }],
    ['fewer pairs than dimensions', { pairs: 20, inputs: 40, outputs: 7, hidden: 5 }],
    ['as many', { pairs: 16, inputs: 16, outputs: 3, hidden: 6 }],
    ['from few dimensions to many', { pairs: 30, inputs: 4, outputs: 50 }],
    ['with noise', { pairs: 25, inputs: 60, outputs: 5, noise: 5 }],
  ] as const)('solves the normal equations: %s', ([, options]) => {
    const known = world(options);
    const adapter = fitAdapter(known.from, known.to);
    expect(adapter.weights).toHaveLength(options.inputs * options.outputs);
    expect(normalEquationError(adapter, known)).toBeLessThan(1e-6);
    if (!('noise' in options)) expect(similarityOver(adapter, known)).toBeGreaterThan(0.99);
  });

  test('an encoder that says the same of everybody maps to the mean', () => {
    const { to } = world({ pairs: 40, inputs: 6, outputs: 4 });
    const same = to.map(() => Float32Array.of(1, 2, 3));
    const adapter = fitAdapter(same, to);
    expect(adapter.heldOutSimilarity).toBe(0);
    const mapped = adaptEmbedding(adapter, Float32Array.of(3, 1, 2), { fullNorm: true });
    expect(largestDifference(mapped, adapter.to.mean)).toBe(0);
  });

  test('needs ten pairs', () => {
    const { from, to } = world({ pairs: 12, inputs: 4, outputs: 3 });
    expect(() => fitAdapter(from.slice(0, 9), to.slice(0, 9))).toThrow(InputError);
    expect(() => fitAdapter(from.slice(0, 9), to)).toThrow(/got 9/);
    expect(fitAdapter(from.slice(0, 10), to.slice(0, 10)).pairs).toBe(10);
  });

  test('the same pairs give the same map', () => {
    const { from, to } = world({ pairs: 30, inputs: 8, outputs: 5, noise: 1 });
    expect(fitAdapter(from, to)).toEqual(fitAdapter(from, to));
  });
});

describe('adaptEmbedding', () => {
  test('at full norm stands as far from the mean as the other side’s embeddings do, in the same direction', () => {
    const known = world({ pairs: 30, inputs: 8, outputs: 5, noise: 8 });
    const adapter = fitAdapter(known.from, known.to);
    const [x] = known.from as [Float32Array];
    const offset = (fullNorm: boolean) =>
      adaptEmbedding(adapter, x, { fullNorm }).map((value, i) => value - (adapter.to.mean[i] as number));
    expect(Math.hypot(...offset(true)) * adapter.to.factor).toBeCloseTo(1, 4);
    expect(cosineSimilarity(offset(true), offset(false))).toBeCloseTo(1, 5);
  });

  test('maps the mean to the mean, at full norm too', () => {
    const known = world({ pairs: 30, inputs: 8, outputs: 5 });
    const adapter = fitAdapter(known.from, known.to);
    for (const fullNorm of [true, false])
      expect(largestDifference(adaptEmbedding(adapter, adapter.from.mean, { fullNorm }), adapter.to.mean)).toBe(0);
  });
});

const pairsOf = ({ from, to }: World): [Float32Array[], Float32Array[]] => [from, to];
