import type { DataType } from './tensor.ts';

/** ONNX's number of each element type (TensorProto.DataType). */
export const DATA_TYPE_CODES: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

const BY_CODE = new Map<number, DataType>(
  Object.entries(DATA_TYPE_CODES).map(([dtype, code]) => [code, dtype as DataType]),
);

/** The element type of an ONNX number; undefined for those that are not supported (strings, complex, bfloat16, 4-bit). */
export const dataTypeOf = (code: number): DataType | undefined => BY_CODE.get(code);
