import type { Image } from '../../../../image/image.ts';
import type { Oklab } from '../../../../image/oklab.ts';
import type { Plane } from '../../../../image/plane.ts';
import type { FaceGrid } from '../face-grid.ts';
import { recolour } from './recolouring.ts';

/**
 * Lays hair over a photo (in place).
 *
 * @param ink - over the grid's cells: how much hair lies there; what is behind shines through by its negative exponential (Beer and Lambert's law), so that hairs that cross are
 * not darker than hair.
 */
export function layHair(photo: Image, grid: FaceGrid, ink: Plane, { lightness, a, b }: Oklab): void {
  recolour(photo, grid, [ink], (lab, [inks], x) => {
    const covered = 1 - Math.exp(-Math.max(0, inks?.[x] as number));
    // Where the photo is darker than the hair, the hair lies in that shade.
    const shade = Math.min(1, (lab[0] as number) / Math.max(lightness, 0.01));
    lab[0] = (lab[0] as number) + covered * (lightness * shade - (lab[0] as number));
    lab[1] = (lab[1] as number) + covered * (a * shade - (lab[1] as number));
    lab[2] = (lab[2] as number) + covered * (b * shade - (lab[2] as number));
  });
}
