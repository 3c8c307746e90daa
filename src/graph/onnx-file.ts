import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type AttributeProto,
  type AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import { ModelFileError, UnsupportedOpError } from '../util/errors.ts';
import { DATA_TYPE_CODES, dataTypeOf } from './data-types.ts';
import { inlineFunctions } from './functions.ts';
import type { Attribute, Dimension, Graph, Node, ValueInfo } from './graph.ts';
import { type DataType, sizeOf, type Tensor } from './tensor.ts';

/** Operator sets that {@link readGraph} takes. */
export const READABLE_OPSETS = { from: 7, to: 23 } as const;

/** Version of the file format that is written; ONNX Runtime 1.10 and later read it. */
const IR_VERSION = 8n;

/** Where a weight lies that is kept beside the model. */
export interface ExternalWeight {
  /** The weight's name, for messages. */
  readonly name: string;
  /** The other file, as the model names it: relative to the model's folder, and not to be trusted. */
  readonly location: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** How {@link readGraph} comes by what is not in the file. */
export interface ReadOptions {
  /** The bytes of a weight in another file. Without it such a model is refused. */
  readonly readExternal?: (weight: ExternalWeight) => Uint8Array;
}

/**
 * Reads an `.onnx` file. Functions that the model defines are put in place of their calls.
 *
 * @throws ModelFileError where the bytes are no ONNX model, are cut off, or keep their weights in another file that `readExternal` does not give;
 * UnsupportedOpError where a node has an attribute of an unknown kind.
 */
export function readGraph(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  const model = parse(bytes);
  const proto = model.graph;
  if (!proto) throw new ModelFileError('the file holds no graph', { hint: 'is it an .onnx model?' });
  const opset = Number(model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n);
  if (opset < READABLE_OPSETS.from || opset > READABLE_OPSETS.to) {
    throw new ModelFileError(`the model uses operator set ${opset}`, {
      hint: `operator sets ${READABLE_OPSETS.from} to ${READABLE_OPSETS.to} are read: export it again with one of these`,
    });
  }
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  return { ...readBody(proto, { ...options, opset, functions: model.functions }), metadata };
}

interface ReadContext extends ReadOptions {
  readonly opset: number;
  readonly functions: readonly FunctionProto[];
}

function readBody(proto: GraphProto, context: ReadContext): Graph {
  if (proto.sparseInitializer.length > 0) {
    throw new ModelFileError('the model has sparse weights', { hint: 'store its weights densely' });
  }
  const initializers = new Map(proto.initializer.map((tensor) => [tensor.name, readTensor(tensor, context)]));
  return {
    name: proto.name || 'graph',
    opset: context.opset,
    // Older files list their weights among the inputs too.
    inputs: proto.input.filter(({ name }) => !initializers.has(name)).map(readValueInfo),
    outputs: proto.output.map(readValueInfo),
    nodes: inlineFunctions(proto.node, context.functions).map((node, index) => readNode(node, index, context)),
    initializers,
    metadata: {},
  };
}

function readNode(proto: NodeProto, index: number, context: ReadContext): Node {
  const { opType: op, input: inputs, output: outputs } = proto;
  const node = { op, name: proto.name || `${op}_${index}` };
  const attributes = Object.fromEntries(
    proto.attribute.map((given) => [given.name, readAttribute(given, node, context)]),
  );
  return { ...node, domain: proto.domain === 'ai.onnx' ? '' : proto.domain, inputs, outputs, attributes };
}

/**
 * The bytes of an `.onnx` file of this graph, each weight copied once.
 *
 * @throws ModelFileError where it exceeds the 2 GB that the format allows.
 */
export function writeGraph(graph: Graph): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'faceward',
    opsetImport: opsetsOf(graph),
    metadataProps: Object.entries(graph.metadata).map(([key, value]) => ({ key, value })),
  });
  const body = create(GraphProtoSchema, writeBody(graph));
  // The library would copy each weight several times. A message's fields may stand in any order, so the weights are appended to what it wrote.
  const weights = [...graph.initializers].flatMap(([name, tensor]) => {
    const { rawData, ...rest } = writeTensor(name, tensor);
    const head = toBinary(TensorProtoSchema, create(TensorProtoSchema, rest));
    return embed(GraphProtoSchema.field.initializer, [head, ...embed(TensorProtoSchema.field.rawData, [rawData])]);
  });
  const whole = embed(ModelProtoSchema.field.graph, [toBinary(GraphProtoSchema, body), ...weights]);
  return concatenate([toBinary(ModelProtoSchema, model), ...whole]);
}

