import type { HeldPose } from './hold.ts';
import type { Lens } from './surface.ts';

/** Share of the light that comes from everywhere. */
const AMBIENT = 0.6;

/** Width of the lamp's reflection: (n h)^64. */
const SHARPNESS_SQUARINGS = 6;

/** The light on a sheet as it is seen in one row of the frame: for each pixel a factor for the sheet's reflectance, and what is mirrored. */
export interface Shading {
  /** @param u - of the whole view. */
  writeRow(y: number, u: Float32Array): void;
  readonly diffuse: Float64Array;
  readonly mirrored: Float64Array;
}

/** What does not change from frame to frame. */
export interface Lighting {
  readonly lamp: Vector;
  /** By {@link halfwayVectors}. */
  readonly halfway: Float32Array;
  readonly gloss: number;
  readonly bendPerMm: number;
}

/** Lambert's law about a constant share, and Blinn's mirror lobe ("Models of light reflection for computer synthesized pictures", 1977). A sheet that faces the lamp's mean direction has 1. */
export function createShading(
  { lamp, halfway, gloss, bendPerMm }: Lighting,
  { rotation }: HeldPose,
  { widthPx }: Lens,
): Shading {
  const [rightX = 0, , inX = 0, rightY = 0, , inY = 0, rightZ = 0, , inZ = 0] = rotation;
  const [lampX, lampY, lampZ] = lamp;
  const diffuse = new Float64Array(widthPx);
  const mirrored = new Float64Array(widthPx);
  return {
    diffuse,
    mirrored,
    writeRow(y, u) {
      for (let x = 0, i = y * widthPx, h = 3 * i; x < widthPx; x++, i++, h += 3) {
        const bend = bendPerMm * (u[i] as number);
        const sine = bendPerMm > 0 ? Math.sin(bend) : 0;
        const cosine = bendPerMm > 0 ? Math.cos(bend) : 1;
        const nx = rightX * sine - inX * cosine;
        const ny = rightY * sine - inY * cosine;
        const nz = rightZ * sine - inZ * cosine;
        const facing = Math.max(0, nx * lampX + ny * lampY + nz * lampZ);
        diffuse[x] = AMBIENT + (1 - AMBIENT) * (facing / -lampZ);
        const along = nx * (halfway[h] as number) + ny * (halfway[h + 1] as number) + nz * (halfway[h + 2] as number);
        let lobe = Math.max(0, along);
        for (let n = 0; n < SHARPNESS_SQUARINGS; n++) lobe *= lobe;
        mirrored[x] = gloss * lobe;
      }
    },
  };
}

/** For each pixel the direction halfway between the lamp's and the camera's: [height, width, 3], length 1. */
export function halfwayVectors([lampX, lampY, lampZ]: Vector, { widthPx, heightPx, focalPx }: Lens): Float32Array {
  const out = new Float32Array(3 * widthPx * heightPx);
  for (let i = 0; i < widthPx * heightPx; i++) {
    const [rayX, rayY] = [(i % widthPx) - (widthPx - 1) / 2, Math.floor(i / widthPx) - (heightPx - 1) / 2];
    const perLength = 1 / Math.sqrt(rayX * rayX + rayY * rayY + focalPx * focalPx);
    out.set(unit([lampX - rayX * perLength, lampY - rayY * perLength, lampZ - focalPx * perLength]), 3 * i);
  }
  return out;
}

/** x to the picture's right, y down, z away from the camera. */
export type Vector = readonly [number, number, number];

/** The vector with length 1. */
export function unit([x, y, z]: Vector): Vector {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}
