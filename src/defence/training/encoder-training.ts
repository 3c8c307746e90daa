import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../graph/graph.ts';
import { float32, int64, type Tensor } from '../../graph/tensor.ts';
import type { Image } from '../../image/image.ts';
import { arcFaceLogits, crossEntropy, oneHot } from '../../nn/losses.ts';
import { adam } from '../../nn/optimisers.ts';
import { FrozenParameters, normal, type Parameters, scope, type Weights } from '../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../nn/training.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { type AdversarialSettings, adversarialBatch } from './adversarial-batch.ts';
import { type Augmentation, augmentFace } from './augmentation.ts';
import { type MobileFaceNetForm, mobileFaceNet } from './mobile-facenet.ts';

/** Length of the gradients from which on they are shortened: a new network with ArcFace's steep logits throws itself off else. */
const CLIP_NORM = 5;

/** How an encoder is trained. */
export interface EncoderTrainingOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly form: MobileFaceNetForm;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Of ArcFace; small networks on few people want less than the paper's 64 and 0.5. */
  readonly scale: number;
  readonly margin: number;
  readonly augmentations: readonly Augmentation[];
  /** Default: none. */
  readonly adversarial?: AdversarialSettings;
  readonly seed: number;
}

/** One person's faces. */
export interface TrainingPerson {
  readonly person: string;
  /** form.sizePx square, the canonical frame. */
  readonly faces: readonly Image[];
}

/**
 * Trains a MobileFaceNet with ArcFace's loss. Each face of a batch is a random one of a random person, so that those with hundreds of photos count no more than the others.
 *
 * Cost: a step of adversarial training costs steps + 1 times one without.
 *
 * Source: Deng et al. 2019; Madry et al. 2018.
 *
 * @returns weights under `encoder.`, and the people's centres as `centres`.
 * @throws InputError where there are fewer than two people.
 */
export function trainEncoder(people: readonly TrainingPerson[], options: EncoderTrainingOptions): Promise<Weights> {
  const { batchSize, form, seed, learningRate, augmentations, adversarial } = options;
  if (people.length < 2) throw new InputError('an encoder is trained on two people or more');
  const shape = [batchSize, 3, form.sizePx, form.sizePx];
  const problem: Problem = {
    name: 'encoder',
    seed,
    optimiser: adam(),
    clipNorm: CLIP_NORM,
    batch: {
      face: { shape },
      person: { shape: [batchSize], dtype: 'int64' },
      ...(adversarial ? { start: { shape } } : {}),
    },
    build: (parameters, batch) => {
      const targets = oneHot(batch.person as Value, people.length);
      const lossOf = (face: Value): Value => classificationLoss(parameters, face, targets, people.length, options);
      const { face, start } = batch as { readonly face: Value; readonly start?: Value };
      if (!adversarial || !start) return { loss: lossOf(face) };
      const perturbed = adversarialBatch(face, start, lossOf, adversarial);
      return { loss: lossOf(perturbed) };
    },
  };
  return train(problem, {
    ...options,
    learningRate: cosineSchedule(learningRate, options.steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      const chosen = Array.from({ length: batchSize }, () => random.integer(people.length));
      const faces = new Float32Array(batchSize * 3 * form.sizePx ** 2);
      chosen.forEach((index, i) => {
        const own = (people[index] as TrainingPerson).faces;
        const face = own[random.integer(own.length)] as Image;
        const seen = augmentFace(face, augmentations, random.fork(`face ${i}`));
        faces.set(seen, i * seen.length);
      });
      const feeds: Record<string, Tensor> = { face: float32(faces, shape), person: int64(chosen) };
      if (adversarial) feeds.start = float32(uniforms(random.fork('start'), faces.length), shape);
      return feeds;
    },
  });
}

function classificationLoss(
  parameters: Parameters,
  face: Value,
  targets: Value,
  people: number,
  { form, scale, margin }: EncoderTrainingOptions,
): Value {
  const embedding = mobileFaceNet(scope(parameters, 'encoder'), face, form);
  const classes = parameters.weight('centres', [people, form.embeddingSize], normal(0.01));
  return crossEntropy(arcFaceLogits(embedding, classes, targets, { scale, margin }), targets);
}

const uniforms = (random: Random, count: number): Float32Array =>
  Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);

/** The encoder as a model: input `face` [N,3,S,S], RGB, 0..1; output `embedding` [N,embeddingSize]. */
export function encoderGraph(
  weights: Weights,
  form: MobileFaceNetForm,
  metadata: Readonly<Record<string, string>> = {},
): Graph {
  const builder = new GraphBuilder('mobilefacenet');
  const face = builder.input('face', [1, 3, form.sizePx, form.sizePx]);
  const embedding = mobileFaceNet(scope(new FrozenParameters(builder, weights), 'encoder'), face, form);
  builder.output('embedding', embedding);
  builder.describe({ kind: 'encoder', range: '0..1', ...metadata });
  return withFreeBatch(builder.build());
}
