import type { EncoderView } from '../../encoder/encoder.ts';
import { type ViewJitter, viewMatrices } from '../../encoder/view.ts';
import type { GraphBuilder, Value } from '../../graph/builder.ts';
import { float32, type Tensor } from '../../graph/tensor.ts';
import type { Random } from '../../util/random.ts';
import { FACE_SIZE_PX } from './inverse-dcgan.ts';

/** How much a random view may differ from the plain one. */
export interface ViewRange {
  /** Greatest shift to each side, in units of the 112 frame. */
  readonly shift: number;
  /** Least and greatest factor on the box's extent. */
  readonly scale: readonly [number, number];
}

/** The view as it is. */
export const PLAIN_VIEW: ViewJitter = { shiftX: 0, shiftY: 0, scale: 1, mirrored: false };

/** A view within `range`, mirrored half of the time. */
export function randomView(range: ViewRange, random: Random): ViewJitter {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  return {
    shiftX: between(-range.shift, range.shift),
    shiftY: between(-range.shift, range.shift),
    scale: between(...range.scale),
    mirrored: random.uniform() < 0.5,
  };
}

/** The matrices that sample each face of a batch in its own way, as inputs of a graph: for {@link ../../encoder/view.ts sampleView}. */
export function viewInputs(builder: GraphBuilder, view: EncoderView, size: number): Record<'rows' | 'columns', Value> {
  return {
    rows: builder.input('rows', [size, 1, view.heightPx, FACE_SIZE_PX]),
    columns: builder.input('columns', [size, 1, FACE_SIZE_PX, view.widthPx]),
  };
}

/** What {@link viewInputs} are fed: one way of looking for each face [3,128,128] of the batch. */
export function viewTensors(view: EncoderView, jitters: readonly ViewJitter[]): Record<'rows' | 'columns', Tensor> {
  const size = jitters.length;
  const rows = new Float32Array(size * view.heightPx * FACE_SIZE_PX);
  const columns = new Float32Array(size * FACE_SIZE_PX * view.widthPx);
  jitters.forEach((jitter, i) => {
    const matrices = viewMatrices(view, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }, jitter);
    rows.set(matrices.rows, i * matrices.rows.length);
    columns.set(matrices.columns, i * matrices.columns.length);
  });
  return {
    rows: float32(rows, [size, 1, view.heightPx, FACE_SIZE_PX]),
    columns: float32(columns, [size, 1, FACE_SIZE_PX, view.widthPx]),
  };
}
