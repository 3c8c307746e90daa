import { type Shape, sizeOf, type Tensor, toNumbers } from '../tensor.ts';
import { tensorOf } from './arithmetic.ts';

/** A tensor of `shape` whose element at each place is that of `tensor` at `source(place)`: how small constants are rearranged. */
export function pick(tensor: Tensor, shape: Shape, source: (place: readonly number[]) => readonly number[]): Tensor {
  const values = toNumbers(tensor);
  const out: number[] = [];
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    const index = source(placeOf(flat, shape)).reduce((sum, at, axis) => sum * (tensor.shape[axis] as number) + at, 0);
    out.push(values[index] as number);
  }
  return tensorOf(tensor.dtype, out, shape);
}

/** The place of each axis that a row-major index stands for. */
function placeOf(flat: number, shape: Shape): number[] {
  const place: number[] = [];
  let rest = flat;
  for (const extent of [...shape].reverse()) {
    place.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return place;
}
