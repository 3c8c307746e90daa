import { describe, expect, test } from 'vitest';
import { checkGradients, type Trial, uniform } from '../../../test/fixtures/gradient-check.ts';
import { float32, type Shape } from '../tensor.ts';
import { type ConvOptions, conv, convTranspose } from './convolution.ts';

/** The forms of the gradients that only sizes beyond gradient-check.test.ts's small ones, or constant weights, bring about. */
const FORMS: Readonly<Record<string, Trial>> = {
  'many channels': convolution([2, 16, 4, 5], [3, 16, 3, 2], { pads: [1, 0, 1, 1] }),
  'many channels, stride and dilation': convolution([2, 17, 7, 6], [2, 17, 3, 2], {
    strides: [2, 1],
    dilations: [1, 2],
    pads: [1, 1, 0, 1],
  }),
  'many channels, pointwise with a stride': convolution([2, 16, 5, 4], [3, 16, 1, 1], { strides: [2, 2] }),
  'few wide groups': convolution([1, 32, 4, 4], [4, 16, 3, 3], { groups: 2, strides: [2, 2], pads: [1, 1, 1, 1] }),
  'depthwise, dilation and asymmetric pads': convolution([2, 3, 5, 6], [3, 1, 2, 3], {
    groups: 3,
    dilations: [2, 1],
    pads: [1, 2, 0, 1],
  }),
  'depthwise, long rows': convolution([1, 2, 3, 31], [2, 1, 3, 3], { groups: 2, pads: [1, 1, 1, 1] }),
  'depthwise, constant weights and a stride': withConstantWeights([2, 3, 5, 6], [3, 1, 3, 3], {
    groups: 3,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  'depthwise, constant weights and a stride greater than the kernel': withConstantWeights([1, 2, 7, 7], [2, 1, 2, 2], {
    groups: 2,
    strides: [3, 3],
  }),
  'transposed, to many channels': {
    inputs: [uniform([2, 3, 3, 2]), uniform([3, 16, 4, 4])],
    build: (x, w) => convTranspose(x, w, { strides: [2, 2], pads: [1, 1, 1, 1] }),
  },
};

describe('the forms of convolution gradients agree with central differences', () => {
  test.each(Object.entries(FORMS))('%s', async (_, trial) => {
    const { firstOrder, secondOrder } = await checkGradients(trial);
    for (const { error, size } of [...firstOrder, ...secondOrder]) {
      expect(size).toBeGreaterThan(1e-2);
      expect(error).toBeLessThan(1e-2);
    }
  });
});

function convolution(x: Shape, w: Shape, options: ConvOptions): Trial {
  return { inputs: [uniform(x), uniform(w)], build: (image, weights) => conv(image, weights, options) };
}

function withConstantWeights(x: Shape, w: Shape, options: ConvOptions): Trial {
  const numbers = Array.from({ length: w.reduce((size, extent) => size * extent, 1) }, (_, i) => Math.sin(i + 1));
  return {
    inputs: [uniform(x)],
    build: (image) => conv(image, image.builder.constant(float32(numbers, w)), options),
  };
}
