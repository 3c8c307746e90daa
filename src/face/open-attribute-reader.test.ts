import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { type Graph, withFreeBatch } from '../graph/graph.ts';
import { readGraph, writeGraph } from '../graph/onnx-file.ts';
import { gemm } from '../graph/ops/matrix.ts';
import { flatten } from '../graph/ops/shape.ts';
import { quantiseWeights } from '../graph/quantisation.ts';
import { float32 } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import { ModelFileError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { openAttributeReader } from './open-attribute-reader.ts';
import { portraitView } from './portrait.ts';

const SIDE = 40;
const NUMBERS = 3 * SIDE * SIDE;
const WEIGHTS = new Random('reader').normals(NUMBERS * 2, 0.05);
const KNOWN = { kind: 'attribute-reader', attributes: 'Male,Young' };

/** Two linear attributes of a portrait. */
function linearReader(metadata: Readonly<Record<string, string>> = KNOWN, output = 'log_odds'): Graph {
  const builder = new GraphBuilder('linear_reader');
  const weights = builder.constant(float32(WEIGHTS, [NUMBERS, 2]), 'weights');
  builder.output(output, gemm(flatten(builder.input('portrait', [1, 3, SIDE, SIDE])), weights));
  builder.describe(metadata);
  return withFreeBatch(builder.build());
}

function picture(random: Random, sidePx = SIDE): Image {
  const data = Uint8Array.from({ length: 3 * sidePx * sidePx }, () => random.integer(256));
  return { widthPx: sidePx, heightPx: sidePx, data };
}

/** What the two attributes come to, by hand: pixels interleaved, weights planar. */
function byHand({ data }: Image): number[] {
  const sums = [0, 0];
  data.forEach((value, i) => {
    const planar = (i % 3) * SIDE * SIDE + Math.floor(i / 3);
    sums.forEach((sum, a) => {
      sums[a] = sum + (value / 255) * (WEIGHTS[2 * planar + a] as number);
    });
  });
  return sums;
}

describe('a reader', () => {
  test('reads each face as its network says, also where they fill more than one batch', async () => {
    const reader = await openAttributeReader(readGraph(writeGraph(linearReader())), { threads: 1 });
    const random = new Random('faces');
    const faces = Array.from({ length: 70 }, () => picture(random));
    const rows = await reader.read(faces);
    expect(rows).toHaveLength(70);
    for (const i of [0, 63, 64, 69]) {
      byHand(faces[i] as Image).forEach((wanted, a) => {
        expect(rows[i]?.[a]).toBeCloseTo(wanted, 3);
      });
    }
    expect(reader).toMatchObject({ attributes: ['Male', 'Young'], view: portraitView(SIDE) });
    await reader.close();
  });

  test('opens from int8 weights, with about the same answers, as another model', async () => {
    const whole = await openAttributeReader(linearReader(), { threads: 1 });
    const small = await openAttributeReader(readGraph(writeGraph(quantiseWeights(linearReader()))), { threads: 1 });
    const face = picture(new Random('one face'));
    const [[a], [b]] = [await whole.read([face]), await small.read([face])];
    expect(b?.[0]).not.toBe(a?.[0]);
    // Rounding of each weight by at most half of 1/127 of the largest, over 4,800 pixels.
    expect(b?.[0]).toBeCloseTo(a?.[0] ?? Number.NaN, 0);
    expect(small.graph?.nodes.map(({ op }) => op)).not.toContain('DequantizeLinear');
    expect(whole.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(small.hash).not.toBe(whole.hash);
    await whole.close();
    await small.close();
  });

  test('reads nobody without a word', async () => {
    const reader = await openAttributeReader(linearReader(), { threads: 1 });
    expect(await reader.read([])).toEqual([]);
    await reader.close();
  });

  test('refuses a picture of another size', async () => {
    const reader = await openAttributeReader(linearReader(), { threads: 1, id: 'small' });
    await expect(reader.read([picture(new Random(1), 41)])).rejects.toThrow(
      expect.objectContaining({ code: 'shape', message: 'reader "small" takes 40x40 px, not 41x41' }),
    );
    await reader.close();
  });

  test.each([
    ['a graph of another kind', linearReader({ ...KNOWN, kind: 'denoiser' })],
    ['a reader that names no attribute', linearReader({ kind: 'attribute-reader' })],
    ['a reader without log-odds', linearReader(KNOWN, 'classes')],
  ])('refuses %s', async (_, graph) => {
    await expect(openAttributeReader(graph)).rejects.toThrow(ModelFileError);
  });

  test('refuses a network that gives another number of attributes than it names', async () => {
    const reader = await openAttributeReader(linearReader({ ...KNOWN, attributes: 'Male,Young,Bald' }), { threads: 1 });
    await expect(reader.read([picture(new Random(1))])).rejects.toThrow(/not 3 attributes a face/);
    await reader.close();
  });
});
