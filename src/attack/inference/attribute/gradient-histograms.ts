import { PORTRAIT_PX } from '../../../face/portrait.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { withFreeBatch } from '../../../graph/graph.ts';
import type { AttributeAttack } from './attack.ts';
import { requireExamples } from './examples.ts';
import { discriminate, fitDiscriminant } from './linear-discriminant.ts';
import { openRowFunction } from './row-function.ts';

const SIDE = PORTRAIT_PX;
const PLANE = SIDE * SIDE;
const NUMBERS = 3 * PLANE;

/** Extent of a cell in pixels, cells along a side, and orientations of gradients, without sign. */
const CELL_PX = 8;
const CELLS = SIDE / CELL_PX;
const ORIENTATIONS = 9;

const RIDGE = 0.5;

/**
 * A linear discriminant on what a person chose to look at instead of a network: histograms of oriented gradients, and the mean colour of each cell.
 *
 * Source: Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005; its cells, each normalised alone instead of in overlapping blocks.
 */
export const gradientHistograms: AttributeAttack = {
  id: 'histograms',
  name: 'linear discriminant on gradient histograms',
  sees: 'portrait',
  train: async (examples, options) => {
    requireExamples(examples, NUMBERS);
    const features = examples.inputs.map(histogramFeatures);
    const rule = await fitDiscriminant(features, examples.labels, { ...options, ridge: RIDGE });
    const builder = new GraphBuilder('histogram_discriminant');
    builder.output('log_odds', discriminate(builder.input('features', [1, rule.mean.length]), rule));
    const { apply, close } = await openRowFunction(withFreeBatch(builder.build()), options);
    return { score: (inputs) => apply(inputs.map(histogramFeatures)), close };
  },
};

/**
 * The features of a portrait, planar [3,64,64], RGB, 0..1: for each of 8x8 cells the square roots of the shares that each of nine orientations has in its gradients, and its mean red, green and
 * blue, about -1..1.
 */
export function histogramFeatures(portrait: Float32Array): Float32Array {
  const histograms = new Float32Array(CELLS * CELLS * ORIENTATIONS);
  const colours = new Float32Array(CELLS * CELLS * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const cell = Math.floor(y / CELL_PX) * CELLS + Math.floor(x / CELL_PX);
      for (let channel = 0; channel < 3; channel++) {
        const value = portrait[channel * PLANE + y * SIDE + x] as number;
        colours[3 * cell + channel] = (colours[3 * cell + channel] as number) + (2 * value - 1) / CELL_PX ** 2;
      }
      addGradient(portrait, x, y, histograms.subarray(cell * ORIENTATIONS, (cell + 1) * ORIENTATIONS));
    }
  }
  for (let start = 0; start < histograms.length; start += ORIENTATIONS) {
    const histogram = histograms.subarray(start, start + ORIENTATIONS);
    // A floor about as high as noise, so that a smooth cell stays near nothing.
    const total = histogram.reduce((sum, value) => sum + value, 0) + 0.02 * CELL_PX ** 2;
    histogram.forEach((value, i) => {
      histogram[i] = Math.sqrt(value / total);
    });
  }
  const features = new Float32Array(histograms.length + colours.length);
  features.set(histograms);
  features.set(colours, histograms.length);
  return features;
}

/** Adds the gradient of the luma at a place to the histogram of its cell, shared between the two nearest orientations. */
function addGradient(portrait: Float32Array, x: number, y: number, histogram: Float32Array): void {
  const dx = luma(portrait, Math.min(SIDE - 1, x + 1), y) - luma(portrait, Math.max(0, x - 1), y);
  const dy = luma(portrait, x, Math.min(SIDE - 1, y + 1)) - luma(portrait, x, Math.max(0, y - 1));
  const place = ((Math.atan2(dy, dx) / Math.PI + 1) * ORIENTATIONS) % ORIENTATIONS;
  const lower = Math.floor(place) % ORIENTATIONS;
  const upper = (lower + 1) % ORIENTATIONS;
  const strength = Math.hypot(dx, dy);
  const share = place - Math.floor(place);
  histogram[lower] = (histogram[lower] as number) + strength * (1 - share);
  histogram[upper] = (histogram[upper] as number) + strength * share;
}

/** BT.601. */
function luma(portrait: Float32Array, x: number, y: number): number {
  const at = y * SIDE + x;
  return (
    0.299 * (portrait[at] as number) +
    0.587 * (portrait[PLANE + at] as number) +
    0.114 * (portrait[2 * PLANE + at] as number)
  );
}
