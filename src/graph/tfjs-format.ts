import { z } from 'zod';
import { ModelFileError } from '../util/errors.ts';
import { float32, halfToNumber, sizeOf, type Tensor } from './tensor.ts';

/** Protobuf JSON writes 64-bit integers as strings. */
const integer = z.union([z.string(), z.number()]).transform(Number);

const attributeSchema = z.object({
  i: integer.optional(),
  f: z.number().optional(),
  b: z.boolean().optional(),
  s: z.string().optional(),
  list: z.object({ i: z.array(integer).optional(), s: z.array(z.string()).optional() }).optional(),
  shape: z.object({ dim: z.array(z.object({ size: integer })).optional() }).optional(),
});

const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z.record(z.string(), attributeSchema).default({}),
});

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  dtype: z.enum(['float32', 'int32']),
  quantization: z
    .object({ dtype: z.enum(['uint8', 'uint16', 'float16']), scale: z.number().default(1), min: z.number().default(0) })
    .optional(),
});

const manifestSchema = z.array(z.object({ paths: z.array(z.string()), weights: z.array(weightSchema) }));

const modelSchema = z.object({
  modelTopology: z.object({ node: z.array(nodeSchema) }),
  weightsManifest: manifestSchema,
});

/** A node of a TensorFlow graph; strings among the attributes are base64. */
export type TfNode = z.infer<typeof nodeSchema>;

/** The weight files that a model names, in order, and what is in them. */
export type WeightsManifest = z.infer<typeof manifestSchema>;

/** The JSON part of a TensorFlow.js graph model. */
export type TfjsModel = z.infer<typeof modelSchema>;

/** Checks the JSON of a TensorFlow.js graph model. @throws ModelFileError where it is none. */
export function parseTfjsModel(json: unknown): TfjsModel {
  return accept(modelSchema.safeParse(json), 'a TensorFlow.js graph model');
}

/** Checks the JSON of a weights manifest. @throws ModelFileError where it is none. */
export function parseWeightsManifest(json: unknown): WeightsManifest {
  return accept(manifestSchema.safeParse(json), 'a TensorFlow.js weights manifest');
}

/**
 * Reads the weights of a manifest, whose files are given joined in the manifest's order; quantised weights become float32 as TensorFlow.js makes them.
 *
 * @throws ModelFileError where there are fewer or more bytes than the manifest says.
 */
export function readTfjsWeights(manifest: WeightsManifest, bytes: Uint8Array): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  let offset = 0;
  for (const { name, shape, dtype, quantization } of manifest.flatMap((group) => group.weights)) {
    const stored = STORED[quantization?.dtype ?? dtype];
    const size = sizeOf(shape);
    const end = offset + size * stored.bytes;
    if (end > bytes.length) {
      throw new ModelFileError(`the weights end at byte ${bytes.length}, inside "${name}", which ends at ${end}`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size * stored.bytes);
    const { scale, min } = quantization ?? { scale: 1, min: 0 };
    const affine = quantization !== undefined && quantization.dtype !== 'float16';
    const values = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const value = stored.read(view, i);
      values[i] = affine ? value * scale + min : value;
    }
    weights.set(name, values instanceof Int32Array ? { dtype: 'int32', shape, data: values } : float32(values, shape));
    offset = end;
  }
  if (offset !== bytes.length) throw new ModelFileError(`${bytes.length - offset} bytes of weights are left over`);
  return weights;
}

interface StoredType {
  readonly bytes: number;
  readonly read: (view: DataView, index: number) => number;
}

const STORED: Readonly<Record<'float32' | 'int32' | 'float16' | 'uint16' | 'uint8', StoredType>> = {
  float32: { bytes: 4, read: (view, index) => view.getFloat32(4 * index, true) },
  int32: { bytes: 4, read: (view, index) => view.getInt32(4 * index, true) },
  float16: { bytes: 2, read: (view, index) => halfToNumber(view.getUint16(2 * index, true)) },
  uint16: { bytes: 2, read: (view, index) => view.getUint16(2 * index, true) },
  uint8: { bytes: 1, read: (view, index) => view.getUint8(index) },
};

function accept<T>(result: z.ZodSafeParseResult<T>, what: string): T {
  if (result.success) return result.data;
  throw new ModelFileError(`this is not ${what}: ${z.prettifyError(result.error)}`, { cause: result.error });
}
