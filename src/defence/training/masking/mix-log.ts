import { InputError } from '../../../util/errors.ts';

/**
 * One re-encoding: a face that was mixed with others. A mix log is a text file with one of these as JSON in each line; no line depends on another, so that a training that
 * was killed leaves a log that can be read and gone on with.
 */
export interface MixRecord {
  /** Of the training, counted from 0; in a masked data set the row. */
  readonly step: number;
  /** Id of the image whose re-encoding this is. */
  readonly image: string;
  /** Ids of the images that were mixed into it; none where it was not mixed. */
  readonly partners: readonly string[];
  /** Shares of the image itself and of each partner: above 0, together 1. */
  readonly weights: readonly number[];
}

/** How far the weights' sum may be from 1: they are float32 in the training. */
const SUM_TOLERANCE = 1e-3;

/** A record as a line of a mix log, without the line's end. */
export const writeMixRecord = ({ step, image, partners, weights }: MixRecord): string =>
  JSON.stringify({ step, image, partners, weights });

/**
 * Reads a line of a mix log.
 *
 * @param place - of the line, such as `mixes.jsonl:12`, for the error.
 * @throws InputError where it is no record.
 */
export function readMixRecord(line: string, place: string): MixRecord {
  const found = parsed(line);
  const problem = typeof found === 'string' ? found : problemOf(found);
  if (typeof found === 'string' || problem !== undefined) {
    throw new InputError(`${place}: this is no re-encoding: ${problem}`, {
      hint: 'a mix log has {"step":0,"image":"a","partners":["b"],"weights":[0.6,0.4]} in each line',
    });
  }
  return found;
}

/** The record that a line spells, its values unchecked; or what is wrong with it. */
function parsed(line: string): MixRecord | string {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    return 'it is no JSON';
  }
  if (typeof found !== 'object' || found === null) return 'it is no object';
  const { step, image, partners, weights } = found as Readonly<Record<string, unknown>>;
  if (typeof step !== 'number') return 'it has no step';
  if (typeof image !== 'string') return 'it has no image';
  if (!isListOf(partners, 'string')) return 'its partners are no list of ids';
  if (!isListOf(weights, 'number')) return 'its weights are no list of numbers';
  return { step, image, partners, weights };
}

function problemOf({ step, image, partners, weights }: MixRecord): string | undefined {
  if (!Number.isSafeInteger(step) || step < 0) return `${step} is no step`;
  if (new Set([image, ...partners]).size !== partners.length + 1) return 'an image is in it twice';
  if (weights.length !== partners.length + 1)
    return `it has ${weights.length} weights for ${partners.length + 1} images`;
  if (!weights.every((weight) => weight > 0)) return 'a weight is not above 0';
  const sum = weights.reduce((a, b) => a + b, 0);
  return Math.abs(sum - 1) > SUM_TOLERANCE ? `its weights sum to ${sum}` : undefined;
}

interface Listed {
  readonly string: string;
  readonly number: number;
}

const isListOf = <T extends keyof Listed>(value: unknown, type: T): value is Listed[T][] =>
  Array.isArray(value) && value.every((item) => typeof item === type);
