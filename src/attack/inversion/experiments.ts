/** One of the patent's five experiments. */
export interface Experiment {
  readonly number: 1 | 2 | 3 | 4 | 5;
  /** Weights of the pixel losses. */
  readonly l1: number;
  readonly l2: number;
  /** Variance of the Gaussian noise on each input dimension, in units of the *standardised* embedding (see {@link EmbeddingScale}). */
  readonly noiseVariance: number;
  readonly residualLayers: number;
}

/** The table of the patent; number 3 is its choice. */
export const EXPERIMENTS: readonly Experiment[] = [
  { number: 1, l1: 1, l2: 0, noiseVariance: 0, residualLayers: 0 },
  { number: 2, l1: 1, l2: 1, noiseVariance: 0.005, residualLayers: 1 },
  { number: 3, l1: 1, l2: 0, noiseVariance: 0.001, residualLayers: 1 },
  { number: 4, l1: 0, l2: 1, noiseVariance: 0, residualLayers: 2 },
  { number: 5, l1: 1, l2: 0, noiseVariance: 0, residualLayers: 1 },
];
