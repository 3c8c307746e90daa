import { screenShares } from '../../attack/presentation/channel/screen-light.ts';
import { type RigidPose, type Rotation, rotationOfPose } from './rigid-pose.ts';
import type { SessionLight } from './session-light.ts';
import type { Surface } from './surface.ts';

/** Light and dark of a turned head: for each point of its surface the factors of red, green and blue, in linear light, by which it differs from the photo; overwritten by the next call. */
export type HeadLight = (pose: RigidPose, light: SessionLight, timeMs: number) => Float32Array;

/** No place of a head becomes darker or lighter than this against the photo: light that comes back from elsewhere is left out. */
const LEAST = 0.25;
const MOST = 3;

/**
 * The light on a matt head. What the photo shows is taken as what the room's lamp makes of the head while it looks at the camera; once turned, each point has the share that Lambert's law gives its normal then, and the
 * screen's colours beside it. The camera's exposure follows the mean. Shadows, gloss and what skin scatters are left out.
 *
 * About 2 ms of one core for a head's 12,000 points.
 *
 * @param distanceMm - from the camera to the origin.
 * @param pivotMm - about which the head turns.
 */
export function headLight(surface: Surface, distanceMm: number, pivotMm: readonly [number, number, number]): HeadLight {
  const { points } = surface;
  const normals = normalsOf(surface);
  const factors = new Float32Array(points.length);
  const [place, normal] = [
    [0, 0, 0],
    [0, 0, 0],
  ] as [[number, number, number], [number, number, number]];
  return (pose, { room, screen }, timeMs) => {
    const turn = rotationOfPose(pose);
    const { shiftMm = [0, 0, 0] } = pose;
    const { ambient, towards } = room;
    const [left, right] = screen.coloursAt(timeMs);
    // A face that looks at the camera has as much of the lamp whichever side it stands on.
    const lamp = (1 - ambient) / -towards[2];
    const exposure = 1 / (1 + screen.strength);
    for (let i = 0; i < points.length; i += 3) {
      const atRest = Math.max(
        0,
        towards[0] * (normals[i] as number) +
          towards[1] * (normals[i + 1] as number) +
          towards[2] * (normals[i + 2] as number),
      );
      turned(turn, normals, i, NOWHERE, normal);
      turned(turn, points, i, pivotMm, place);
      for (let axis = 0; axis < 3; axis++)
        place[axis] = (place[axis] as number) + (pivotMm[axis] as number) + (shiftMm[axis] as number);
      place[2] += distanceMm;
      const now = Math.max(0, towards[0] * normal[0] + towards[1] * normal[1] + towards[2] * normal[2]);
      const [fromLeft, fromRight] = screenShares({ at: place, normal }, screen.halfMm, distanceMm);
      const per = exposure / (ambient + lamp * atRest);
      for (let k = 0; k < 3; k++) {
        const shown = screen.strength * (fromLeft * (left[k] as number) + fromRight * (right[k] as number));
        factors[i + k] = Math.min(MOST, Math.max(LEAST, per * (ambient + lamp * now + shown)));
      }
    }
    return factors;
  };
}

const NOWHERE = [0, 0, 0] as const;

function turned(
  turn: Rotation,
  points: Float64Array,
  at: number,
  about: readonly [number, number, number],
  out: [number, number, number],
): void {
  const x = (points[at] as number) - about[0];
  const y = (points[at + 1] as number) - about[1];
  const z = (points[at + 2] as number) - about[2];
  out[0] = turn[0] * x + turn[1] * y + turn[2] * z;
  out[1] = turn[3] * x + turn[4] * y + turn[5] * z;
  out[2] = turn[6] * x + turn[7] * y + turn[8] * z;
}

/** Of length 1, towards the front: [rows, columns, 3]. */
function normalsOf({ points, columns, rows }: Surface): Float64Array {
  const normals = new Float64Array(points.length);
  const along = (from: number, to: number): [number, number, number] => [
    (points[3 * to] as number) - (points[3 * from] as number),
    (points[3 * to + 1] as number) - (points[3 * from + 1] as number),
    (points[3 * to + 2] as number) - (points[3 * from + 2] as number),
  ];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = row * columns;
      const [ax, ay, az] = along(at + Math.max(0, column - 1), at + Math.min(columns - 1, column + 1));
      const [bx, by, bz] = along(
        Math.max(0, row - 1) * columns + column,
        Math.min(rows - 1, row + 1) * columns + column,
      );
      // x to the right times y down is z, away from the camera: the front is its opposite.
      const [x, y, z] = [az * by - ay * bz, ax * bz - az * bx, ay * bx - ax * by];
      const length = Math.sqrt(x * x + y * y + z * z) || 1;
      normals.set([x / length, y / length, z / length], 3 * (at + column));
    }
  return normals;
}
