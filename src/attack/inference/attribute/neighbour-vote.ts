import { GraphBuilder } from '../../../graph/builder.ts';
import { withFreeBatch } from '../../../graph/graph.ts';
import { softmax } from '../../../graph/ops/activation.ts';
import { add, div, log, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { gather } from '../../../graph/ops/indexing.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { normaliseL2 } from '../../../graph/ops/normalisation.ts';
import { topK } from '../../../graph/ops/selection.ts';
import { squeeze, unsqueeze } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { AttributeAttack } from './attack.ts';
import { requireExamples } from './examples.ts';
import { openAttributeModel } from './row-function.ts';
import { directionScale, standardiseDirections } from './standardised-embedding.ts';

/** Neighbours that vote. */
const NEIGHBOURS = 31;

/** How much more the nearer ones count: a cosine higher by a tenth counts e times as much. */
const SHARPNESS = 10;

/**
 * The examples nearest by cosine similarity vote. Nothing is trained that a defence could have been made against: neighbours may still give away what trained classifiers no longer read.
 *
 * The directions are centred before they are compared; embeddings often share a common part that tells nothing.
 */
export const neighbourVote: AttributeAttack = {
  id: 'neighbours',
  name: 'vote of the nearest neighbours',
  sees: 'embedding',
  train: async (examples, options) => {
    const attributes = requireExamples(examples);
    const { inputs, labels } = examples;
    const size = inputs[0]?.length ?? 0;
    const scale = directionScale(inputs);
    const builder = new GraphBuilder('neighbour_vote');
    const known = new Float32Array(size * inputs.length);
    inputs.forEach((input, column) => {
      const norm = Math.hypot(...input) || 1;
      const centred = input.map((value, i) => value / norm - (scale.mean[i] as number));
      const length = Math.hypot(...centred) || 1;
      centred.forEach((value, row) => {
        known[row * inputs.length + column] = value / length;
      });
    });
    const bank = builder.constant(float32(known, [size, inputs.length]), 'examples');
    const flat = Float32Array.from(labels.flatMap((row) => row.map(Number)));
    const votes = builder.constant(float32(flat, [inputs.length, attributes]), 'labels');
    const direction = normaliseL2(standardiseDirections(builder.input('embedding', [1, size]), scale));
    const { values, indices } = topK(matMul(direction, bank), Math.min(NEIGHBOURS, inputs.length));
    const weights = softmax(mul(values, SHARPNESS));
    const share = squeeze(matMul(unsqueeze(weights, [1]), gather(votes, indices)), [1]);
    // One more half vote for either side: log-odds stay finite.
    const shrunk = div(add(mul(share, NEIGHBOURS), 0.5), NEIGHBOURS + 1);
    builder.output('log_odds', sub(log(shrunk), log(sub(1, shrunk))));
    return openAttributeModel(withFreeBatch(builder.build()), options);
  },
};
