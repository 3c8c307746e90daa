import { checkClasses, type ModelInversionAttack, needTarget } from './attack.ts';
import { type CandidateSettings, optimiseCandidates } from './candidates.ts';
import { classCountOf } from './target.ts';

/** Starts for each class, as in the source. */
const CANDIDATES = 5;

/** The source takes 1,500 steps of plain momentum; Adam needs a fifteenth of them. */
const SETTINGS: CandidateSettings = {
  loss: 'cross-entropy',
  iterations: 100,
  learningRate: 0.1,
  priorWeight: 0.5,
  augmented: false,
  views: 0,
};

/**
 * Generative model inversion: random latents, optimised for the class's logarithmic probability with a prior on the latent.
 *
 * Source: Zhang et al. 2020 (The Secret Revealer, GMI), equation 6. Its prior is a discriminator; our generator has none, so it is the length of the latent.
 */
export const randomStarts: ModelInversionAttack = {
  id: 'random-starts',
  name: 'generative, random starts',
  access: 'white-box',
  description:
    'Optimises random latents of a generator until the model is sure of the class, with a prior that keeps them where the generator gives faces (after GMI, Zhang et al. 2020).',
  invert: async (classes, resources, options) => {
    const target = needTarget(randomStarts.name, resources);
    checkClasses(classes, classCountOf(target.head, target.outputSize));
    const { generator } = resources;
    const count = Math.max(options.candidates ?? CANDIDATES, options.facesPerClass ?? 1);
    const starts = classes.map((label) => {
      const random = options.random.fork(`starts of class ${label}`);
      return Array.from({ length: count }, () => random.normals(generator.latentSize));
    });
    const settings = { ...SETTINGS, iterations: options.iterations ?? SETTINGS.iterations };
    return optimiseCandidates(classes, starts, { generator, target }, settings, options);
  },
};
