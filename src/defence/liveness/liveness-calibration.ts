import { z } from 'zod';
import { InputError } from '../../util/errors.ts';
import type { LlrCalibration } from './checks/calibration.ts';
import type { DecisionPolicy } from './decision.ts';
import type { FusionCalibration } from './fusion.ts';

/** Everything that turns the checks' measurements into a decision, fitted on presentations of people who are never judged by it in a test. */
export interface LivenessCalibration {
  /** By the check's name; a check that is not named is not used. */
  readonly checks: Readonly<Record<string, LlrCalibration>>;
  readonly fusion: FusionCalibration;
  readonly policy: DecisionPolicy;
  /** Name of the presentation-attack network that looked at the presentations: scores of another one mean something else. */
  readonly network?: string | undefined;
}

const SCHEMA = 'faceward.liveness-calibration/1';

const name = z.string().min(1);
const share = z.number().min(0).max(1);
const threshold = z.strictObject({ logLikelihoodRatio: z.number(), apcer: share, bpcer: share, dataset: name });
const schema = z.strictObject({
  schema: z.literal(SCHEMA),
  checks: z.record(
    name,
    z.strictObject({
      slope: z.number(),
      offset: z.number(),
      limit: z.number().positive(),
      bonaFide: z.int().min(1),
      attacks: z.int().min(1),
      dataset: name,
    }),
  ),
  fusion: z.strictObject({ offset: z.number(), weights: z.record(name, z.number()), dataset: name }),
  policy: z.strictObject({
    pass: threshold,
    refuse: threshold,
    required: z.array(name),
    leastQuality: share,
    leastScores: z.record(name, z.number()).optional(),
  }),
  network: name.optional(),
});

/** The text of a calibration file. */
export function formatLivenessCalibration(calibration: LivenessCalibration): string {
  return `${JSON.stringify({ schema: SCHEMA, ...calibration }, undefined, 2)}\n`;
}

/**
 * Reads the text of a calibration file.
 *
 * @param source - its path, for the error.
 * @throws InputError where it is none.
 */
export function parseLivenessCalibration(text: string, source: string): LivenessCalibration {
  const hint = 'give the calibration.json of faceward audit liveness';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${source} is not JSON`, { hint, cause });
  }
  const { data, error } = schema.safeParse(value);
  if (!data) {
    const [issue] = error.issues;
    throw new InputError(`${source} holds no ${SCHEMA}: ${issue?.path.join('.')}: ${issue?.message}`, { hint });
  }
  const { schema: _, ...calibration } = data;
  return calibration;
}
