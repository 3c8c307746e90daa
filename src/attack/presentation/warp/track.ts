import { z } from 'zod';
import { LANDMARKS, type Landmarks68 } from '../../../face/landmarks68.ts';
import { InputError } from '../../../util/errors.ts';

/** How a face moves: its landmarks in each frame. */
export interface Track {
  readonly framesPerSecond: number;
  readonly frames: readonly Landmarks68[];
}

const coordinate = z.number().min(-1e6).max(1e6);

/** What a track's file holds; what else is in it (box, five points) is not needed here. */
const trackSchema = z.object({
  fps: z.number().positive().max(1000),
  frames: z
    .array(z.object({ lm68: z.array(z.tuple([coordinate, coordinate])).length(LANDMARKS) }))
    .min(1)
    .max(100_000),
});

/**
 * The track that a JSON value holds: `{ fps, frames: [{ lm68: [[x, y], ...] }] }`, pixels of the clip.
 *
 * @throws InputError where it is no such value; the message says where.
 */
export function parseTrack(value: unknown): Track {
  const { data, error } = trackSchema.safeParse(value);
  if (!data) {
    const [issue] = error.issues;
    throw new InputError(`not a track of landmarks: ${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'a track is { "fps": 30, "frames": [{ "lm68": [[x, y], ...] }] } with 68 points in each frame',
    });
  }
  return { framesPerSecond: data.fps, frames: data.frames.map(({ lm68 }) => Float64Array.from(lm68.flat())) };
}

/**
 * The track with the jitter of its landmark network smoothed away, by a Gaussian over time.
 *
 * @param deviationSeconds - about 0.04 leaves blinks and speech as they are.
 */
export function smoothTrack({ framesPerSecond, frames }: Track, deviationSeconds = 0.04): Track {
  const deviation = deviationSeconds * framesPerSecond;
  const reach = Math.ceil(3 * deviation);
  const smoothed = frames.map((frame, n) => {
    const out = new Float64Array(frame.length);
    let total = 0;
    for (let k = Math.max(0, n - reach); k <= Math.min(frames.length - 1, n + reach); k++) {
      const weight = Math.exp(-((k - n) ** 2) / (2 * deviation ** 2 + 1e-12));
      total += weight;
      const other = frames[k] as Landmarks68;
      for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + weight * (other[i] as number);
    }
    return out.map((value) => value / total);
  });
  return { framesPerSecond, frames: smoothed };
}
