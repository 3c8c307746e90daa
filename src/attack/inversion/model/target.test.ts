import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../../test/fixtures/evaluate.ts';
import { TINY_EMBEDDING, tinyEncoder } from '../../../../test/fixtures/inversion.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { softmax } from '../../../graph/ops/activation.ts';
import { mul } from '../../../graph/ops/arithmetic.ts';
import { flatten } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { type ClassHead, classCentres, classifierHead, classLogits, labelOf, modelTarget } from './target.ts';

const view = { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 1, heightPx: 1 } as const;

/** A model whose answer is its picture of one pixel. */
function echo(head: ClassHead) {
  const builder = new GraphBuilder('echo');
  builder.output('embedding', mul(flatten(builder.input('face', [2, 3, 1, 1])), 1));
  return { graph: builder.build(), view, outputSize: 3, head };
}

const ANSWERS = float32([0.2, 0.7, 0.1, 0.5, 0.25, 0.25], [2, 3, 1, 1]);

const confidences = async (head: ClassHead, answers = ANSWERS): Promise<number[]> =>
  (await evaluate({ face: answers }, ({ face }) => ({ confidence: softmax(classLogits(echo(head), face), 1) })))
    .confidence ?? [];

describe('classLogits', () => {
  test('probabilities are what comes out of them again', async () => {
    (await confidences({ kind: 'probabilities' })).forEach((value, i) => {
      expect(value).toBeCloseTo(ANSWERS.data[i] as number, 5);
    });
  });

  test('a probability of nought is none, and no infinity', async () => {
    const values = await confidences({ kind: 'probabilities' }, float32([1, 0, 0, 0.5, 0.5, 0], [2, 3, 1, 1]));
    expect(values[0]).toBeCloseTo(1, 5);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('centres are compared by direction alone', async () => {
    const centres = [Float32Array.of(2, 0, 0), Float32Array.of(0, 9, 0)];
    const { logits = [] } = await evaluate({ face: ANSWERS }, ({ face }) => ({
      logits: classLogits(echo({ kind: 'centres', centres }), face),
    }));
    const cosines = [0.2 / Math.hypot(0.2, 0.7, 0.1), 0.7 / Math.hypot(0.2, 0.7, 0.1)];
    expect(logits[0]).toBeCloseTo(16 * (cosines[0] as number), 4);
    expect(logits[1]).toBeCloseTo(16 * (cosines[1] as number), 4);
  });
});

test('a label is the greatest answer, or the centre that is the most alike', () => {
  expect(labelOf({ kind: 'logits' }, Float32Array.of(-3, 2, 1))).toBe(1);
  expect(labelOf({ kind: 'probabilities' }, Float32Array.of(0.1, 0.2, 0.7))).toBe(2);
  const centres = [Float32Array.of(100, 0), Float32Array.of(0.1, 0.1)];
  expect(labelOf({ kind: 'centres', centres }, Float32Array.of(1, 0.9))).toBe(1);
});

test('probabilities are known by their sign and sum', () => {
  expect(classifierHead([Float32Array.of(0.2, 0.8), Float32Array.of(1, 0)]).kind).toBe('probabilities');
  expect(classifierHead([Float32Array.of(0.2, 0.8), Float32Array.of(1, 1)]).kind).toBe('logits');
  expect(classifierHead([Float32Array.of(-0.5, 1.5)]).kind).toBe('logits');
  expect(classifierHead([]).kind).toBe('logits');
});

describe('classCentres', () => {
  test('are mean directions: a long embedding counts no more than a short one', () => {
    const embeddings = [Float32Array.of(10, 0), Float32Array.of(0, 1), Float32Array.of(0, -2)];
    const [first, second] = classCentres(embeddings, [0, 0, 1], 2);
    expect(first?.[0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(first?.[1]).toBeCloseTo(Math.SQRT1_2, 6);
    expect([...(second ?? [])]).toEqual([0, -1]);
  });

  test('refuse a class without an embedding, and a label that is no class', () => {
    expect(() => classCentres([Float32Array.of(1)], [0], 2)).toThrow(InputError);
    expect(() => classCentres([Float32Array.of(1)], [2], 2)).toThrow(InputError);
  });
});

test('a target needs weights, centres of the model’s size, and two classes at least', async () => {
  const encoder = await tinyEncoder({ seed: 'any' });
  const centre = new Float32Array(TINY_EMBEDDING).fill(1);
  const centres = { kind: 'centres', centres: [centre, centre] } as const;
  expect(modelTarget(encoder, centres)?.outputSize).toBe(TINY_EMBEDDING);
  const { id, hash, embeddingSize, view, queries } = encoder;
  const closed = { id, hash, embeddingSize, view, queries, embed: async () => [], close: async () => {} };
  expect(modelTarget(closed, centres)).toBeUndefined();
  expect(() => modelTarget(encoder, { kind: 'centres', centres: [centre] })).toThrow(InputError);
  expect(() => modelTarget(encoder, { kind: 'centres', centres: [centre, new Float32Array(3)] })).toThrow(ShapeError);
  await encoder.close();
});
