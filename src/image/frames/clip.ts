import { InputError } from '../../util/errors.ts';
import type { Image } from '../image.ts';
import { requireImage } from '../image-shape.ts';

/** Moving pictures in memory: frames of one size at a steady rate. */
export interface Clip {
  /** Above 0, at most 240. */
  readonly framesPerSecond: number;
  readonly frames: readonly Image[];
}

const MAX_FRAMES_PER_SECOND = 240;

/** When a frame is shown, in milliseconds from the clip's beginning. */
export const frameTimeMs = (index: number, framesPerSecond: number): number => (1000 * index) / framesPerSecond;

/** Throws {@link InputError} unless a rate can be a clip's. */
export function requireFramesPerSecond(framesPerSecond: number): void {
  if (framesPerSecond > 0 && framesPerSecond <= MAX_FRAMES_PER_SECOND) return;
  throw new InputError(`${framesPerSecond} frames a second`, {
    hint: `give a rate above 0, at most ${MAX_FRAMES_PER_SECOND}`,
  });
}

/**
 * Makes sure that a clip has frames, of one size, at a possible rate.
 *
 * @param name - opens the message.
 * @returns the first frame.
 * @throws InputError where it is not so; ShapeError where a frame's bytes do not fit its size.
 */
export function requireClip({ frames, framesPerSecond }: Clip, name = 'a clip'): Image {
  requireFramesPerSecond(framesPerSecond);
  const [first] = frames;
  if (!first) throw new InputError(`${name}: it has no frames`, { hint: 'give at least one' });
  frames.forEach((frame, i) => {
    requireImage(frame);
    if (frame.widthPx === first.widthPx && frame.heightPx === first.heightPx) return;
    throw new InputError(
      `${name}: frame ${i + 1} has ${frame.widthPx}x${frame.heightPx} px, the first ${first.widthPx}x${first.heightPx}`,
      { hint: 'bring all frames to one size' },
    );
  });
  return first;
}
