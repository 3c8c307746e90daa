/**
 * What a person may be asked to do. Left and right are the person's own; pictures are as the camera has them, not mirrored. All eight can be seen in 68 landmarks; blinks are none of them, because
 * that network does not follow eyelids.
 */
export const ACTIONS = [
  'turn-left',
  'turn-right',
  'raise-chin',
  'lower-chin',
  'tilt-left',
  'tilt-right',
  'open-mouth',
  'smile',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Actions that are asked in one session. */
export const STEPS = 4;

/** Moments at which a step may be asked. */
export const SLOTS = 3;

/** How the steps lie in time, in milliseconds. Reaction times of people are not measured yet: these are assumptions. */
export const CHALLENGE_TIMES = {
  /** Rest before the first step: the neutral face is measured here. */
  rest: 1000,
  /** The earliest that a person can react to what is asked. */
  fastest: 150,
  /** Between two slots; as long as an answer may take, so that an answer belongs to one slot alone. */
  slot: 1200,
  /** One step: its slots, the answer in the last of them, and the way back. */
  step: 4400,
} as const;

/** One thing that is asked. */
export interface ChallengeStep {
  readonly action: Action;
  /** When it is shown, in milliseconds since the session was given to the client. */
  readonly atMs: number;
}

/** What is asked, in order. */
export type Challenge = readonly ChallengeStep[];

/** How long a capture must be to hold all answers. */
export const CHALLENGE_MS: number = CHALLENGE_TIMES.rest + STEPS * CHALLENGE_TIMES.step;

/**
 * A challenge whose order and timing only the holder of the secret can foretell: no action comes twice in a row, so that there are 8 * 7^3 * 3^4 of them, 17.8 bits. They stop recordings, not
 * somebody who drives an imitated face live.
 *
 * @param stream - of the session's own secret: `secretStream(secret, label)` of util/secret-random.ts.
 */
export function drawChallenge(stream: { uniform(): number }): Challenge {
  const below = (end: number): number => Math.floor(stream.uniform() * end);
  const steps: ChallengeStep[] = [];
  let last: Action | undefined;
  for (let step = 0; step < STEPS; step++) {
    const allowed = ACTIONS.filter((action) => action !== last);
    const action = allowed[below(allowed.length)] ?? ACTIONS[0];
    const { rest, step: length, slot } = CHALLENGE_TIMES;
    steps.push({ action, atMs: rest + step * length + below(SLOTS) * slot });
    last = action;
  }
  return steps;
}

/** What a challenge is worth against somebody who guesses, in bits. */
export function challengeBits(): number {
  return Math.log2(ACTIONS.length * (ACTIONS.length - 1) ** (STEPS - 1) * SLOTS ** STEPS);
}
