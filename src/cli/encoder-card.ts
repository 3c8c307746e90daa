import type { EncoderTrainingOptions } from '../defence/training/encoder-training.ts';

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
  > & { readonly adversarial: EncoderTrainingOptions['adversarial'] | null };
  /** Means over the last steps, in words; of the training itself: they say nothing of other people. */
  readonly trainingFigures: string | null;
  readonly intendedUse: string;
  readonly limits: string;
}

/** The card of an encoder that was just trained. */
export function encoderCard(
  options: EncoderTrainingOptions,
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

/** Where the card of a model lies: `encoder.onnx` has `encoder.card.json`. */
export const cardPath = (model: string): string => `${model.replace(/\.onnx$/i, '')}.card.json`;
