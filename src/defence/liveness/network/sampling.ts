/** A picture of three interleaved channels, 0..255, rows from the top; an `Image` is one. */
export interface Pixels {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array | Float32Array;
}

/** Where the columns, or the rows, of a sampled picture lie in its source; pixel centres at whole numbers. */
export type Positions = Float64Array;

/**
 * The picture at a grid of positions, bilinear between the four nearest pixels and nothing else: where the grid is coarser than the pixels they alias, as they do in OpenCV's and TensorFlow's resizing, with
 * which presentation-attack networks are trained. What a print's dots and a screen's stripes leave of themselves in a small crop is that.
 *
 * @param outside - beyond the source: black, or its nearest pixel.
 */
export function samplePixels(
  source: Pixels,
  columns: Positions,
  rows: Positions,
  outside: 'black' | 'replicate',
): Pixels {
  const { widthPx, heightPx, data } = source;
  const out = new Float32Array(3 * columns.length * rows.length);
  const across = neighbours(columns, widthPx);
  const down = neighbours(rows, heightPx);
  let at = 0;
  for (const y of down) {
    for (const x of across) {
      if (outside === 'replicate' || (x.inside && y.inside)) {
        const [upper, lower] = [3 * y.first * widthPx, 3 * y.second * widthPx];
        for (let channel = 0; channel < 3; channel++) {
          const [left, right] = [3 * x.first + channel, 3 * x.second + channel];
          const above = mix(data[upper + left] as number, data[upper + right] as number, x.share);
          const below = mix(data[lower + left] as number, data[lower + right] as number, x.share);
          out[at + channel] = mix(above, below, y.share);
        }
      }
      at += 3;
    }
  }
  return { widthPx: columns.length, heightPx: rows.length, data: out };
}

/** `count` positions as OpenCV's resizing of `extent` pixels from `start` on has them: the outer edges stay where they are. */
export const edgePositions = (start: number, extent: number, count: number): Positions =>
  Float64Array.from({ length: count }, (_, i) => start + ((i + 0.5) * extent) / count - 0.5);

interface Neighbours {
  readonly first: number;
  readonly second: number;
  /** Of the second one, 0..1. */
  readonly share: number;
  readonly inside: boolean;
}

function neighbours(positions: Positions, length: number): Neighbours[] {
  return Array.from(positions, (position) => {
    const bounded = Math.min(length - 1, Math.max(0, position));
    const first = Math.floor(bounded);
    return { first, second: Math.min(length - 1, first + 1), share: bounded - first, inside: bounded === position };
  });
}

const mix = (a: number, b: number, share: number): number => a + (b - a) * share;
