import type { Face } from '../../../../face/face.ts';
import { meshPoint } from '../../../../face/face-regions.ts';
import { smoothStep } from '../../../../util/smooth-step.ts';

/** A side of the face, as seen in the picture. */
export type Side = 'left' | 'right';

export const SIDES: readonly Side[] = ['left', 'right'];

/** The bridge of the nose, and the outline at the height of the ears. */
const BRIDGE = 6;
const OUTLINE = { left: 234, right: 454 } as const;

/** How well one side of a face is seen, 0..1: 1 from the front, 0 where the face is turned so far that the side is hidden. */
export function sideVisibility({ mesh }: Face, side: Side): number {
  const bridge = meshPoint(mesh, BRIDGE);
  const extent = (which: Side): number => {
    const { x, y } = meshPoint(mesh, OUTLINE[which]);
    return Math.hypot(x - bridge.x, y - bridge.y);
  };
  return smoothStep(extent(side) / (extent('left') + extent('right')), 0.14, 0.3);
}
