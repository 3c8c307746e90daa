import type { Encoder } from '../../encoder/encoder.ts';
import type { Image } from '../../image/image.ts';
import { fromPlanar } from '../../image/tensor.ts';
import { certifiedRadius } from '../../metric/certified-radius.ts';
import { shareLowerLimit } from '../../metric/exact-interval.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';

/** Noisy faces in one question to the encoder. */
const BATCH_SIZE = 32;

/** How a face is looked at under noise. */
export interface NoiseOptions extends JobOptions {
  /** Deviation of the noise on each value of a face in 0..1. */
  readonly sigma: number;
  readonly random: Random;
}

/** How many noisy looks a certified decision takes, and how sure it is. */
export interface SmoothingOptions {
  readonly sigma: number;
  /** Looks that only guess which decision has the majority, apart from those that certify it. */
  readonly guesses: number;
  /** Probability that a certificate is wrong. */
  readonly alpha: number;
}

/** A smoothed decision between "the same person" and "another". */
export interface SmoothedDecision {
  /** What most looks say; undefined where they do not suffice to say it: the decision abstains. */
  readonly same: boolean | undefined;
  /** Share of the certifying looks that agree with the guess. */
  readonly share: number;
  /** Lower limit of that share (Clopper and Pearson), wrong with probability alpha. */
  readonly lowerLimit: number;
  /** Euclidean, over all values of the face in 0..1: no change of the face up to it changes the decision. Undefined where it abstains. */
  readonly radius: number | undefined;
}

/**
 * Embeddings of a face under Gaussian noise, `count` of them: what a smoothed decision is made of. They serve any number of references.
 *
 * The noise is added to the values as they are; then the face is clipped to 0..1 and rounded to 8 bits, as any encoder takes it. Both happen after the noise, so that they are part of
 * the decision that is smoothed: the certificate stands as it is, for faces of any real values, and for 8-bit ones among them.
 *
 * Cost: `count` queries.
 *
 * @param face - planar [3,view.heightPx,view.widthPx], RGB, 0..1.
 */
export async function noisyEmbeddings(
  encoder: Encoder,
  face: Float32Array,
  count: number,
  options: NoiseOptions,
): Promise<Float32Array[]> {
  const { sigma, random } = options;
  if (!(sigma > 0 && sigma <= 10)) throw new InputError(`sigma must be above 0 and at most 10, not ${sigma}`);
  const embeddings: Float32Array[] = [];
  while (embeddings.length < count) {
    throwIfAborted(options);
    const size = Math.min(BATCH_SIZE, count - embeddings.length);
    const looks = Array.from({ length: size }, () => noisyPicture(face, encoder, sigma, random));
    embeddings.push(...(await encoder.embed(looks)));
  }
  return embeddings;
}

/** A face with noise on it, as the encoder gets it: clipped, and rounded to 8 bits. */
export function noisyPicture(
  face: Float32Array,
  { view }: Pick<Encoder, 'view'>,
  sigma: number,
  random: Random,
): Image {
  const noisy = random.normals(face.length, sigma);
  for (let i = 0; i < face.length; i++) noisy[i] = (noisy[i] as number) + (face[i] as number);
  const [image] = fromPlanar(noisy, view) as [Image];
  return image;
}

/**
 * Decides whether a face shows the reference's person by the majority of its noisy looks, and certifies how far the face may be changed without changing that. The first
 * `guesses` looks say which decision is tried, the others certify it: looks that did both would be too sure of themselves. The reference is as it is enrolled, without noise.
 *
 * The certificate supposes noise that is Gaussian and independent; ours comes from a seeded generator.
 *
 * Source: Cohen, Rosenfeld, Kolter 2019, CERTIFY, with the thresholded similarity as the base classifier.
 *
 * @param looks - embeddings of the noisy face ({@link noisyEmbeddings}).
 * @throws InputError where no look is left to certify.
 */
export function decideSmoothed(
  looks: readonly Float32Array[],
  reference: Float32Array,
  threshold: Pick<Threshold, 'similarity'>,
  { sigma, guesses, alpha }: SmoothingOptions,
): SmoothedDecision {
  if (guesses < 1 || looks.length <= guesses) {
    throw new InputError(`${looks.length} looks, of which ${guesses} guess, leave none to certify`);
  }
  const accepted = looks.map((look) => cosineSimilarityOr(-1, look, reference) >= threshold.similarity);
  const guess = 2 * countOf(accepted.slice(0, guesses), true) >= guesses;
  const certifying = accepted.slice(guesses);
  const agreeing = countOf(certifying, guess);
  const lowerLimit = shareLowerLimit(agreeing, certifying.length, alpha);
  const radius = certifiedRadius(lowerLimit, sigma);
  return { same: radius === undefined ? undefined : guess, share: agreeing / certifying.length, lowerLimit, radius };
}

const countOf = (decisions: readonly boolean[], wanted: boolean): number =>
  decisions.filter((decision) => decision === wanted).length;
