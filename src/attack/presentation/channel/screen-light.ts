import type { HeldPose } from './hold.ts';

/** Linear red, green and blue; luminance 1. */
export type ScreenColour = readonly [red: number, green: number, blue: number];

/** The light of the screen on which a verification shows its colours, on what is before it: a lamp on either side of the camera. */
export interface ScreenLight {
  /** What both halves come to on something that faces the camera, as a share of the room's light. */
  readonly strength: number;
  /** From the camera to the middle of either half. */
  readonly halfMm: number;
  /** The colours as the camera sees them at a time, with every delay: of the half to the picture's left, and of that to its right. */
  coloursAt(timeMs: number): readonly [left: ScreenColour, right: ScreenColour];
}

/** A place and which way a surface faces there, seen from the camera: x to the picture's right, y down, z away from it; the normal has length 1. */
export interface LitPlace {
  readonly at: readonly [x: number, y: number, z: number];
  readonly normal: readonly [x: number, y: number, z: number];
}

/**
 * How much of either half's light reaches a place, by Lambert's law and the square of the distance: 1/2 of each where the surface faces the camera so far away as `distanceMm`, nearly.
 *
 * @param halfMm - of the {@link ScreenLight}.
 */
export function screenShares({ at, normal }: LitPlace, halfMm: number, distanceMm: number): readonly [number, number] {
  const share = (lampX: number): number => {
    const [x, y, z] = [lampX - at[0], -at[1], -at[2]];
    const squared = x * x + y * y + z * z;
    const facing = normal[0] * x + normal[1] * y + normal[2] * z;
    return facing > 0 ? (0.5 * facing * distanceMm * distanceMm) / (squared * Math.sqrt(squared)) : 0;
  };
  return [share(-halfMm), share(halfMm)];
}

/** Stretches of a sheet between the places at which the screen's light on it is computed. */
export const SHEET_NODES = 8;

/** A sheet, and how it is held. */
interface HeldSheet extends HeldPose {
  /** One over the radius of the cylinder that it is bent to; 0 is flat. */
  readonly bendPerMm: number;
  readonly halfWidth: number;
}

/** The screen's light on a sheet: red, green and blue at places from its left edge to its right one along the middle, above and below which it is taken to be the same. Without a screen there is none. */
export function screenOnSheet(screen: ScreenLight | undefined, sheet: HeldSheet, timeMs: number): Float64Array {
  const nodes = new Float64Array(3 * (SHEET_NODES + 1));
  if (!screen) return nodes;
  const [left, right] = screen.coloursAt(timeMs);
  const { rotation, x, y, z, bendPerMm, halfWidth } = sheet;
  const turned = (across: number, back: number): [number, number, number] => [
    (rotation[0] as number) * across + (rotation[2] as number) * back,
    (rotation[3] as number) * across + (rotation[5] as number) * back,
    (rotation[6] as number) * across + (rotation[8] as number) * back,
  ];
  for (let node = 0; node <= SHEET_NODES; node++) {
    const along = ((2 * node) / SHEET_NODES - 1) * halfWidth;
    const [sine, cosine] = [Math.sin(along * bendPerMm), Math.cos(along * bendPerMm)];
    const [dx, dy, dz] = bendPerMm > 0 ? turned(sine / bendPerMm, (1 - cosine) / bendPerMm) : turned(along, 0);
    const place = { at: [x + dx, y + dy, z + dz], normal: turned(sine, -cosine) } as const;
    const [fromLeft, fromRight] = screenShares(place, screen.halfMm, z);
    for (let k = 0; k < 3; k++)
      nodes[3 * node + k] = screen.strength * (fromLeft * (left[k] as number) + fromRight * (right[k] as number));
  }
  return nodes;
}
