import type { Box } from './face.ts';

/** The box in the middle of boxes, of which there is one at least: where a face is in a clip. */
export function meanBox(boxes: readonly Box[]): Box {
  const mean = (of: keyof Box): number => boxes.reduce((sum, box) => sum + box[of], 0) / boxes.length;
  return { x: mean('x'), y: mean('y'), width: mean('width'), height: mean('height') };
}
