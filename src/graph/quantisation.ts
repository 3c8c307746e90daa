import { ModelFileError } from '../util/errors.ts';
import { type Graph, int, type Node } from './graph.ts';
import { float32, type Shape, sizeOf, type Tensor, type TypedTensor } from './tensor.ts';

/** Weights below this stay float32: they are nothing beside the others, and biases matter. */
const SMALLEST = 4096;

/**
 * The same model with its large weights as int8 and a DequantizeLinear behind each: a quarter of the size, and still a plain `.onnx` that any runtime reads.
 *
 * Symmetric, with a scale for each index of axis 0 or 1, whichever loses less. {@link dequantiseWeights} undoes it, but for the rounding.
 */
export function quantiseWeights(graph: Graph): Graph {
  const initializers = new Map<string, Tensor>();
  const nodes: Node[] = [];
  for (const [name, tensor] of graph.initializers) {
    if (tensor.dtype !== 'float32' || tensor.shape.length < 2 || sizeOf(tensor.shape) < SMALLEST) {
      initializers.set(name, tensor);
      continue;
    }
    const { axis, scales, values } = [0, 1]
      .map((along) => quantise(tensor, along))
      .reduce((a, b) => (a.error <= b.error ? a : b));
    initializers.set(`${name}/int8`, { dtype: 'int8', shape: tensor.shape, data: values });
    initializers.set(`${name}/scale`, float32(scales, [scales.length]));
    nodes.push({
      op: 'DequantizeLinear',
      domain: '',
      name: `${name}/dequantise`,
      inputs: [`${name}/int8`, `${name}/scale`],
      outputs: [name],
      attributes: { axis: int(axis) },
    });
  }
  return { ...graph, initializers, nodes: [...nodes, ...graph.nodes] };
}

/** The same model with quantised weights as float32 constants: ONNX Runtime does not fold them itself, and runs slower where weights are not constant. */
export function dequantiseWeights(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter((node) => {
    const [values, scales] = node.inputs.map((name) => graph.initializers.get(name));
    if (node.op !== 'DequantizeLinear' || values?.dtype !== 'int8' || node.inputs.length !== 2) return true;
    if (scales?.dtype !== 'float32') throw new ModelFileError(`node "${node.name}" has no float32 scales`);
    const axis = node.attributes.axis?.type === 'int' ? node.attributes.axis.value : 1;
    const [output = ''] = node.outputs;
    initializers.set(output, dequantise(values, scales, axis));
    for (const name of node.inputs) initializers.delete(name);
    return false;
  });
  return { ...graph, nodes, initializers };
}

/** Index along `axis` of each element. */
function indexAlong(shape: Shape, axis: number): (flat: number) => number {
  const inner = sizeOf(shape.slice(axis + 1));
  const extent = shape[axis] as number;
  return (flat) => Math.floor(flat / inner) % extent;
}

function quantise({ shape, data }: TypedTensor<'float32'>, axis: number) {
  const at = indexAlong(shape, axis);
  const scales = new Float32Array(shape[axis] as number);
  data.forEach((value, i) => {
    scales[at(i)] = Math.max(scales[at(i)] as number, Math.abs(value) / 127);
  });
  const values = new Int8Array(data.length);
  let error = 0;
  data.forEach((value, i) => {
    const scale = scales[at(i)] as number;
    values[i] = scale > 0 ? Math.round(value / scale) : 0;
    error += (value - (values[i] as number) * scale) ** 2;
  });
  return { axis, scales, values, error };
}

function dequantise({ shape, data }: TypedTensor<'int8'>, scales: TypedTensor<'float32'>, axis: number): Tensor {
  // A plain loop over the runs of one scale: millions of weights are read at each start, and Float32Array.from() takes seconds for them.
  const run = sizeOf(shape.slice(axis + 1));
  const values = new Float32Array(data.length);
  for (let first = 0, index = 0; first < data.length; first += run, index = (index + 1) % scales.data.length) {
    const scale = scales.data[index] as number;
    for (let i = first; i < first + run; i++) values[i] = (data[i] as number) * scale;
  }
  return float32(values, shape);
}
