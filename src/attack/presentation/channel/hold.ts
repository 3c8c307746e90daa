import type { Random } from '../../../util/random.ts';
import { rotationOf } from '../warp/pose.ts';
import type { HoldSettings } from './settings.ts';

/** How an instrument lies before the camera: a point P of it is seen at R P + (x, y, z), millimetres; x to the right, y down, z away from the camera. */
export interface HeldPose {
  /** Rows of R: nine numbers. */
  readonly rotation: Float64Array;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Slow sway of whoever holds something, and the tremor of a hand, in Hz. */
const SWAY = { slowest: 0.12, fastest: 0.9, waves: 4 } as const;
const TREMOR = { slowest: 8, fastest: 12, waves: 3 } as const;

const RADIANS = Math.PI / 180;

/**
 * The motion of a hand, as a smooth function of time that depends on the stream's state alone: sums of sine waves about the steady lean.
 *
 * @param distanceMm - from the camera to the instrument's middle.
 */
export function createHold(settings: HoldSettings, distanceMm: number, random: Random): (timeMs: number) => HeldPose {
  const { swayDegrees, swayMm, tremorMm, pitchDegrees, yawDegrees, rollDegrees } = settings;
  const [pitch, yaw, roll] = createUnrests(SWAY, RADIANS * swayDegrees, random);
  const [x, y, z] = createUnrests(SWAY, swayMm, random);
  const [tremorX, tremorY, tremorZ] = createUnrests(TREMOR, tremorMm, random);
  return (timeMs) => {
    const rotation = new Float64Array(9);
    rotationOf(
      RADIANS * pitchDegrees + pitch(timeMs),
      RADIANS * yawDegrees + yaw(timeMs),
      RADIANS * rollDegrees + roll(timeMs),
      rotation,
    );
    return {
      rotation,
      x: x(timeMs) + tremorX(timeMs),
      y: y(timeMs) + tremorY(timeMs),
      z: distanceMm + z(timeMs) + tremorZ(timeMs),
    };
  };
}

type Unrest = (timeMs: number) => number;
type Band = typeof SWAY | typeof TREMOR;

const createUnrests = (band: Band, size: number, random: Random): readonly [Unrest, Unrest, Unrest] => [
  createUnrest(band, size, random),
  createUnrest(band, size, random),
  createUnrest(band, size, random),
];

/** A sum of waves of random phases and frequencies; its root mean square over time is `size`. */
function createUnrest(band: Band, size: number, random: Random): Unrest {
  const waves = Array.from({ length: band.waves }, () => ({
    perMs: (2 * Math.PI * (band.slowest + (band.fastest - band.slowest) * random.uniform())) / 1000,
    phase: 2 * Math.PI * random.uniform(),
  }));
  const height = size * Math.sqrt(2 / band.waves);
  return (timeMs) => height * waves.reduce((sum, { perMs, phase }) => sum + Math.sin(perMs * timeMs + phase), 0);
}
