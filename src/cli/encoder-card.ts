import type { EncoderTrainingOptions } from '../defence/training/encoder-training.ts';
import type { MaskedTrainingOptions } from '../defence/training/masking/masked-training.ts';
import type { PrivacyPlan } from '../defence/training/privacy/private-training.ts';

/** What the noise of a private training was drawn from: a secret that nobody has any more, or a text that may be known. */
export type Noise = 'secret' | 'reproducible';

/** What was trained, on whom and how: the model card of an encoder, and its metadata. */
export interface EncoderCard {
  readonly schema: 'faceward.encoder-card/1';
  readonly architecture: string;
  readonly input: string;
  readonly data: {
    readonly name: string;
    readonly side: 'train';
    readonly people: number;
    readonly faces: number;
    readonly peopleLeftOut: number;
  };
  readonly training: Pick<
    EncoderTrainingOptions,
    'steps' | 'batchSize' | 'learningRate' | 'scale' | 'margin' | 'augmentations' | 'seed'
  > & {
    readonly adversarial: EncoderTrainingOptions['adversarial'] | null;
  };
  /** How the faces were masked that it was trained on, and what chose how; absent where they were not. */
  readonly masking?: {
    readonly name: string;
    readonly frequencies: number;
    readonly norm: string;
    readonly strategy: MaskedTrainingOptions['strategy'] | null;
    /** Of DP-SGD, for single photos of the list that was trained on. Where the noise is reproducible, epsilon is promised to nobody. */
    readonly privacy: {
      readonly epsilon: number;
      readonly delta: number;
      readonly noiseMultiplier: number;
      readonly noise: Noise;
    } | null;
  };
  /** Means over the last steps, in words; of the training itself: they say nothing of other people. */
  readonly trainingFigures: string | null;
  readonly intendedUse: string;
  readonly limits: string;
}

/** The card of an encoder that was just trained. */
export function encoderCard(
  options: Omit<EncoderTrainingOptions, 'onObserved'>,
  data: EncoderCard['data'],
  trainingFigures: string | undefined,
): EncoderCard {
  const { form, steps, batchSize, learningRate, scale, margin, augmentations, seed, adversarial } = options;
  return {
    schema: 'faceward.encoder-card/1',
    architecture: `MobileFaceNet (Chen et al. 2018), width ${form.width}, ${form.embeddingSize} numbers`,
    input: `face [N,3,${form.sizePx},${form.sizePx}], RGB, 0..1, ArcFace's template`,
    data,
    training: {
      steps,
      batchSize,
      learningRate,
      scale,
      margin,
      augmentations,
      seed,
      adversarial: adversarial ?? null,
    },
    trainingFigures: trainingFigures ?? null,
    intendedUse: 'measuring attacks and defences on an encoder whose training is known',
    limits:
      'Its accuracy is not part of this card: measure it with `faceward bench verification`, on people of the test side. Trained on these people alone, it is not for deciding about anybody.',
  };
}

/** The card of an encoder that was just trained on masked faces. */
export function maskedEncoderCard(
  options: MaskedTrainingOptions,
  data: EncoderCard['data'],
  {
    trainingFigures,
    privacy,
    noise,
  }: {
    readonly trainingFigures: string | undefined;
    readonly privacy: PrivacyPlan | undefined;
    readonly noise: Noise;
  },
): EncoderCard {
  const { form, masking, frequencies, strategy } = options;
  // Epsilon does not cover the figures.
  const card = encoderCard(options, data, privacy ? undefined : trainingFigures);
  return {
    ...card,
    architecture: `MobileFaceNet (Chen et al. 2018) from stride 8 on, behind the front "${masking.front}", width ${form.width}, ${form.embeddingSize} numbers`,
    masking: {
      name: masking.name,
      frequencies,
      norm: form.norm,
      strategy: masking.mix.kind === 'adaptive' ? strategy : null,
      privacy: privacy
        ? { epsilon: privacy.loss.epsilon, delta: privacy.loss.delta, noiseMultiplier: privacy.noiseMultiplier, noise }
        : null,
    },
    limits:
      'Neither its accuracy nor what its masking hides is part of this card: measure the first with `faceward bench verification`, on people of the test side. Trained on these people alone, it is not for deciding about anybody.' +
      (privacy ? ` ${PRIVACY_LIMITS[noise]}` : ''),
  };
}

/** What epsilon does not say. */
const PRIVACY_LIMITS: Readonly<Record<Noise, string>> = {
  secret:
    'Epsilon is that of one photo: its place in the list of photos that was trained on, with or without it. n photos of a person have n times that. It takes as known how many photos of whom the list has, and how they came into it; and it is counted in real numbers, where the training computed with rounded ones.',
  reproducible:
    'Reproducible noise: no guarantee. Epsilon is for experiments only, since whoever knows what was given as --noise-seed can draw the noise again.',
};

/** Where the card of a model lies: `encoder.onnx` has `encoder.card.json`. */
export const cardPath = (model: string): string => `${model.replace(/\.onnx$/i, '')}.card.json`;
