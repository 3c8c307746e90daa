import { ShapeError } from '../util/errors.ts';

/** Element types and the array that holds each; float16 is held as its raw bits, bool as 0 or 1. */
export interface ElementArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type DataType = keyof ElementArrays;

export type Shape = readonly number[];

/** A dense array in row-major order, of one known element type. */
export interface TypedTensor<T extends DataType> {
  readonly dtype: T;
  readonly shape: Shape;
  readonly data: ElementArrays[T];
}

/** A tensor of any element type; `dtype` tells which. */
export type Tensor = { [T in DataType]: TypedTensor<T> }[DataType];

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** A float32 tensor over `data`, which is not copied. @throws ShapeError where the length does not fit the shape. */
export function float32(data: Float32Array | readonly number[], shape: Shape): TypedTensor<'float32'> {
  const array = data instanceof Float32Array ? data : Float32Array.from(data);
  if (array.length !== sizeOf(shape)) {
    throw new ShapeError(`${array.length} values do not fill shape [${shape.join(',')}]`);
  }
  return { dtype: 'float32', shape, data: array };
}

/** An int64 tensor; a vector unless a shape is given. */
export function int64(values: readonly number[], shape: Shape = [values.length]): TypedTensor<'int64'> {
  return { dtype: 'int64', shape, data: BigInt64Array.from(values, toBigInt64) };
}

/** An int64 of a number, cut to its range: exporters write the greatest int64 for "to the end", which as a number is one too many. */
export function toBigInt64(value: number): bigint {
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value < -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}

/** A float32 scalar. */
export function scalar(value: number): TypedTensor<'float32'> {
  return float32([value], []);
}

/** The elements as numbers (int64 beyond 2^53 loses digits; float16 is decoded). */
export function toNumbers(tensor: Tensor): number[] {
  if (tensor.dtype === 'int64') return Array.from(tensor.data, Number);
  if (tensor.dtype === 'float16') return Array.from(tensor.data, halfToNumber);
  return Array.from(tensor.data);
}

/** The IEEE 754 binary16 bits of the nearest half to a number (of two as near, the even one); infinity beyond the range. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // The distance of neighbouring halves: 2^-24 below the least normal number, and 1/1024 of the power of two below the value above it.
  const exponent = Math.max(-14, Math.min(16, Math.floor(Math.log2(size))));
  const steps = roundToEven(size / 2 ** (exponent - 10));
  if (exponent > 15) return sign | 0x7c00;
  // A normal number's leading bit counts one exponent up, which a carry of the rounding does too.
  return sign | ((exponent + 14) * 1024 + steps);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** The value of IEEE 754 binary16 bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rows of one length, one behind the other: the data of a tensor [rows, length]. */
export function joinRows(rows: readonly Float32Array[]): Float32Array {
  const length = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    all.set(row, i * length);
  });
  return all;
}