/** A graph with the weights given, which need not be all. */
function writeBody(
  graph: Graph,
  initializer: MessageInitShape<typeof TensorProtoSchema>[] = [],
): MessageInitShape<typeof GraphProtoSchema> {
  return {
    name: graph.name,
    initializer,
    input: graph.inputs.map(writeValueInfo),
    output: graph.outputs.map(writeValueInfo),
    node: graph.nodes.map((node) => ({
      opType: node.op,
      domain: node.domain,
      name: node.name,
      input: [...node.inputs],
      output: [...node.outputs],
      attribute: Object.entries(node.attributes).map(([name, attribute]) => writeAttribute(name, attribute)),
    })),
  };
}

const writeWeights = ({ initializers }: Graph): ReturnType<typeof writeTensor>[] =>
  Array.from(initializers, ([name, tensor]) => writeTensor(name, tensor));

/** The parts as one field: its number and length before them. */
function embed(field: { readonly number: number }, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = lengthOf(parts);
  if (length > 0x7fffffff) throw new ModelFileError('the model exceeds the 2 GB that an .onnx file may have');
  return [new BinaryWriter().tag(field.number, WireType.LengthDelimited).uint32(length).finish(), ...parts];
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.byteLength, 0);

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** Ours, and version 1 of every extension that a node is from. */
function opsetsOf(graph: Graph): { domain: string; version: bigint }[] {
  const domains = new Set(domainsOf(graph));
  domains.delete('');
  return [{ domain: '', version: BigInt(graph.opset) }, ...Array.from(domains, (domain) => ({ domain, version: 1n }))];
}

const domainsOf = ({ nodes }: Graph): string[] =>
  nodes.flatMap(({ domain, attributes }) => [
    domain,
    ...Object.values(attributes).flatMap((attribute) => (attribute.type === 'graph' ? domainsOf(attribute.value) : [])),
  ]);

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new ModelFileError('the file is no ONNX model, or is cut off', {
      cause,
      hint: 'check that the file is complete',
    });
  }
}

function readValueInfo(info: ValueInfoProto): ValueInfo {
  const type = info.type?.value;
  if (type?.case !== 'tensorType') throw new ModelFileError(`"${info.name}" is no tensor`);
  const dimensions = type.value.shape?.dim;
  return {
    name: info.name,
    dtype: readDataType(type.value.elemType, info.name),
    shape: dimensions?.map(({ value }, axis): Dimension => {
      // Some exporters write -1 for a dimension that is free.
      if (value.case === 'dimValue' && value.value >= 0n) return Number(value.value);
      return value.case === 'dimParam' && value.value ? value.value : `${info.name}_${axis}`;
    }),
  };
}

function readDataType(code: number, name: string): DataType {
  const dtype = dataTypeOf(code);
  if (!dtype) throw new ModelFileError(`"${name}" has the unsupported element type ${code}`);
  return dtype;
}

