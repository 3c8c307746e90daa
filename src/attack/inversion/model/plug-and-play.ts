import { openGenerator } from '../generator-adapter.ts';
import type { Generator } from '../latent-optimisation.ts';
import { PLAIN_VIEW } from '../random-views.ts';
import { checkClasses, type ModelInversionAttack, type ModelInversionOptions, needTarget } from './attack.ts';
import { type CandidateSettings, optimiseCandidates, withScorer } from './candidates.ts';
import { classCountOf, type ModelTarget } from './target.ts';

/** Latents optimised for each class; the source takes 200, and far longer. */
const CANDIDATES = 10;

/**
 * The source steps by 0.005 in the latent space of a StyleGAN, which its mapping network keeps full of faces; ours is a plain normal distribution, far
 * wider, and is kept so by a prior: with a third of this step 30 iterations had hardly begun.
 */
const SETTINGS: CandidateSettings = {
  loss: 'poincare',
  iterations: 60,
  learningRate: 0.1,
  priorWeight: 0.5,
  augmented: true,
  views: 100,
};

/** Drawn latents in one round of the search: as many faces are in memory. */
const ROUND = 160;

/**
 * Plug & Play model inversion: of many generated faces those that the model takes for the class the most are optimised in random views, by the distance in
 * the Poincaré ball, and the one that is the surest over 100 other random views is given.
 *
 * Source: Struppek et al. 2022 (Plug & Play Attacks: Towards Robust and Flexible Model Inversion Attacks), section 3.
 */
export const plugAndPlay: ModelInversionAttack = {
  id: 'plug-and-play',
  name: 'plug and play',
  access: 'white-box',
  description:
    'Optimises those of many generated faces that the model takes for the class the most, in random views, and gives the one that is the surest in others (after PPA, Struppek et al. 2022).',
  invert: async (classes, resources, options) => {
    const target = needTarget(plugAndPlay.name, resources);
    checkClasses(classes, classCountOf(target.head, target.outputSize));
    const models = { generator: resources.generator, target };
    const settings = { ...SETTINGS, iterations: options.iterations ?? SETTINGS.iterations };
    return optimiseCandidates(classes, await selectStarts(classes, models, options), models, settings, options);
  },
};

/** For each class the latents whose faces the model takes for it the most, as they are and mirrored. */
async function selectStarts(
  classes: readonly number[],
  { generator, target }: { readonly generator: Generator; readonly target: ModelTarget },
  options: ModelInversionOptions,
): Promise<Float32Array[][]> {
  const { draws = 2000 } = options;
  const count = Math.max(options.candidates ?? CANDIDATES, options.facesPerClass ?? 1);
  const random = options.random.fork('drawn latents');
  const best = classes.map((): Drawn[] => []);
  const opened = await openGenerator(generator, options);
  try {
    await withScorer(target, classes, options, async (scorer) => {
      for (let first = 0; first < draws; first += ROUND) {
        const latents = Array.from({ length: Math.min(ROUND, draws - first) }, () =>
          random.normals(generator.latentSize),
        );
        const faces = await opened.generate(latents);
        const scores = await scorer.score(faces, [PLAIN_VIEW, { ...PLAIN_VIEW, mirrored: true }], {
          ...(options.signal && { signal: options.signal }),
        });
        best.forEach((kept, i) => {
          const drawn = latents.map((latent, k) => ({ latent, confidence: scores[k]?.[i] ?? 0 }));
          best[i] = [...kept, ...drawn].toSorted((a, b) => b.confidence - a.confidence).slice(0, count);
        });
        options.onProgress?.({ stage: 'choosing starts', done: first + latents.length, total: draws });
      }
    });
  } finally {
    await opened.close();
  }
  return best.map((kept) => kept.map(({ latent }) => latent));
}

interface Drawn {
  readonly latent: Float32Array;
  readonly confidence: number;
}
