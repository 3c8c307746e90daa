import { InputError, ShapeError } from '../../../util/errors.ts';

/** Rows of a 3x3 matrix; it maps (u, v, 1) of the output to the source, up to a factor. Both run from -1 to 1, from edge to edge. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

/** Nothing moves. From one size to another it is a bilinear resize. */
export const STILL: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** A square picture seen through a homography: a linear map of its pixels, with its exact transpose. */
export interface HomographyWarp {
  /** From planar [C,s,s] of the source to [C,S,S] of the output. @throws ShapeError where the numbers are no such planes. */
  apply(source: Float32Array): Float32Array;
  /** From numbers for the output's pixels to numbers for the source's: <apply(x), y> = <x, transpose(y)>. Throws as `apply`. */
  transpose(output: Float32Array): Float32Array;
}

/** Neighbours of which a pixel of the output is made. */
const TAPS = 4;

/**
 * The linear map that samples a square picture through a homography: bilinear, beyond the edges the border is repeated. No care is taken against aliasing: it is for views
 * that shrink by little.
 *
 * Cost: about 1 ms to make and a third of one for each use, for a face of 112 px.
 *
 * @throws InputError where part of the output would lie behind the viewer, or a number is not finite.
 */
export function homographyWarp(
  matrix: Homography,
  size: { readonly sourcePx: number; readonly outputPx: number },
): HomographyWarp {
  const { sourcePx, outputPx } = size;
  const [sourcePlane, outputPlane] = [sourcePx ** 2, outputPx ** 2];
  const from = new Int32Array(TAPS * outputPlane);
  const weight = new Float32Array(TAPS * outputPlane);
  for (let y = 0, k = 0; y < outputPx; y++) {
    for (let x = 0; x < outputPx; x++, k += TAPS) {
      const [u, v] = project(matrix, (2 * x + 1) / outputPx - 1, (2 * y + 1) / outputPx - 1);
      // Pixel j covers j..j+1 of the source; its centre is at j + 0.5.
      const [sourceX, sourceY] = [((u + 1) * sourcePx - 1) / 2, ((v + 1) * sourcePx - 1) / 2];
      const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
      const [shareX, shareY] = [sourceX - left, sourceY - top];
      for (let corner = 0; corner < TAPS; corner++) {
        const column = Math.min(Math.max(left + (corner & 1), 0), sourcePx - 1);
        const row = Math.min(Math.max(top + (corner >> 1), 0), sourcePx - 1);
        from[k + corner] = row * sourcePx + column;
        weight[k + corner] = (corner & 1 ? shareX : 1 - shareX) * (corner >> 1 ? shareY : 1 - shareY);
      }
    }
  }
  return {
    apply(source) {
      const channels = channelsOf(source, sourcePlane);
      const out = new Float32Array(channels * outputPlane);
      for (let channel = 0, to = 0; channel < channels; channel++) {
        const plane = source.subarray(channel * sourcePlane, (channel + 1) * sourcePlane);
        // The four taps written out: this loop is the cost of a view.
        for (let k = 0; k < weight.length; k += TAPS, to++) {
          out[to] =
            (weight[k] as number) * (plane[from[k] as number] as number) +
            (weight[k + 1] as number) * (plane[from[k + 1] as number] as number) +
            (weight[k + 2] as number) * (plane[from[k + 2] as number] as number) +
            (weight[k + 3] as number) * (plane[from[k + 3] as number] as number);
        }
      }
      return out;
    },
    transpose(output) {
      const channels = channelsOf(output, outputPlane);
      const out = new Float32Array(channels * sourcePlane);
      for (let channel = 0, at = 0; channel < channels; channel++) {
        const plane = out.subarray(channel * sourcePlane, (channel + 1) * sourcePlane);
        for (let start = 0; start < weight.length; start += TAPS, at++) {
          const value = output[at] as number;
          if (value === 0) continue;
          for (let k = start; k < start + TAPS; k++) {
            const to = from[k] as number;
            plane[to] = (plane[to] as number) + (weight[k] as number) * value;
          }
        }
      }
      return out;
    },
  };
}

function project([a, b, c, d, e, f, g, h, i]: Homography, u: number, v: number): readonly [number, number] {
  const depth = g * u + h * v + i;
  const point = [(a * u + b * v + c) / depth, (d * u + e * v + f) / depth] as const;
  if (!(depth > 1e-6 && point.every(Number.isFinite))) {
    throw new InputError('a view through this homography has points behind the viewer');
  }
  return point;
}

function channelsOf(planes: Float32Array, plane: number): number {
  const channels = planes.length / plane;
  if (!Number.isInteger(channels)) throw new ShapeError(`${planes.length} numbers are no planes of ${plane} pixels`);
  return channels;
}
