import type { FaceView } from '../../../face/alignment.ts';
import type { Box } from '../../../face/face.ts';

/**
 * What a swap sees and makes, in units of the canonical frame: from above the brows to below the chin of an open mouth, and from ear to ear; 4 % wider than ArcFace's template and moved down
 * by a seventh of it. Hair and background are left out: they stay the wearer's.
 */
const SWAP_BOX: Box = { x: -2, y: 14, width: 116, height: 116 };

/** How much wider the training's pictures are, so that turning and shifting them shows no border. Source: DeepFake's 160 of 256 px leave more; these faces turn less. */
const TRAINING_MARGIN = 1.25;

/** The crop of a face that a swap of this side takes and gives. */
export const swapView = (sizePx: number): FaceView => ({ box: SWAP_BOX, widthPx: sizePx, heightPx: sizePx });

/** The wider crop that training cuts such views out of, at the same pixels a unit. */
export function trainingView(sizePx: number): FaceView {
  const sidePx = trainingSidePx(sizePx);
  const width = (SWAP_BOX.width * sidePx) / sizePx;
  const border = (width - SWAP_BOX.width) / 2;
  return {
    box: { x: SWAP_BOX.x - border, y: SWAP_BOX.y - border, width, height: width },
    widthPx: sidePx,
    heightPx: sidePx,
  };
}

/** Side of the training's pictures for a swap of this side; the swap's own pixels are in their middle. */
export const trainingSidePx = (sizePx: number): number => sizePx + 2 * Math.round((sizePx * (TRAINING_MARGIN - 1)) / 2);
