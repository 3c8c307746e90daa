import type { Value } from '../../../graph/builder.ts';
import { float32, int64 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { arcFaceLogits, crossEntropy, oneHot } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { normal, scope } from '../../../nn/parameters.ts';
import { cosineSchedule, train } from '../../../nn/training.ts';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { augmentFace } from '../augmentation.ts';
import { type ExampleProblem, privateProblem, weightShapes } from '../privacy/dp-sgd.ts';
import {
  drawPrivateStep,
  type PrivacyPlan,
  type PrivateDraws,
  planPrivateTraining,
} from '../privacy/private-training.ts';
import { BLOCK_CHANNELS, BLOCK_PX } from './block-dct.ts';
import { applyFront, type FrontSettings } from './front.ts';
import type { MaskedPerson } from './masked-batch.ts';
import type { MaskedEncoder, MaskedTrainingOptions } from './masked-training.ts';
import { recogniser } from './recogniser.ts';

/** How a recogniser is trained by DP-SGD: as any other, and within a privacy budget. */
export interface PrivateEncoderOptions extends MaskedTrainingOptions {
  /** What decides which faces a step has, how they are changed, and the noise. `seed` decides the first weights alone. */
  readonly draws: PrivateDraws;
  /** Greatest length of one face's gradient; default 1. */
  readonly clipNorm?: number;
  /** Default: a tenth of 1 / faces. */
  readonly delta?: number;
}

/** A recogniser, and what was spent on it. */
export interface PrivateEncoder extends MaskedEncoder {
  readonly plan: PrivacyPlan;
}

/**
 * Trains a recogniser by DP-SGD: the weights of every step together give away at most the masking's epsilon (`dp-sgd:8`), at delta, of one photo: whether its place in the list of faces
 * holds it or is left empty, all else alike. n photos of a person have n times that, at a delta n e^((n-1) epsilon) times as great: with many photos and a large epsilon that
 * promises nothing.
 *
 * The promise takes as known what the list is made of: how many people and photos there are, and whose photo stands at which place. It does not cover how the list came about, the figures shown while
 * it trains, the choice of settings by trying them, and what rounding does to it. The front is not measured on the faces, for that would have to be paid for too. It holds against those who cannot
 * compute the draws.
 *
 * Cost: about 1.6 times a plain training on batches of the same size.
 *
 * @throws CapabilityError where the masking is not by DP-SGD, or the network normalises over batches; InputError where there are fewer than two people, or no noise keeps the budget.
 */
export async function trainPrivateEncoder(
  people: readonly MaskedPerson[],
  options: PrivateEncoderOptions,
): Promise<PrivateEncoder> {
  const { masking, form, batchSize, steps, learningRate, augmentations, draws, clipNorm = 1, delta } = options;
  const { onProgress, onTurn } = options;
  if (masking.epsilon === undefined) throw new CapabilityError(`--masking ${masking.name} has no privacy budget`);
  if (people.length < 2) throw new InputError('a recogniser is trained on two people or more');
  const faces = people.flatMap(({ faces: own }, person) => own.map((face) => ({ face, person })));
  const plan = planPrivateTraining({
    examples: faces.length,
    batchSize,
    steps,
    epsilon: masking.epsilon,
    ...(delta === undefined ? {} : { delta }),
  });
  const front = unmeasuredFront(form.sizePx);
  const problem = privateProblem(exampleProblem(people.length, front, options), {
    clipNorm,
    noiseMultiplier: plan.noiseMultiplier,
    expectedBatch: batchSize,
    places: plan.places,
  });
  const shapes = weightShapes(problem);
  const weights = await train(problem, {
    ...options,
    learningRate: cosineSchedule(learningRate, steps),
    onProgress: (event) => {
      if (event.figures) onTurn?.(event.done - 1, 'recogniser', event.figures);
      onProgress?.(event);
    },
    batch: (step) => {
      const numbers = draws(`step ${step}`);
      const { examples, feeds } = drawPrivateStep(plan, faces.length, shapes, numbers);
      const tensor = new Float32Array(plan.places * 3 * form.sizePx ** 2);
      const labels = new Array<number>(plan.places).fill(0);
      examples.forEach((example, place) => {
        const { face, person } = faces[example] as { readonly face: Image; readonly person: number };
        // Drawn for each face by itself, and in secret: if it followed from the place, one face more would change the gradients of those behind it.
        const random = new Random(Math.floor(numbers.uniform() * 2 ** 32));
        const seen = augmentFace(face, augmentations, random);
        tensor.set(seen, place * seen.length);
        labels[place] = person;
      });
      const face = float32(tensor, [plan.places, 3, form.sizePx, form.sizePx]);
      return { face, person: int64(labels, [plan.places]), ...feeds };
    },
  });
  return { weights, front, plan };
}

function exampleProblem(
  people: number,
  front: FrontSettings,
  { form, scale, margin, seed }: PrivateEncoderOptions,
): ExampleProblem {
  return {
    name: 'private recogniser',
    seed,
    optimiser: adam(),
    example: { face: { shape: [1, 3, form.sizePx, form.sizePx] }, person: { shape: [1], dtype: 'int64' } },
    lossOf: (p, { face, person }) => {
      const targets = oneHot(person as Value, people);
      const embedding = recogniser(scope(p, 'encoder'), applyFront(face as Value, front), form);
      const classes = p.weight('centres', [people, form.embeddingSize], normal(0.01));
      return crossEntropy(arcFaceLogits(embedding, classes, targets, { scale, margin }), targets);
    },
  };
}

/** The `pixels` front with round numbers in place of measured ones: about those of any photographs. */
function unmeasuredFront(sizePx: number): FrontSettings {
  const channels = Array.from({ length: BLOCK_CHANNELS }, (_, channel) => channel);
  return {
    kind: 'pixels',
    sizePx,
    channels,
    // Blocks are given around 0: mid grey.
    mean: channels.map(() => 0),
    // Brightness, then two of colour, which are much alike all over.
    deviation: channels.map((channel) => (channel < BLOCK_PX ** 2 ? 0.25 : 0.06)),
  };
}
