import { LANDMARKS, type Landmarks68 } from '../../../face/landmarks68.ts';
import { MEAN_FACE } from './mean-face.ts';
import { scaleEyes } from './openings.ts';
import { rotationOf } from './pose.ts';

/** What a face does at one time; all 0 at rest. */
export interface Gesture {
  /** Radians; positive where it looks down, to the right of the picture, and leans clockwise. */
  readonly pitch?: number;
  readonly yaw?: number;
  readonly roll?: number;
  /** 0 open, 1 closed. */
  readonly closed?: number;
  readonly mouth?: MouthShape;
}

/**
 * A shape of the mouth, in units of the mean face: how far the jaw and the lower lip drop, how much narrower the mouth is, how far the upper lip rises, and how far the corners do beyond
 * what the jaw does to them.
 */
export interface MouthShape {
  readonly drop: number;
  readonly narrow: number;
  readonly raise: number;
  readonly corners?: number;
}

const REST: MouthShape = { drop: 0, narrow: 0, raise: 0 };

/** Size of the face: pixels for a unit of the mean face, and where its origin lies. */
const PLACE = { scale: 100, x: 128, y: 100 } as const;

/** The mean face with a gesture, in pixels: 100 between the outer corners of the eyes. */
export function faceAt({ pitch = 0, yaw = 0, roll = 0, closed = 0, mouth = REST }: Gesture): Landmarks68 {
  const rotation = new Float64Array(9);
  rotationOf(pitch, yaw, roll, rotation);
  const out = new Float64Array(2 * LANDMARKS);
  for (let i = 0; i < LANDMARKS; i++) {
    const [x, y, z] = withMouth(i, mouth);
    for (let axis = 0; axis < 2; axis++) {
      const seen =
        (rotation[3 * axis] as number) * x +
        (rotation[3 * axis + 1] as number) * y +
        (rotation[3 * axis + 2] as number) * z;
      out[2 * i + axis] = PLACE.scale * seen + (axis === 0 ? PLACE.x : PLACE.y);
    }
  }
  scaleEyes(out, [1 - closed, 1 - closed]);
  return out;
}

/** How far each landmark goes with the dropping jaw, the upper lip's rise, and the narrowing mouth. */
const DROP = { jaw: 0.85, halfWidth: 0.2, corner: 0.3 } as const;
const UPPER_LIP = [49, 50, 51, 52, 53, 61, 62, 63];
const LOWER_LIP = [55, 56, 57, 58, 59, 65, 66, 67];
const CORNERS = [48, 54, 60, 64];

function withMouth(i: number, { drop, narrow, raise, corners = 0 }: MouthShape): [number, number, number] {
  const [x, y, z] = MEAN_FACE.subarray(3 * i, 3 * i + 3) as unknown as readonly [number, number, number];
  if (i <= 16) return [x, y + DROP.jaw * drop * Math.max(0, 1 - Math.abs(i - 8) / 6), z];
  // The mouth keeps its middle: what is further aside moves more.
  const inner = x * (1 - narrow / 0.3);
  // Most in its middle.
  if (LOWER_LIP.includes(i)) return [inner, y + (1 - (x / DROP.halfWidth) ** 2 / 3) * drop, z];
  if (CORNERS.includes(i)) return [inner, y + DROP.corner * drop - corners, z];
  return UPPER_LIP.includes(i) ? [inner, y - raise, z] : [x, y, z];
}
