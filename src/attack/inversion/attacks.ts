import { CapabilityError } from '../../util/errors.ts';
import type { InversionAttack, InversionNeed, InversionOptions, InversionResources } from './attack.ts';
import { invertThroughGenerator } from './generator-adapter.ts';
import type { LatentOptimisationOptions } from './latent-optimisation.ts';
import { optimiseTemplates, type Start } from './template-optimisation.ts';

/** Weight of the prior on the latent where it is used: a similarity of 0.05 is worth one more deviation of every latent. */
const PRIOR_WEIGHT = 0.05;

const blackBox: InversionAttack = {
  name: 'black-box inverter',
  access: 'black-box',
  needs: ['inverter'],
  description:
    'The patent’s first module: a network trained on pairs of embedding and mean face, through the encoder’s interface alone.',
  invert: async (templates, resources) => need(resources, 'inverter', blackBox).invert(templates),
};

const blackBoxThroughGenerator: InversionAttack = {
  name: 'black-box, adapter to the generator',
  access: 'black-box',
  needs: ['generator', 'probes'],
  description:
    'Sends generated faces to the encoder and learns a linear map from its embeddings back to their latents: no face of anyone is needed.',
  invert: async (templates, resources, options) => {
    const generator = need(resources, 'generator', blackBoxThroughGenerator);
    return invertThroughGenerator(templates, generator, need(resources, 'probes', blackBoxThroughGenerator), options);
  },
};

/** A white-box attack through the generator, from random latents or from the nearest of the generated faces that the encoder was asked about. */
function throughGenerator(
  name: string,
  description: string,
  start: 'random' | 'selected',
  settings: Pick<LatentOptimisationOptions, 'augmented' | 'priorWeight' | 'learningRate'> = {},
): InversionAttack {
  const attack: InversionAttack = {
    name,
    access: 'white-box',
    needs: start === 'selected' ? ['generator', 'probes', 'target'] : ['generator', 'target'],
    description,
    invert: async (templates, resources, options) => {
      const models = { generator: need(resources, 'generator', attack), encoder: need(resources, 'target', attack) };
      const from: Start =
        start === 'random' ? { kind: 'random' } : { kind: 'selected', probes: need(resources, 'probes', attack) };
      return faces(await optimiseTemplates(templates, models, { ...options, ...settings, start: from }));
    },
  };
  return attack;
}

const fromBlackBox: InversionAttack = {
  name: 'white-box from black-box',
  access: 'white-box',
  needs: ['inverter', 'target'],
  description:
    'Begins with the black-box result and optimises the inverter’s own input through the encoder, with augmented views and a prior.',
  invert: async (templates, resources, options: InversionOptions) => {
    const encoder = need(resources, 'target', fromBlackBox);
    const inverter = need(resources, 'inverter', fromBlackBox);
    if (!inverter.asGenerator) throw lacking(fromBlackBox, 'inverter');
    const { generator, latentOf } = inverter.asGenerator;
    const start: Start = { kind: 'given', latents: templates.map(latentOf) };
    const settings = { augmented: true, priorWeight: PRIOR_WEIGHT, learningRate: 0.03 };
    return faces(await optimiseTemplates(templates, { generator, encoder }, { ...options, ...settings, start }));
  },
};

/** Every template-inversion attack; a new one is its file and a line here. */
export const INVERSION_ATTACKS: readonly InversionAttack[] = [
  blackBox,
  blackBoxThroughGenerator,
  throughGenerator(
    'white-box',
    'The patent’s second module: a random latent, optimised through generator and encoder for a preset number of iterations.',
    'random',
  ),
  throughGenerator(
    'white-box, selected start',
    'The same from the generated face, of those that the encoder was asked about, which is nearest to the template.',
    'selected',
  ),
  throughGenerator(
    'white-box, selected start, augmented, prior',
    'The same with augmented views and a prior that keeps the latent where the generator gives faces.',
    'selected',
    { augmented: true, priorWeight: PRIOR_WEIGHT },
  ),
  fromBlackBox,
];

/** The attacks that these resources allow. */
export function possibleAttacks(resources: InversionResources): InversionAttack[] {
  return INVERSION_ATTACKS.filter((attack) => attack.needs.every((name) => resources[name] !== undefined));
}

function need<K extends InversionNeed>(
  resources: InversionResources,
  name: K,
  attack: InversionAttack,
): NonNullable<InversionResources[K]> {
  const resource = resources[name];
  if (resource === undefined) throw lacking(attack, name);
  return resource;
}

const WANTED: Readonly<Record<InversionNeed, string>> = {
  inverter: 'an inverter (train one with `faceward train inverter`, or use an encoder for which one is shipped)',
  generator: 'a generator (one is shipped; train another with `faceward train generator`)',
  probes: 'answers of the encoder to generated faces',
  target: 'the encoder’s weights as .onnx (white-box)',
};

const lacking = (attack: InversionAttack, name: InversionNeed): CapabilityError =>
  new CapabilityError(`the attack "${attack.name}" needs ${WANTED[name]}, and the target has none`);

const faces = (results: readonly { readonly face: Float32Array }[]): Float32Array[] => results.map(({ face }) => face);
