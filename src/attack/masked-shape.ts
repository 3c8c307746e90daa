import { sizeOf } from '../graph/tensor.ts';
import { ShapeError } from '../util/errors.ts';

/** Channels, rows and columns of a face behind a masking. */
export type MaskedShape = readonly [channels: number, heightPx: number, widthPx: number];

/** @throws ShapeError where a masked face has not the numbers of `shape`. */
export function requireMaskedShape(rows: readonly Float32Array[], shape: MaskedShape): void {
  const wrong = rows.find((row) => row.length !== sizeOf(shape));
  if (wrong) throw new ShapeError(`a masked face of ${wrong.length} numbers, wanted [${shape.join(',')}]`);
}
