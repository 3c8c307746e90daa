import { basename } from 'node:path';
import { readModel, shippedPresentationNetwork } from '../audit/inversion/shipped.ts';
import { openHumanNetwork } from '../defence/liveness/network/human-networks.ts';
import { cropFactorOf, openCropNetwork, SILENT_FACE } from '../defence/liveness/network/minifasnet-file.ts';
import { openPresentationNetwork } from '../defence/liveness/network/open-presentation-network.ts';
import type { PresentationNetwork } from '../defence/liveness/network/presentation-network.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import { cacheDirectory } from './cache-directory.ts';
import { HUMAN_NETWORKS, OWN_NETWORK, PRESENTATION_NETWORK_FORMS } from './presentation-network-forms.ts';

/** How a network is asked for whose name {@link openNamedNetwork} gave; undefined for one of a file. */
export function specOfNetwork(name: string): string | undefined {
  if (OWN_NETWORK_NAME.test(name)) return OWN_NETWORK;
  return Object.keys(HUMAN_NETWORKS).find((known) => known === name);
}

/** By its file's hash, as files are named. */
const OWN_NETWORK_NAME = new RegExp(`^${OWN_NETWORK}-[0-9a-f]{8}$`);

/**
 * Opens a presentation-attack network by its name.
 *
 * @throws InputError where there is none; ModelFileError where a file holds something else.
 */
export async function openNamedNetwork(spec: string, options: SessionOptions): Promise<PresentationNetwork> {
  const bundled = HUMAN_NETWORKS[spec];
  if (bundled) return openHumanNetwork(bundled, { ...options, cacheDir: cacheDirectory() });
  const own = spec === OWN_NETWORK ? await shippedPresentationNetwork() : undefined;
  if (!own && !/\.onnx$/i.test(spec))
    throw new InputError(`"${spec}" names no presentation-attack network`, {
      hint: `it is one of: ${PRESENTATION_NETWORK_FORMS}`,
    });
  const graph = own ?? (await readModel(spec));
  // As encoders are called: two files of one name are two networks.
  const name = `${basename(spec, '.onnx')}-${graph.metadata.sha256?.slice(0, 8)}`;
  if (graph.metadata.kind === 'presentation-network') return openPresentationNetwork(graph, { ...options, name });
  const cropFactor = cropFactorOf(basename(spec));
  if (cropFactor === undefined)
    throw new InputError(`${spec}: how much of the picture it looks at is not known`, {
      hint: 'name it as Silent-Face does, by its crop: 2.7_80x80_MiniFASNetV2.onnx',
    });
  return openCropNetwork(name, graph, { ...SILENT_FACE, cropFactor }, options);
}
