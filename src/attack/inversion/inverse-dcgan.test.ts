import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { type Shape, sizeOf } from '../../graph/tensor.ts';
import type { Parameters } from '../../nn/parameters.ts';
import { type InverseDcganOptions, inverseDcgan } from './inverse-dcgan.ts';

/** The network's shape: its output's, and those of its weights. */
function shapeOf(
  inputs: number,
  options: InverseDcganOptions,
): { readonly output: Shape; readonly weights: Map<string, Shape> } {
  const builder = new GraphBuilder();
  const weights = new Map<string, Shape>();
  const parameters: Parameters = {
    builder,
    training: false,
    weight: (name, shape) => {
      weights.set(name, shape);
      return builder.input(name, shape);
    },
    buffer: (name, shape) => builder.input(name, shape),
    update: () => {},
  };
  return { output: inverseDcgan(parameters, builder.input('x', [2, inputs]), options).shape, weights };
}

const count = (weights: ReadonlyMap<string, Shape>): number =>
  [...weights.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);

describe('the patent’s network', () => {
  test('without residual layers has 7.0 million parameters', () => {
    const { output, weights } = shapeOf(512, { residualLayers: 0 });
    expect(output).toEqual([2, 3, 128, 128]);
    // 512x8192 + 2x8192, then 4x4 kernels 512>256>128>64>32>3 with scale and bias of each normalisation, and the output's bias
    const kernels = 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 32 + 32 * 3);
    expect(count(weights)).toBe(512 * 8192 + 2 * 8192 + kernels + 2 * (256 + 128 + 64 + 32) + 3);
    expect(count(weights) / 1e6).toBeCloseTo(7.0, 1);
  });

  test('with one residual layer between blocks has 8.5 million', () => {
    expect(count(shapeOf(512, { residualLayers: 1 }).weights) / 1e6).toBeCloseTo(8.5, 0);
  });

  test('residual layers stand between blocks: none before the first or behind the last', () => {
    const layers = new Set(
      [...shapeOf(12, { residualLayers: 2 }).weights.keys()].flatMap((name) => name.match(/^\w+\.residual\d/) ?? []),
    );
    expect([...layers]).toEqual(
      ['1', '2', '3'].flatMap((block) => [`block${block}.residual1`, `block${block}.residual2`]),
    );
  });

  test('widths other than the patent’s keep the picture’s size', () => {
    expect(shapeOf(12, { residualLayers: 1, width: 0.25 }).output).toEqual([2, 3, 128, 128]);
  });
});
