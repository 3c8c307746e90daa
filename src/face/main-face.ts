import type { Image } from '../image/image.ts';
import type { Face } from './face.ts';

/**
 * The face that a photo is of: large and near the middle; undefined where there is none.
 *
 * Source: InsightFace's rule for photos of one person: the area less twice the square of the distance from the middle.
 */
export function mainFace(faces: readonly Face[], photo: Pick<Image, 'widthPx' | 'heightPx'>): Face | undefined {
  const prominence = ({ box }: Face): number => {
    const offsetX = box.x + (box.width - photo.widthPx) / 2;
    const offsetY = box.y + (box.height - photo.heightPx) / 2;
    return box.width * box.height - 2 * (offsetX ** 2 + offsetY ** 2);
  };
  return faces.toSorted((a, b) => prominence(b) - prominence(a))[0];
}
