import type { AttributeAttack } from './attack.ts';
import { requireExamples } from './examples.ts';
import type { PortraitNetwork } from './portrait-networks.ts';
import { trainPortraitNetwork } from './portrait-training.ts';
import { readerGraph } from './reader.ts';
import { openAttributeModel } from './row-function.ts';

/** Enough for most of what some thousand faces teach: about 1.5 minutes on one core. */
const STEPS = 600;

/** Faces in a step, where there are so many. */
const BATCH_SIZE = 48;

/** An attack by a small network on portraits, trained anew. */
export const portraitAttack = (network: PortraitNetwork, name: string): AttributeAttack => ({
  id: network,
  name,
  sees: 'portrait',
  train: async (examples, options) => {
    const weights = await trainPortraitNetwork(examples, {
      ...options,
      network,
      steps: options.steps ?? STEPS,
      batchSize: Math.min(BATCH_SIZE, examples.inputs.length),
      learningRate: 0.002,
      dropout: 0.3,
    });
    const attributes = Array.from({ length: requireExamples(examples) }, (_, a) => `attribute${a}`);
    return openAttributeModel(readerGraph(weights, { network, attributes }), options);
  },
});
