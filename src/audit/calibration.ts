import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { EncoderDescription } from '../encoder/encoder.ts';
import { type FalseMatch, falseMatchInterval } from '../metric/false-match-interval.ts';
import { compareAll } from '../metric/score-set.ts';
import { cosineSimilarityOr } from '../metric/similarity.ts';
import { type Threshold, thresholdAtFmr } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';

/** Name and version of the schema; a change that breaks readers raises the number. */
export const CALIBRATION_SCHEMA = 'faceward.calibration/1';

/** False match rates that a calibration file has thresholds for. */
export const CALIBRATION_FMRS = [1e-2, 1e-3, 1e-4] as const;

/** From 0 to 100 % in steps of half a per cent. */
const GENUINE_QUANTILES = 201;

/** Below this many genuine pairs the quantiles that matter would be single pairs. */
const LEAST_GENUINE_PAIRS = 200;

const share = z.number().min(0).max(1);

const calibrationSchema = z.strictObject({
  schema: z.literal(CALIBRATION_SCHEMA),
  encoder: z.strictObject({
    id: z.string(),
    /** Hash of the weights and of how the image is prepared. */
    hash: z.string(),
  }),
  dataset: z.strictObject({
    name: z.string(),
    /** Whose faces, how many of each, and who is left out. */
    selection: z.string(),
    people: z.int().min(2),
    images: z.int().min(2),
  }),
  /** Cosine similarity; accepted is what reaches the threshold. */
  thresholds: z.array(
    z.strictObject({
      fmr: share,
      similarity: z.number().min(-1).max(1),
      falseMatches: z.int().min(0),
      impostorPairs: z.int().min(1),
      /** Measured FMR with its 95 % interval, by a bootstrap over people. */
      measuredFmr: share,
      low: share,
      high: share,
    }),
  ),
  /** How like each other two photos of one person are; absent where there are too few people with several photos. */
  genuine: z
    .strictObject({
      selection: z.string(),
      people: z.int().min(1),
      pairs: z.int().min(1),
      /** Mean similarity of impostor pairs: what is left where two photos have nothing of a person in common. */
      impostorMean: z.number().min(-1).max(1),
      /** Quantiles of the similarity of genuine pairs, from the least to the greatest in steps of half a per cent. */
      quantiles: z.array(z.number().min(-1).max(1)).length(GENUINE_QUANTILES),
    })
    .optional(),
});

/** Thresholds of one encoder at fixed false match rates, with the people they were measured on. */
export type Calibration = z.infer<typeof calibrationSchema>;

/** A person's face as an encoder sees it. */
export interface CalibrationFace {
  readonly person: string;
  readonly embedding: Float32Array;
}

/**
 * Fixes an encoder's thresholds on all impostor pairs of these faces.
 *
 * @param faces - of people that no training saw and no audit attacks; one face a person keeps the pairs nearest to independent.
 * @param several - faces of the same people, several of some: how like themselves people are.
 * @throws InputError where there are too few pairs for the lowest FMR.
 */
export function calibrate(
  faces: readonly CalibrationFace[],
  encoder: Pick<EncoderDescription, 'id' | 'hash'>,
  dataset: { readonly name: string; readonly selection: string },
  several?: { readonly faces: readonly CalibrationFace[]; readonly selection: string },
): Calibration {
  const names = [...new Set(faces.map(({ person }) => person))];
  const personOf = faces.map(({ person }) => names.indexOf(person));
  const facesOf = names.map((name) => faces.filter(({ person }) => person === name).length);
  const pairs = impostorPairs(personOf);
  const { impostors } = compareAll(
    faces.map(({ embedding }) => embedding),
    faces.map(({ person }) => person),
  );
  return {
    schema: CALIBRATION_SCHEMA,
    encoder: { id: encoder.id, hash: encoder.hash },
    dataset: { ...dataset, people: names.length, images: faces.length },
    thresholds: CALIBRATION_FMRS.map((fmr) => {
      const origin = { dataset: dataset.name, encoder: encoder.id };
      const { similarity, interval } = thresholdAtFmr(impostors, fmr, origin);
      const matches = pairs.filter((_, i) => (impostors[i] ?? -1) >= similarity);
      const { low, high } = falseMatchInterval(matches, facesOf, { random: new Random(`calibration at ${fmr}`) });
      const { successes: falseMatches, trials, rate: measuredFmr } = interval;
      return { fmr, similarity, falseMatches, impostorPairs: trials, measuredFmr, low, high };
    }),
    ...(several ? genuineOf(several, impostors) : {}),
  };
}