function readTensor(proto: TensorProto, context: ReadOptions): Tensor {
  const dtype = readDataType(proto.dataType, proto.name);
  const shape = proto.dims.map(Number);
  const fault = (found: string): ModelFileError =>
    new ModelFileError(`the weight "${proto.name}" has ${found} for the shape [${shape.join(',')}]`);
  if (shape.some((extent) => extent < 0)) throw fault('a negative extent');
  const rawData =
    proto.dataLocation === TensorProto_DataLocation.EXTERNAL
      ? readExternalWeight(proto, sizeOf(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT, context)
      : proto.rawData;
  if (rawData.length > 0 && rawData.length !== sizeOf(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT) {
    throw fault(`${rawData.length} bytes`);
  }
  const data = rawData.length > 0 ? fromRaw(dtype, rawData) : fromFields(dtype, proto);
  if (data.length !== sizeOf(shape)) throw fault(`${data.length} numbers`);
  return { dtype, shape, data } as Tensor;
}

function readExternalWeight(proto: TensorProto, sizeBytes: number, { readExternal }: ReadOptions): Uint8Array {
  if (!readExternal) {
    throw new ModelFileError(`the weight "${proto.name}" is kept in another file`, {
      hint: 'save the model as one file (onnx.save with save_as_external_data=False)',
    });
  }
  const entries = Object.fromEntries(proto.externalData.map(({ key, value }) => [key, value]));
  const weight = {
    name: proto.name,
    location: entries.location ?? '',
    offsetBytes: Number(entries.offset ?? 0),
    lengthBytes: Number(entries.length ?? sizeBytes),
  };
  if (!(weight.offsetBytes >= 0) || weight.lengthBytes !== sizeBytes) {
    throw new ModelFileError(
      `the weight "${proto.name}" is said to lie at ${entries.offset}, ${entries.length} bytes long, not ${sizeBytes}`,
    );
  }
  return readExternal(weight);
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Little-endian bytes as an array of their own: they need not be aligned in the file. (A Node Buffer's own slice would share its memory.) */
function fromRaw(dtype: DataType, raw: Uint8Array): Tensor['data'] {
  const copy = new Uint8Array(raw.byteLength);
  copy.set(raw);
  const type = ARRAYS[dtype];
  return new type(copy.buffer);
}

function fromFields(dtype: DataType, proto: TensorProto): Tensor['data'] {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(proto.floatData);
    case 'float64':
      return Float64Array.from(proto.doubleData);
    case 'int64':
      return BigInt64Array.from(proto.int64Data);
    default:
      return ARRAYS[dtype].from(proto.int32Data);
  }
}

function readAttribute(
  proto: AttributeProto,
  node: { readonly op: string; readonly name: string },
  context: ReadContext,
): Attribute {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  switch (proto.type) {
    case Kind.FLOAT:
      return { type: 'float', value: proto.f };
    case Kind.INT:
      return { type: 'int', value: toSafeInteger(proto.i) };
    case Kind.STRING:
      return { type: 'string', value: text(proto.s) };
    case Kind.FLOATS:
      return { type: 'floats', value: proto.floats };
    case Kind.INTS:
      return { type: 'ints', value: proto.ints.map(toSafeInteger) };
    case Kind.STRINGS:
      return { type: 'strings', value: proto.strings.map(text) };
    case Kind.TENSOR:
      if (proto.t) return { type: 'tensor', value: readTensor(proto.t, context) };
      throw new ModelFileError(`attribute "${proto.name}" of node "${node.name}" holds no tensor`);
    case Kind.GRAPH:
      if (proto.g) return { type: 'graph', value: readBody(proto.g, context) };
      throw new ModelFileError(`attribute "${proto.name}" of node "${node.name}" holds no graph`);
    default:
      throw new UnsupportedOpError({
        op: node.op,
        opset: context.opset,
        node: node.name,
        reason: `its attribute "${proto.name}" is of an unknown kind`,
      });
  }
}

/** Exporters write the greatest int64 for "to the end"; a number cannot hold it, and the greatest safe integer means the same. */
function toSafeInteger(value: bigint): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

function writeValueInfo(info: ValueInfo): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = info.shape?.map((dimension) => ({
    value:
      typeof dimension === 'number'
        ? { case: 'dimValue' as const, value: BigInt(dimension) }
        : { case: 'dimParam' as const, value: dimension },
  }));
  return {
    name: info.name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: DATA_TYPE_CODES[info.dtype], ...(dim ? { shape: { dim } } : {}) },
      },
    },
  };
}

function writeTensor(name: string, { data, dtype, shape }: Tensor) {
  const { buffer, byteOffset, byteLength } = data;
  const rawData =
    buffer instanceof ArrayBuffer
      ? new Uint8Array(buffer, byteOffset, byteLength)
      : Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength)); // memory that threads share
  return { name, dims: shape.map(BigInt), dataType: DATA_TYPE_CODES[dtype], rawData };
}

function writeAttribute(name: string, attribute: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  switch (attribute.type) {
    case 'float':
      return { name, type: Kind.FLOAT, f: attribute.value };
    case 'int':
      return { name, type: Kind.INT, i: BigInt(attribute.value) };
    case 'string':
      return { name, type: Kind.STRING, s: bytes(attribute.value) };
    case 'floats':
      return { name, type: Kind.FLOATS, floats: [...attribute.value] };
    case 'ints':
      return { name, type: Kind.INTS, ints: attribute.value.map(BigInt) };
    case 'strings':
      return { name, type: Kind.STRINGS, strings: attribute.value.map(bytes) };
    case 'tensor':
      return { name, type: Kind.TENSOR, t: writeTensor('', attribute.value) };
    case 'graph':
      return {
        name,
        type: Kind.GRAPH,
        g: writeBody(attribute.value, writeWeights(attribute.value)),
      };
  }
}
