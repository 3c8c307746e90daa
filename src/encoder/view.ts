import type { Value } from '../graph/builder.ts';
import { matMul } from '../graph/ops/matrix.ts';
import { float32 } from '../graph/tensor.ts';
import type { EncoderView } from './encoder.ts';

/** Extent of the canonical frame, in its own units (pixels of ArcFace's 112x112 template). */
export const CANONICAL_EXTENT = 112;

/** How a view is seen a little differently: what a robust result must survive. */
export interface ViewJitter {
  /** Shift in units of the canonical frame. */
  readonly shiftX: number;
  readonly shiftY: number;
  /** Factor on the box's extent, about its centre. */
  readonly scale: number;
  readonly mirrored: boolean;
}

/**
 * Samples an encoder's view from faces [N,3,S,S] that fill the canonical frame: [N,3,view.heightPx,view.widthPx], differentiable. Linear, and with
 * a wider kernel where it shrinks, so that nothing aliases; beyond the frame the border is repeated. Two products with constant matrices: the
 * gradient is two such products again.
 */
export function renderView(faces: Value, view: EncoderView): Value {
  const [, , height, width] = faces.shape as [number, number, number, number];
  if (isWholeFrame(view, width, height)) return faces;
  const { builder } = faces;
  const { rows, columns } = viewMatrices(view, { widthPx: width, heightPx: height });
  return sampleView(
    faces,
    builder.constant(float32(rows, [view.heightPx, height]), 'sample_rows'),
    builder.constant(float32(columns, [width, view.widthPx]), 'sample_columns'),
  );
}

/** rows [..,h,S] x faces [N,3,S,S] x columns [..,S,w]: the view that the matrices of {@link viewMatrices} tell. */
export const sampleView = (faces: Value, rows: Value, columns: Value): Value => matMul(matMul(rows, faces), columns);

/** The matrices rows [view.heightPx, heightPx] and columns [widthPx, view.widthPx] that sample a view from a picture of the whole frame. */
export function viewMatrices(
  view: EncoderView,
  picture: { readonly widthPx: number; readonly heightPx: number },
  jitter: ViewJitter = { shiftX: 0, shiftY: 0, scale: 1, mirrored: false },
): { readonly rows: Float32Array; readonly columns: Float32Array } {
  const { x, y, width, height } = view.box;
  const extentX = width * jitter.scale;
  const extentY = height * jitter.scale;
  const startX = x + jitter.shiftX + (width - extentX) / 2;
  const startY = y + jitter.shiftY + (height - extentY) / 2;
  const rows = new Float32Array(view.heightPx * picture.heightPx);
  const columns = new Float32Array(picture.widthPx * view.widthPx);
  forEachTap(picture.heightPx, view.heightPx, startY, extentY, (i, j, weight) => {
    const at = i * picture.heightPx + j;
    rows[at] = (rows[at] as number) + weight;
  });
  forEachTap(picture.widthPx, view.widthPx, startX, extentX, (i, j, weight) => {
    const at = j * view.widthPx + (jitter.mirrored ? view.widthPx - 1 - i : i);
    columns[at] = (columns[at] as number) + weight;
  });
  return { rows, columns };
}

const isWholeFrame = ({ box, widthPx, heightPx }: EncoderView, width: number, height: number): boolean =>
  widthPx === width &&
  heightPx === height &&
  box.x === 0 &&
  box.y === 0 &&
  box.width === CANONICAL_EXTENT &&
  box.height === CANONICAL_EXTENT;

/** Tells of which pixels `j` of `size`, with which weights (of sum 1), sample `i` of `count` over the box is made. */
function forEachTap(
  size: number,
  count: number,
  start: number,
  extent: number,
  take: (i: number, j: number, weight: number) => void,
): void {
  const unit = size / CANONICAL_EXTENT;
  const step = (extent * unit) / count;
  const reach = Math.max(1, step);
  for (let i = 0; i < count; i++) {
    // Pixel j covers j..j+1 of the picture; its centre is at j + 0.5.
    const centre = start * unit + (i + 0.5) * step - 0.5;
    const first = Math.ceil(centre - reach);
    const last = Math.floor(centre + reach);
    let total = 0;
    for (let j = first; j <= last; j++) total += Math.max(0, 1 - Math.abs(j - centre) / reach);
    for (let j = first; j <= last; j++) {
      const weight = Math.max(0, 1 - Math.abs(j - centre) / reach) / total;
      take(i, Math.min(size - 1, Math.max(0, j)), weight);
    }
  }
}
