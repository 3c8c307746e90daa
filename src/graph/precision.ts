import { DATA_TYPE_CODES } from './data-types.ts';
import { type Attribute, type Graph, int, type Node, type ValueInfo } from './graph.ts';
import { type DataType, type Tensor, toNumbers } from './tensor.ts';

/** Element types of real numbers other than float32. */
const OTHER_REALS: readonly DataType[] = ['float16', 'float64'];

const isOther = (dtype: DataType): boolean => OTHER_REALS.includes(dtype);

const OTHER_CODES = OTHER_REALS.map((dtype) => DATA_TYPE_CODES[dtype]);

/**
 * The same network with float32 in place of float16 and float64 throughout. A gradient needs it: in float16 one falls below the least number, or above the greatest, and
 * for float64 ONNX Runtime has few operators. The graph itself is given back where it holds float32 alone.
 */
export function inSinglePrecision(graph: Graph): Graph {
  return usesOtherReals(graph) ? converted(graph) : graph;
}

function usesOtherReals({ inputs, initializers, nodes }: Graph): boolean {
  return (
    inputs.some(({ dtype }) => isOther(dtype)) ||
    [...initializers.values()].some(({ dtype }) => isOther(dtype)) ||
    nodes.some(({ attributes }) =>
      Object.entries(attributes).some(([name, attribute]) => {
        if (attribute.type === 'graph') return usesOtherReals(attribute.value);
        if (attribute.type === 'tensor') return isOther(attribute.value.dtype);
        return attribute.type === 'int' && TYPE_ATTRIBUTES.includes(name) && OTHER_CODES.includes(attribute.value);
      }),
    )
  );
}

/** Attributes that name an element type: of Cast, and of the operators that make values. */
const TYPE_ATTRIBUTES: readonly string[] = ['to', 'dtype'];

function converted(graph: Graph): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map(convertedInfo),
    outputs: graph.outputs.map(convertedInfo),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, convertedTensor(tensor)])),
    nodes: graph.nodes.map(
      (node): Node => ({
        ...node,
        attributes: Object.fromEntries(
          Object.entries(node.attributes).map(([name, attribute]) => [name, convertedAttribute(name, attribute)]),
        ),
      }),
    ),
  };
}

const convertedInfo = (info: ValueInfo): ValueInfo => (isOther(info.dtype) ? { ...info, dtype: 'float32' } : info);

function convertedTensor(tensor: Tensor): Tensor {
  if (!isOther(tensor.dtype)) return tensor;
  return { dtype: 'float32', shape: tensor.shape, data: Float32Array.from(toNumbers(tensor)) };
}

function convertedAttribute(name: string, attribute: Attribute): Attribute {
  if (attribute.type === 'graph') return { type: 'graph', value: converted(attribute.value) };
  if (attribute.type === 'tensor') return { type: 'tensor', value: convertedTensor(attribute.value) };
  const isType = attribute.type === 'int' && TYPE_ATTRIBUTES.includes(name) && OTHER_CODES.includes(attribute.value);
  return isType ? int(DATA_TYPE_CODES.float32) : attribute;
}
