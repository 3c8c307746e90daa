import { beforeAll, describe, expect, test } from 'vitest';
import { flatImage } from '../../../../test/fixtures/image-files.ts';
import { openAttributeReader } from '../../../face/open-attribute-reader.ts';
import { PORTRAIT_PX } from '../../../face/portrait.ts';
import type { Graph } from '../../../graph/graph.ts';
import { readGraph, writeGraph } from '../../../graph/onnx-file.ts';
import { quantiseWeights } from '../../../graph/quantisation.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { ModelFileError } from '../../../util/errors.ts';
import { PORTRAIT_NETWORKS } from './portrait-networks.ts';
import { trainPortraitNetwork } from './portrait-training.ts';
import { readerGraph } from './reader.ts';
import { openRowFunction } from './row-function.ts';

const FACES = [0, 90, 200].map((level) => flatImage(PORTRAIT_PX, PORTRAIT_PX, [level, 128, 255 - level]));
const ATTRIBUTES = ['Male', 'Young'];

describe.each(PORTRAIT_NETWORKS)('a reader with the network %s', (network) => {
  let weights: Awaited<ReturnType<typeof trainPortraitNetwork>>;
  let graph: Graph;

  beforeAll(async () => {
    weights = await trainPortraitNetwork(
      {
        inputs: FACES.map((face) => toPlanar([face])),
        labels: [
          [true, false],
          [false, false],
          [true, true],
        ],
      },
      { network, steps: 1, batchSize: 2, learningRate: 0.01, dropout: 0.3, seed: 1, threads: 1 },
    );
    graph = readerGraph(weights, { network, attributes: ATTRIBUTES, metadata: { seed: '1' } });
  }, 60_000);

  test('gives from its file what its network gives', async () => {
    const reader = await openAttributeReader(readGraph(writeGraph(graph)), { threads: 1 });
    const { apply, close } = await openRowFunction(graph, { threads: 1 });
    const [read, given] = [await reader.read(FACES), await apply(FACES.map((face) => toPlanar([face])))];
    expect(read).toEqual(given);
    expect(new Set(read.map(([male]) => male)).size).toBe(3);
    expect(reader.attributes).toEqual(ATTRIBUTES);
    expect(graph.metadata).toMatchObject({ kind: 'attribute-reader', network, attributes: 'Male,Young', seed: '1' });
    await reader.close();
    await close();
  }, 60_000);

  test('is at most 1.5 MB with int8 weights, and says nearly the same', async () => {
    const bytes = writeGraph(quantiseWeights(graph));
    expect(bytes.length).toBeLessThan(1.5e6);
    const [whole, small] = [
      await openAttributeReader(graph, { threads: 1 }),
      await openAttributeReader(readGraph(bytes), { threads: 1 }),
    ];
    const [a, b] = [await whole.read(FACES), await small.read(FACES)];
    a.forEach((row, i) => {
      row.forEach((value, k) => {
        expect(Math.abs((b[i]?.[k] ?? 0) - value)).toBeLessThan(0.1 * Math.max(1, Math.abs(value)));
      });
    });
    await whole.close();
    await small.close();
  }, 60_000);

  test('is not made of the weights of another number of attributes', () => {
    expect(() => readerGraph(weights, { network, attributes: ['Male'] })).toThrow(ModelFileError);
  });
});
