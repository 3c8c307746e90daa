import { cosineSimilarityOr, normaliseOrZero } from '../../../metric/similarity.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';

/** What a model says of a photo when asked for one class. */
export interface Evidence {
  /** Cross-entropy at that class, from 0 up: how surprised the model is. */
  readonly loss: number;
  /** log(p / (1 - p)) of the class's probability p: the same order as the loss, but near to normally distributed. Source: Carlini et al., S&P 2022, section IV-C. */
  readonly logOdds: number;
}

/**
 * What a classifier says of photos at the classes that they are labelled with.
 *
 * @param logits - [K] for each photo.
 * @param labels - the class of each photo, 0..K-1: as the training set has it, also where that is wrong.
 * @throws InputError where a label is no class; ShapeError where there is not one label a photo.
 */
export function classifierEvidence(logits: readonly Float32Array[], labels: readonly number[]): Evidence[] {
  if (logits.length !== labels.length) throw new ShapeError(`${logits.length} photos and ${labels.length} labels`);
  return logits.map((row, i) => evidenceOf(row, labels[i] as number));
}

/** A photo of a labelled person as an encoder sees it. */
export interface EmbeddedPhoto {
  /** As the training set has it, also where that is wrong. */
  readonly person: string;
  /** Whether the photo was trained on. */
  readonly member: boolean;
  readonly embedding: Float32Array;
}

/** Factor on cosine similarities where the model's own is not known. */
const SCALE = 32;

/**
 * What an encoder says of photos, when each person's mean training template is granted as the weight of a class.
 *
 * The mean is always one without a certain photo: without the photo itself where it was trained on, without another one in turn where it was held out. A photo that is part of the mean
 * lies nearer to it under any encoder, trained or not, and would be "found" for that alone; so the two kinds are exactly alike for an encoder that has not seen either.
 *
 * @param photos - members are what the means are made of.
 * @returns undefined for photos of people of whom fewer than two photos were trained on.
 * @throws InputError where fewer than two people were trained on.
 */
export function encoderEvidence(
  photos: readonly EmbeddedPhoto[],
  options: { readonly scale?: number } = {},
): (Evidence | undefined)[] {
  const { scale = SCALE } = options;
  const members = Map.groupBy(
    photos.filter(({ member }) => member),
    ({ person }) => person,
  );
  if (members.size < 2) throw new InputError(`classes of ${members.size} people tell nothing`);
  const people = [...members.keys()];
  const sums = people.map((person) => sumOf(members.get(person) ?? []));
  const turns = new Map<string, number>();
  return photos.map(({ person, member, embedding }, i) => {
    const own = members.get(person) ?? [];
    if (own.length < 2) return undefined;
    const turn = turns.get(person) ?? 0;
    if (!member) turns.set(person, turn + 1);
    const leftOut = member ? photos[i] : own[turn % own.length];
    const direction = normaliseOrZero(embedding);
    const logits = sums.map((sum, k) => {
      const centre = people[k] === person && leftOut ? difference(sum, normaliseOrZero(leftOut.embedding)) : sum;
      return scale * cosineSimilarityOr(0, direction, centre);
    });
    return evidenceOf(Float32Array.from(logits), people.indexOf(person));
  });
}

/** Mean cosine similarity of a person's photos to each other: an encoder draws together whom it was trained on. Undefined for one photo. Source: Li, Rezaei and Liu, user-level membership inference against metric embedding learning, arXiv 2203.02077 (2022). */
export function compactness(embeddings: readonly Float32Array[]): number | undefined {
  const similarities = embeddings.flatMap((one, i) =>
    embeddings.slice(i + 1).map((other) => cosineSimilarityOr(0, one, other)),
  );
  if (similarities.length === 0) return undefined;
  return similarities.reduce((sum, value) => sum + value, 0) / similarities.length;
}

/** The log-odds of the class that a classifier holds for the most likely: it needs no label. Source: Salem et al., NDSS 2019, adversary 3. */
export const topLogOdds = (logits: Float32Array): number =>
  evidenceOf(logits, logits.indexOf(Math.max(...logits))).logOdds;

function evidenceOf(logits: Float32Array, label: number): Evidence {
  const own = logits[label];
  if (own === undefined) throw new InputError(`${label} is none of ${logits.length} classes`);
  let others = 0;
  // The greatest is taken off before the exponential, so that it cannot overflow.
  const greatest = logits.reduce(
    (most, value, k) => (k === label ? most : Math.max(most, value)),
    Number.NEGATIVE_INFINITY,
  );
  logits.forEach((value, k) => {
    if (k !== label) others += Math.exp(value - greatest);
  });
  const logOdds = own - greatest - Math.log(others);
  // log(1 + exp(-x)), without overflow.
  return { loss: Math.max(0, -logOdds) + Math.log1p(Math.exp(-Math.abs(logOdds))), logOdds };
}

function sumOf(photos: readonly EmbeddedPhoto[]): Float32Array {
  const sum = new Float32Array(photos[0]?.embedding.length ?? 0);
  for (const { embedding } of photos) {
    normaliseOrZero(embedding).forEach((value, i) => {
      sum[i] = (sum[i] as number) + value;
    });
  }
  return sum;
}

const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - (b[i] as number));
