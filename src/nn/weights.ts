import type { Graph } from '../graph/graph.ts';
import type { TypedTensor } from '../graph/tensor.ts';

/**
 * The float32 weights of a model by name, such as to begin another training with.
 *
 * @param prefix - only names that begin with it, which is cut off: 'decoder.' of a generator gives the weights of an inverse DCGAN.
 */
export function weightsOf(graph: Graph, prefix = ''): Map<string, TypedTensor<'float32'>> {
  const weights = new Map<string, TypedTensor<'float32'>>();
  for (const [name, tensor] of graph.initializers) {
    if (tensor.dtype === 'float32' && name.startsWith(prefix)) weights.set(name.slice(prefix.length), tensor);
  }
  return weights;
}
