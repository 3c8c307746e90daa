import type { Image } from '../../image/image.ts';
import { type PinholeCamera, type RigidPose, seenPoints } from './rigid-pose.ts';
import { drawSurface, type Surface } from './surface.ts';

const CELLS = 24;

/** A sheet of paper, or a screen, that is held before the camera; for measurement. */
export interface SimulatedSheet {
  /** What the camera sees while the sheet shows a picture: a print the same one in every frame, a screen another one. Beyond the sheet there is the background. */
  render(shown: Image, pose: RigidPose, background: Image): Image;
}

/**
 * A sheet of the size that a picture of the camera's has in life, so that a face on it is life-size.
 *
 * @param bendMm - by how much it falls back at 70 mm from its middle, to either side, as a bent print does; default flat.
 */
export function createSheet(camera: PinholeCamera, bendMm = 0): SimulatedSheet {
  const side = CELLS + 1;
  const points = new Float64Array(3 * side * side);
  const texture = new Float64Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    const [u, v] = [(i % side) / CELLS, Math.floor(i / side) / CELLS];
    const [x, y] = [
      ((u - 0.5) * (camera.widthPx - 1)) / camera.pixelsPerMm,
      ((v - 0.5) * (camera.heightPx - 1)) / camera.pixelsPerMm,
    ];
    points.set([x, y, bendMm * (x / 70) ** 2], 3 * i);
    texture.set([u * (camera.widthPx - 1), v * (camera.heightPx - 1)], 2 * i);
  }
  const surface: Surface = { columns: side, rows: side, points, texture, cover: new Float64Array(side * side).fill(1) };
  return {
    render: (shown, pose, background) => drawSurface(surface, seenPoints(points, pose, camera), shown, background),
  };
}
