import { type BundledModelOptions, loadBundledModel } from '../../../runtime/bundled-models.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { croppedNetwork } from './cropped-network.ts';
import { humanCrop } from './crops.ts';
import type { PresentationNetwork } from './presentation-network.ts';

/** Side of the input, and name of the output, whose first number is what human gives as the score. */
const NETWORKS = {
  antispoof: { sizePx: 128, output: 'real' },
  liveness: { sizePx: 32, output: 'classes' },
} as const;

export type HumanNetworkName = keyof typeof NETWORKS;

/**
 * Opens a presentation-attack network that comes with @vladmandic/human: its crop, its RGB in 0..1, and the number that human gives as the score of "real" (`antispoof`) or "live" (`liveness`), not rounded.
 *
 * What they are worth was measured on photos of LFW (158 of 79 people) against prints and screens of 79 others by our channel simulator, drawn at random: `antispoof` has an AUC of 0.40 (0.30 to 0.52) and 0.39
 * (0.28 to 0.50), no better than chance and rather inverted; `liveness` 0.78 (0.68 to 0.86) and 0.74 (0.62 to 0.82), as stated, and gives Silent-Face's sample photo and both of its attacks more than 0.99.
 * These are simulated attacks: `measurePolarity` on one's own says more.
 */
export async function openHumanNetwork(
  name: HumanNetworkName,
  options: BundledModelOptions & SessionOptions,
): Promise<PresentationNetwork> {
  const { sizePx, output } = NETWORKS[name];
  const session = await createSession(await loadBundledModel(name, options), options);
  return croppedNetwork(`human-${name}`, session, {
    ...{ input: 'input', output, order: 'RGB', range: '0..1', leastClasses: 1 },
    cropOf: ({ image, face }) => humanCrop(image, face.box, sizePx),
    scoreOf: ([first = Number.NaN]) => first,
  });
}
