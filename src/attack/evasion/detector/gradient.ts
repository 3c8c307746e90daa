import { DETECTOR_PX } from '../../../face/detection.ts';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { gradients } from '../../../graph/differentiate.ts';
import type { Graph } from '../../../graph/graph.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { add, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { reduceSum } from '../../../graph/ops/reduction.ts';
import { float32, toNumbers } from '../../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';

/** By how much every anchor is to fall below the detector's threshold, in logits: rounding to 8 bits must not bring a face back. */
const MARGIN = 1;

/** What the detector still sees in a window, and how the window would have to change for more. */
export interface SeenWindow {
  /** Sum over the anchors of what their logits lie above the threshold less the margin: 0 where no face is near. */
  readonly excess: number;
  /** Of the excess with respect to the window, planar [3,256,256]. */
  readonly gradient: Float32Array;
}

/** How confident BlazeFace is of faces, with its gradient. */
export interface DetectorGradient {
  /** @param window - planar [3,256,256], RGB, 0..1. */
  see(window: Float32Array): Promise<SeenWindow>;
  close(): Promise<void>;
}

/**
 * Opens the gradient of the bundled detector's confidence. A window takes about 20 ms of one core.
 *
 * @param graph - the bundled model 'blazeface'.
 * @param options.minConfidence - of the detection that is to be evaded, 0..1; default 0.5, as the pipeline's.
 * @throws ModelFileError where the graph is another.
 */
export async function openDetectorGradient(
  graph: Graph,
  options: SessionOptions & { readonly minConfidence?: number } = {},
): Promise<DetectorGradient> {
  const { minConfidence = 0.5 } = options;
  const shape = [1, 3, DETECTOR_PX, DETECTOR_PX];
  const builder = new GraphBuilder('detector-gradient');
  const window = builder.input('window', shape);
  const found = builder.import(graph, { inputs: { input: sub(mul(window, 2), 1) } });
  const { logits_fine: fine, logits_coarse: coarse } = found;
  if (!fine || !coarse) throw new ModelFileError('the detector is not the bundled one: it has no logits');
  const quiet = Math.log(minConfidence / (1 - minConfidence)) - MARGIN;
  const above = (logits: Value): Value => reduceSum(relu(sub(logits, quiet)));
  const excess = add(above(fine), above(coarse));
  builder.output('excess', excess);
  builder.output('gradient', gradients(excess, [window])[0] as Value);
  const session = await createSession(builder.build(), options);
  return {
    async see(pixels) {
      const results = await session.run({ window: float32(pixels, shape) });
      const { excess: sum, gradient } = results;
      if (!sum || gradient?.dtype !== 'float32')
        throw new ModelFileError('the gradient of the detector is not float32');
      return { excess: toNumbers(sum)[0] as number, gradient: gradient.data };
    },
    close: () => session.release(),
  };
}
