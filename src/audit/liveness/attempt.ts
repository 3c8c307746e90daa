import { z } from 'zod';

/** The species of presentations that are no attack. */
export const BONA_FIDE = 'bona fide';

const name = z.string().min(1);
const measurement = z.union([
  z.strictObject({ score: z.number(), quality: z.number().min(0).max(1), reason: z.string() }),
  z.strictObject({ notApplicable: z.string() }),
]);

/** What one presentation came to, before any threshold: with calibrations of whichever people a decision is made of it afterwards. It holds no picture, no landmark and no template. */
export const attemptSchema = z.strictObject({
  /** {@link BONA_FIDE}, or the attack's. */
  species: name,
  person: name,
  /** Counted from 0 within species and person. */
  attempt: z.int().min(0),
  /** The session's rule that refused it before any check; null where none did. */
  refusal: name.nullable(),
  /** Each check's own measurement, by its name. */
  checks: z.record(name, measurement),
  /** Probability of bona fide by networks that are measured beside the checks, by their name. */
  networks: z.record(name, z.number().min(0).max(1)),
  /** Similarity of the face that was presented to the enrolled photo, by the encoder's name; null where no face was found. */
  similarities: z.record(name, z.number().nullable()),
  /** Whether our own mark was found. */
  marked: z.boolean(),
  /** What somebody else's verification decided, which gives away no more than that; null where it is ours. */
  outcome: z.enum(['passed', 'refused', 'no-response']).nullable(),
});

export type Attempt = z.infer<typeof attemptSchema>;

/** Whether an attempt is the person's own, and live. */
export const isBonaFide = ({ species }: Pick<Attempt, 'species'>): boolean => species === BONA_FIDE;
