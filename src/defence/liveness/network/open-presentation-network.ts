import type { Graph } from '../../../graph/graph.ts';
import { dequantiseWeights } from '../../../graph/quantisation.ts';
import type { SessionOptions } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';
import { openCropNetwork } from './minifasnet-file.ts';
import type { PresentationNetwork } from './presentation-network.ts';

/**
 * Opens a network that `faceward train liveness` wrote, with int8 weights or without.
 *
 * @throws ModelFileError where the graph is no such network; CapabilityError where the device is not offered.
 */
export async function openPresentationNetwork(
  graph: Graph,
  options: SessionOptions & { readonly name?: string } = {},
): Promise<PresentationNetwork> {
  const { kind, classes = '', crop, order, range } = graph.metadata;
  const sizePx = graph.inputs[0]?.shape?.[2];
  const cropFactor = Number(crop);
  const known = kind === 'presentation-network' && order === 'RGB' && range === '0..1' && classes.includes(',');
  if (!known || typeof sizePx !== 'number' || !(cropFactor >= 1)) {
    throw new ModelFileError(`graph "${graph.name}" is no presentation-attack network of ours`, {
      hint: 'train one with `faceward train liveness`; a MiniFASNet of others says nothing of its crop',
    });
  }
  const convention = { order, range, sizePx, cropFactor, bonaFide: 0 } as const;
  return openCropNetwork(options.name ?? 'presentation-network', dequantiseWeights(graph), convention, options);
}
