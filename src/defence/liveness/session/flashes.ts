import { LINEAR_OF_BYTE, luminanceOf } from '../../../image/srgb.ts';
import { CHALLENGE_MS } from './challenge.ts';

/**
 * Colours that a screen may show, as sRGB bytes: soft, of one luminance (0.42 of white, to 1 %), and none a saturated red, so that to go from one to another is neither a general nor a red flash.
 *
 * Source: WCAG 2.2, success criterion 2.3.1 and its definition of a flash: relative luminance that changes by 10 % or more, or R / (R + G + B) of 0.8 or more.
 */
export const FLASH_COLOURS = {
  rose: [254, 139, 157],
  amber: [227, 160, 69],
  green: [128, 188, 117],
  cyan: [89, 187, 206],
  blue: [145, 170, 255],
  violet: [216, 144, 255],
} as const satisfies Readonly<Record<string, readonly [number, number, number]>>;
export type FlashColour = keyof typeof FLASH_COLOURS;

/** What the screen shows before the first flash and after the last: a grey of the same luminance. */
export const FLASH_NEUTRAL = [173, 173, 173] as const;

/** The colours as light: linear red, green and blue, of luminance 1; that of the grey is 1 of each. Source: IEC 61966-2-1. */
export const FLASH_LIGHT = Object.fromEntries(
  Object.entries(FLASH_COLOURS).map(([name, bytes]) => {
    const [red, green, blue] = bytes.map((byte) => LINEAR_OF_BYTE[byte] as number) as [number, number, number];
    const luminance = luminanceOf(red, green, blue);
    return [name, [red / luminance, green / luminance, blue / luminance]];
  }),
) as unknown as Readonly<Record<FlashColour, readonly [red: number, green: number, blue: number]>>;

/** Flashes of a session, and how long each lasts: two changes a second, where three are the most that may be. */
export const FLASHES = 6;
export const FLASH_MS = 500;

/** Either half of the screen filled with a colour. Left and right are the person's own, so that the left half lights the cheek on the picture's right. */
export interface Flash {
  readonly left: FlashColour;
  readonly right: FlashColour;
  /** When it is shown, in milliseconds since the session was given to the client. It is over after {@link FLASH_MS}, or when the next one comes. */
  readonly atMs: number;
}

/** What is flashed, in order; empty in a session without light. */
export type Flashes = readonly Flash[];

/**
 * Flashes that only the holder of the secret can foretell, after the last step of the challenge: neither half keeps its colour, and the halves differ, so that there are more than 10^8 of them. They stop what was
 * recorded or rendered before, not somebody who relights a face live.
 *
 * @param stream - of the session's own secret, as that of the challenge.
 */
export function drawFlashes(stream: { uniform(): number }): Flashes {
  const colours = Object.keys(FLASH_COLOURS) as FlashColour[];
  const drawn = (...but: (FlashColour | undefined)[]): FlashColour => {
    const allowed = colours.filter((colour) => !but.includes(colour));
    return allowed[Math.floor(stream.uniform() * allowed.length)] ?? 'rose';
  };
  const flashes: Flash[] = [];
  for (let i = 0; i < FLASHES; i++) {
    const last = flashes.at(-1);
    const left = drawn(last?.left);
    flashes.push({ left, right: drawn(last?.right, left), atMs: CHALLENGE_MS + i * FLASH_MS });
  }
  return flashes;
}

/** How long a capture must be to hold all that is asked and shown. */
export const sessionMs = (flashes: Flashes): number =>
  Math.max(CHALLENGE_MS, ...flashes.map(({ atMs }) => atMs + FLASH_MS));

/** The flash that is shown at a time; undefined where the screen is grey. */
export function flashAt(flashes: Flashes, timeMs: number): Flash | undefined {
  const last = flashes.findLast(({ atMs }) => atMs <= timeMs);
  return last && timeMs < last.atMs + FLASH_MS ? last : undefined;
}