/** How like themselves the people of these faces are; nothing where there are too few pairs. */
function genuineOf(
  { faces, selection }: { readonly faces: readonly CalibrationFace[]; readonly selection: string },
  impostors: ReturnType<typeof compareAll>['impostors'],
): Pick<Calibration, 'genuine'> {
  const own = [...Map.groupBy(faces, ({ person }) => person).values()].filter(({ length }) => length > 1);
  const similarities = own
    .flatMap((photos) =>
      photos.flatMap((one, i) =>
        photos.slice(i + 1).map((other) => cosineSimilarityOr(-1, one.embedding, other.embedding)),
      ),
    )
    .sort((a, b) => a - b);
  if (similarities.length < LEAST_GENUINE_PAIRS) return {};
  return {
    genuine: {
      selection,
      people: own.length,
      pairs: similarities.length,
      impostorMean: impostors.reduce((sum, value) => sum + value, 0) / impostors.length,
      quantiles: Array.from(
        { length: GENUINE_QUANTILES },
        (_, k) => similarities[Math.round((k / (GENUINE_QUANTILES - 1)) * (similarities.length - 1))] as number,
      ),
    },
  };
}

/** The people of each impostor comparison, in the order of {@link compareAll}. */
function impostorPairs(personOf: readonly number[]): FalseMatch[] {
  return personOf.flatMap((a, i) =>
    personOf
      .slice(i + 1)
      .filter((b) => b !== a)
      .map((b): FalseMatch => [a, b]),
  );
}

/**
 * Reads a calibration file and makes sure that it is of this encoder.
 *
 * @throws InputError where it cannot be read, is no calibration, or was measured on another encoder or other weights.
 */
export async function readCalibration(
  path: string | URL,
  encoder: Pick<EncoderDescription, 'id' | 'hash'>,
): Promise<Calibration> {
  const name = path instanceof URL ? path.pathname : path;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new InputError(`${name} cannot be read as a calibration`, { cause, hint: HINT });
  }
  const parsed = calibrationSchema.safeParse(json);
  if (!parsed.success) {
    throw new InputError(`${name} is no calibration: ${z.prettifyError(parsed.error)}`, { hint: HINT });
  }
  if (parsed.data.encoder.hash !== encoder.hash) {
    throw new InputError(`${name} was measured on other weights than those of "${encoder.id}"`, { hint: HINT });
  }
  return parsed.data;
}

/**
 * The calibration that is shipped for an encoder; undefined where there is none.
 *
 * @throws InputError where the shipped file is of other weights than these.
 */
export async function shippedCalibration(
  encoder: Pick<EncoderDescription, 'id' | 'hash'>,
): Promise<Calibration | undefined> {
  const file = SHIPPED.get(encoder.id);
  // models/ lies two folders up from src/audit and from dist/audit alike.
  return file === undefined
    ? undefined
    : readCalibration(new URL(`../../models/calibration/${file}`, import.meta.url), encoder);
}

/** The thresholds of a calibration, as the rest of the program knows them. */
export function thresholdsOf({ thresholds, dataset, encoder }: Calibration): Threshold[] {
  return thresholds.map(({ fmr, similarity, falseMatches, impostorPairs, measuredFmr, low, high }) => ({
    similarity,
    fmr,
    impostorPairs,
    interval: { successes: falseMatches, trials: impostorPairs, rate: measuredFmr, low, high },
    dataset: `${dataset.name}, ${dataset.selection}`,
    encoder: encoder.id,
  }));
}

/** Files under models/calibration by the id of their encoder. */
const SHIPPED: ReadonlyMap<string, string> = new Map([
  ['dlib', 'dlib.json'],
  ['faceres', 'faceres.json'],
  ['planted-weak', 'planted-weak.json'],
  ['planted-strong', 'planted-strong.json'],
]);

const HINT = 'measure the thresholds with `faceward calibrate`';
