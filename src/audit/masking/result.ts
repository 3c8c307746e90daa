import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ModelFileError } from '../../util/errors.ts';

const count = z.int().nonnegative();
const rate = z.strictObject({ successes: count, trials: count, rate: z.number(), low: z.number(), high: z.number() });
const estimate = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

const linkageFigures = z.strictObject({
  /** The leading face's person came first; or anybody of the mix. */
  rank1: rate,
  anybody: rate,
  auc: estimate,
  chance: z.number(),
  /** Behind `anybody`: of each linked person, of each of their probes, whether it was so. The order of people is that of all results of one bench. */
  found: z.array(z.array(z.boolean())),
});

const shape = z.strictObject({
  schema: z.literal('faceward.masking-result/1'),
  /** What decides the figures. Results of other settings are not put beside each other. */
  settings: z.record(z.string(), z.unknown()),
  contender: z.string(),
  seed: count,
  /** Seconds of processor time of the training and of all that was measured, in the run that ended it: where a training was gone on with, of what was left of it. */
  cost: z.strictObject({ trainingSeconds: z.number(), measuringSeconds: z.number() }),
  /** Of a private training. */
  privacy: z.strictObject({ epsilon: z.number(), delta: z.number(), noiseMultiplier: z.number() }).nullable(),
  /** Faces in a mix of the training, mean. */
  meanCount: z.number(),
  /** The same at times spread evenly over the training; one where it stays the same. */
  meanCounts: z.array(z.number()),
  utility: z.strictObject({
    /** Accuracy of each fold, and the standard error over them. */
    accuracy: z.strictObject({ mean: z.number(), standardError: z.number(), folds: z.array(z.number()) }),
    eer: z.number(),
    tarAtFar1: rate.nullable(),
    tarAtFar01: rate.nullable(),
    /** Held-out photos of trained people named rightly; by chance `namedByChance`. */
    named: rate,
    namedByChance: z.number(),
  }),
  /** Of training mixes: `shown` to the encoder as they are behind the undone front; by a `student` of so many pairs; or `recovered` by a network of all pairs, and then shown. */
  linkage: z.array(
    z.strictObject({
      attacker: z.enum(['shown', 'student', 'recovered']),
      pairs: count,
      student: z.string().nullable(),
      templateToFace: linkageFigures,
      templateToTemplate: linkageFigures,
    }),
  ),
  /** Of the leading face of each mix, by the front undone, and by the network. */
  recovery: z.array(
    z.strictObject({
      attacker: z.enum(['shown', 'recovered']),
      psnr: estimate,
      ssim: estimate,
      /** By the judge whose templates are linked. */
      recognised: rate.nullable(),
    }),
  ),
  /** Attack accuracy by each judge; of strangers in the same way, for comparison. */
  inversion: z.array(
    z.strictObject({
      attack: z.string(),
      judge: z.string(),
      of: z.enum(['trained', 'strangers']),
      places: z.int(),
      rate,
      chance: z.number(),
    }),
  ),
  /** Of faces made of trained people's classes; features are those of a judge, named. */
  likeness: z.array(
    z.strictObject({
      attack: z.string(),
      features: z.string(),
      nearestTraining: estimate,
      frechetDistance: z.number().nullable(),
      prdc: z
        .strictObject({ precision: z.number(), recall: z.number(), density: z.number(), coverage: z.number() })
        .nullable(),
    }),
  ),
  membership: z.array(
    z.strictObject({
      attack: z.string(),
      reference: z.string().nullable(),
      auc: estimate,
      tprAtFpr1: estimate.nullable(),
    }),
  ),
});

/** What was measured of one recogniser. */
export type MaskingResult = z.infer<typeof shape>;

export type LinkageFiguresOf = z.infer<typeof linkageFigures>;

export const MASKING_RESULT_SCHEMA = 'faceward.masking-result/1';

/** Reads a result; undefined where there is no such file. @throws ModelFileError where it holds something else. */
export async function readMaskingResult(path: string): Promise<MaskingResult | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new ModelFileError(`${path} is no result of a comparison of maskings`, {
      cause,
      hint: 'it is of another version, or broken: move it away, and it is measured again',
    });
  }
}
