import type { ScreenLight } from '../../attack/presentation/channel/screen-light.ts';
import { FLASH_LIGHT, type Flashes, flashAt } from '../../defence/liveness/session/flashes.ts';
import type { RandomNumbers } from '../../util/random.ts';

/** Light in which somebody sits before a screen. */
export interface SessionLight {
  readonly room: RoomLight;
  readonly screen: ScreenLight;
}

/** One lamp or window, and what the walls give back. */
export interface RoomLight {
  /** To the lamp, of length 1: x to the picture's right, y down, z away from the camera. */
  readonly towards: readonly [x: number, y: number, z: number];
  /** Share of the light on a face that comes from everywhere, 0..1. */
  readonly ambient: number;
}

/** What rooms and screens are drawn from; by eye, indoors. A telephone's halves are 15 mm to the side, a laptop's 75. */
const ROOM = { ambient: [0.35, 0.7], aside: [-0.8, 0.8], above: [0.1, 0.8] } as const;
const SCREEN = { strength: [0.03, 0.15], halfMm: [15, 75] } as const;

/** From what the screen is told to show until the camera's frame shows it. */
const DELAY_MS = [40, 180] as const;

const GREY = [1, 1, 1] as const;

/** The light of a session in which these colours are flashed, in a room of its own; of all species and of people alike. */
export function drawSessionLight(flashes: Flashes, random: RandomNumbers): SessionLight {
  const within = ([low, high]: readonly [number, number]): number => low + (high - low) * random.uniform();
  const [aside, above] = [within(ROOM.aside), -within(ROOM.above)];
  const length = Math.hypot(aside, above, 1);
  // As often twice as strong as half as strong.
  const strength = Math.exp(within([Math.log(SCREEN.strength[0]), Math.log(SCREEN.strength[1])]));
  const delayMs = within(DELAY_MS);
  return {
    room: { towards: [aside / length, above / length, -1 / length], ambient: within(ROOM.ambient) },
    screen: {
      strength,
      halfMm: within(SCREEN.halfMm),
      coloursAt: (timeMs) => {
        const flash = flashAt(flashes, timeMs - delayMs);
        // The person's left half lights what is to the picture's right.
        return flash ? [FLASH_LIGHT[flash.right], FLASH_LIGHT[flash.left]] : [GREY, GREY];
      },
    },
  };
}
