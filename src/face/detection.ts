import { float32 } from '../graph/tensor.ts';
import type { Image } from '../image/image.ts';
import { toPlanar } from '../image/tensor.ts';
import { warpAffine } from '../image/warp.ts';
import type { Session } from '../runtime/session.ts';
import { ModelFileError } from '../util/errors.ts';
import type { Box, Point } from './face.ts';
import { fromWindow, type ImageWindow, planWindows, windowMatrix } from './search-windows.ts';
import { mergeOverlapping } from './suppression.ts';

/** Side of BlazeFace's input. */
export const DETECTOR_PX = 256;

/** BlazeFace's grids: cells a side, and anchors in each cell. */
const GRIDS = [
  { logits: 'logits_fine', boxes: 'boxes_fine', cells: 16, anchors: 2 },
  { logits: 'logits_coarse', boxes: 'boxes_coarse', cells: 8, anchors: 6 },
] as const;

/** Numbers for each anchor: centre, size, six points. */
const ANCHOR_NUMBERS = 16;

/** Windows in one run of the network. */
const BATCH_SIZE = 8;

/** Detections above this are faces nearly always; what lies below does not decide whether the search goes on. */
const CERTAIN = 0.75;

/** Where one face is this much larger than the detector's limit, the others of the photo are expected above it too. */
const SIZE_SPREAD = 1.3;

/** A face as the detector sees it. */
export interface Detection {
  readonly box: Box;
  /** 0..1. */
  readonly confidence: number;
  /** Left eye, right eye, nose, mouth, left ear, right ear, as seen in the picture where the face is upright. */
  readonly points: readonly Point[];
}

export interface DetectionOptions {
  /** 0..1; default 0.5. */
  readonly minConfidence?: number;
  /** The smallest face worth looking for; smaller ones in large photos cost more. Default 40. */
  readonly minFacePx?: number;
  /** Look for small faces though large ones were found; default false. Costs about half a second for a photo of 12 megapixels. */
  readonly allSizes?: boolean;
}

/**
 * Finds faces with BlazeFace: first in the whole photo; where there is none, in the photo turned by a quarter, a half and three quarters; then, as long as nothing or
 * only faces near the detector's limit (a fifteenth of the window) are found, or all sizes are asked for, in overlapping windows of about half the side each time.
 *
 * About 7 ms of one core a window: a portrait or a small group takes one window, a crowd five or more.
 *
 * @param detector - a session of the bundled model 'blazeface'.
 * @returns the faces, most confident first, each once.
 */
export async function detectFaces(
  detector: Session,
  image: Image,
  options: DetectionOptions = {},
): Promise<Detection[]> {
  const { minConfidence = 0.5, minFacePx = 40, allSizes = false } = options;
  let found: Detection[] = [];
  for (const level of planWindows(image, minFacePx)) {
    if (level.onlyIfNone && found.length > 0) continue;
    found = mergeOverlapping([...found, ...(await detectInWindows(detector, image, level.windows, minConfidence))]);
    const certain = found.filter(({ confidence }) => confidence > CERTAIN);
    const smallest = Math.min(...certain.map(({ box }) => Math.max(box.width, box.height)));
    if (!allSizes && certain.length > 0 && smallest > SIZE_SPREAD * level.limitPx) return found;
  }
  return found;
}

async function detectInWindows(
  detector: Session,
  image: Image,
  windows: readonly ImageWindow[],
  minConfidence: number,
): Promise<Detection[]> {
  const found: Detection[] = [];
  for (let start = 0; start < windows.length; start += BATCH_SIZE) {
    const batch = windows.slice(start, start + BATCH_SIZE);
    const crops = batch.map((window) =>
      warpAffine(image, windowMatrix(window, DETECTOR_PX), { widthPx: DETECTOR_PX, heightPx: DETECTOR_PX }),
    );
    const pixels = toPlanar(crops);
    for (let i = 0; i < pixels.length; i++) pixels[i] = 2 * (pixels[i] ?? 0) - 1;
    const results = await detector.run({ input: float32(pixels, [batch.length, 3, DETECTOR_PX, DETECTOR_PX]) });
    for (const grid of GRIDS) {
      const logits = results[grid.logits];
      const boxes = results[grid.boxes];
      if (logits?.dtype !== 'float32' || boxes?.dtype !== 'float32') {
        throw new ModelFileError('the detector does not give what BlazeFace gives', { hint: 'use the bundled model' });
      }
      batch.forEach((window, n) => {
        found.push(...decodeGrid({ grid, logits: logits.data, boxes: boxes.data, n, window, minConfidence }));
      });
    }
  }
  return found;
}

/** The anchors of image `n` that are confident enough, in pixels of the photo. */
function decodeGrid(part: {
  readonly grid: (typeof GRIDS)[number];
  readonly logits: Float32Array;
  readonly boxes: Float32Array;
  readonly n: number;
  readonly window: ImageWindow;
  readonly minConfidence: number;
}): Detection[] {
  const { grid, window } = part;
  const count = grid.cells * grid.cells * grid.anchors;
  const minLogit = Math.log(part.minConfidence / (1 - part.minConfidence));
  const found: Detection[] = [];
  for (let i = 0; i < count; i++) {
    const logit = part.logits[part.n * count + i] ?? 0;
    if (!(logit >= minLogit)) continue;
    const cell = Math.floor(i / grid.anchors);
    const anchorX = (((cell % grid.cells) + 0.5) * DETECTOR_PX) / grid.cells;
    const anchorY = ((Math.floor(cell / grid.cells) + 0.5) * DETECTOR_PX) / grid.cells;
    const start = (part.n * count + i) * ANCHOR_NUMBERS;
    const [dx = 0, dy = 0, width = 0, height = 0, ...rest] = part.boxes.subarray(start, start + ANCHOR_NUMBERS);
    // The network counts from the edge of the first pixel.
    const place = (x: number, y: number) =>
      fromWindow(window, DETECTOR_PX, { x: anchorX + x - 0.5, y: anchorY + y - 0.5 });
    const centre = place(dx, dy);
    const scale = window.sidePx / DETECTOR_PX;
    const isLying = window.quarterTurns % 2 === 1;
    const [spanX, spanY] = [(isLying ? height : width) * scale, (isLying ? width : height) * scale];
    found.push({
      box: { x: centre.x - spanX / 2, y: centre.y - spanY / 2, width: spanX, height: spanY },
      confidence: 1 / (1 + Math.exp(-logit)),
      points: Array.from({ length: 6 }, (_, k) => place(rest[2 * k] ?? 0, rest[2 * k + 1] ?? 0)),
    });
  }
  return found;
}
