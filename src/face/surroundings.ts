import type { Image } from '../image/image.ts';
import type { Box } from './face.ts';

/** A face with as much around it on each side, in whole pixels inside the photo: a codec and a detector see it there as in the whole photo, at a part of the cost. */
export function surroundingsOf(box: Box, { widthPx, heightPx }: Pick<Image, 'widthPx' | 'heightPx'>): Box {
  const x = clamp(Math.floor(box.x - box.width), widthPx - 1);
  const y = clamp(Math.floor(box.y - box.height), heightPx - 1);
  return {
    x,
    y,
    width: Math.max(1, clamp(Math.ceil(box.x + 2 * box.width), widthPx) - x),
    height: Math.max(1, clamp(Math.ceil(box.y + 2 * box.height), heightPx) - y),
  };
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));
