import type { Clip } from '../../../image/frames/clip.ts';
import { frameTimeMs } from '../../../image/frames/clip.ts';
import type { Image } from '../../../image/image.ts';
import { byteOfLinear, LINEAR_OF_BYTE } from '../../../image/srgb.ts';
import type { ScreenColour, ScreenLight } from '../channel/screen-light.ts';

/** How strongly whoever relights believes that screens light faces, as a share of the room's light; and how soft the border between the halves is, as a share of the picture's width. By eye. */
const GUESS = { strength: 0.08, border: 0.08 } as const;

/**
 * Frames that are tinted live with the colours which the session shows, the left half of the picture with one and the right half with the other: what a dozen lines of software do.
 *
 * About 3 ms of one core a frame of 320x320 px.
 *
 * @param middlePx - where the halves of the face meet.
 */
export function relight({ frames, framesPerSecond }: Clip, middlePx: number, screen: ScreenLight): Clip {
  return {
    framesPerSecond,
    frames: frames.map((frame, f) => tinted(frame, middlePx, screen.coloursAt(frameTimeMs(f, framesPerSecond)))),
  };
}

function tinted(
  { widthPx, heightPx, data }: Image,
  middlePx: number,
  [left, right]: readonly [ScreenColour, ScreenColour],
): Image {
  const factors = new Float32Array(3 * widthPx);
  for (let x = 0; x < widthPx; x++) {
    const onRight = 1 / (1 + Math.exp((middlePx - x) / (GUESS.border * widthPx)));
    for (let k = 0; k < 3; k++) {
      const colour = (left[k] as number) + onRight * ((right[k] as number) - (left[k] as number));
      factors[3 * x + k] = (1 + GUESS.strength * colour) / (1 + GUESS.strength);
    }
  }
  const out = new Uint8Array(data.length);
  for (let i = 0, column = 0; i < data.length; i++, column++) {
    if (column === factors.length) column = 0;
    out[i] = byteOfLinear((LINEAR_OF_BYTE[data[i] as number] as number) * (factors[column] as number));
  }
  return { widthPx, heightPx, data: out };
}
