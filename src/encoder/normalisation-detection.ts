import { type Graph, type Node, namesRead } from '../graph/graph.ts';
import { type Tensor, toNumbers } from '../graph/tensor.ts';
import type { InputConvention } from './input-convention.ts';

/** What a network's first nodes tell of the range that it expects. */
export interface DetectedRange {
  readonly range: Extract<InputConvention['range'], string>;
  /** Why, naming the nodes, for a person to judge. */
  readonly because: string;
}

/** Nodes that move values about and leave each as it is. */
const PASSING = new Set(['Identity', 'Cast', 'Transpose', 'Gather', 'Reshape', 'Slice', 'Pad']);

/**
 * Reads off a normalisation that is part of the network: the first Sub, Add, Mul, Div or BatchNormalization nodes after the input, as one affine map
 * (the mean of its channels). What that map takes to zero is the middle of the range that the network expects.
 *
 * @returns undefined where there is none, or none that tells.
 */
export function detectRange(graph: Graph, input: string): DetectedRange | undefined {
  let value = input;
  let gain = 1;
  let offset = 0;
  const ops: string[] = [];
  for (;;) {
    const consumers = graph.nodes.filter((node) => node.op !== 'Shape' && namesRead(node).includes(value));
    const [node] = consumers;
    if (!node || consumers.length > 1) break;
    if (!PASSING.has(node.op)) {
      const step = affineOf(graph, node, value);
      if (!step) break;
      gain *= step.gain;
      offset = offset * step.gain + step.offset;
      ops.push(node.op);
    }
    value = node.outputs[0] ?? '';
  }
  const range = ops.length > 0 ? rangeOf(gain, -offset / gain) : undefined;
  return range && { range, because: `the network begins with ${ops.join(', ')}, centred at ${round(-offset / gain)}` };
}

function rangeOf(gain: number, middle: number): DetectedRange['range'] | undefined {
  if (middle > 60 && middle < 200) return '0..255';
  if (middle > 0.3 && middle < 0.7) return '0..1';
  // No shift, but a division by 64 or more: only bytes are that large.
  if (Math.abs(middle) < 0.05 && Math.abs(gain) <= 1 / 64) return '0..255';
  return undefined;
}

/** The node as value * gain + offset; undefined where it is none of these, or not with constants. */
function affineOf(graph: Graph, node: Node, value: string): { gain: number; offset: number } | undefined {
  const [first = '', second = ''] = node.inputs;
  if (node.op === 'BatchNormalization') return first === value ? normalisationOf(graph, node) : undefined;
  const constant = meanOf(constantOf(graph, first === value ? second : first));
  if (constant === undefined) return undefined;
  switch (node.op) {
    case 'Add':
      return { gain: 1, offset: constant };
    case 'Mul':
      return { gain: constant, offset: 0 };
    case 'Sub':
      return first === value ? { gain: 1, offset: -constant } : { gain: -1, offset: constant };
    case 'Div':
      return first === value ? { gain: 1 / constant, offset: 0 } : undefined;
    default:
      return undefined;
  }
}

function normalisationOf(graph: Graph, node: Node): { gain: number; offset: number } | undefined {
  const [scale, bias, mean, variance] = node.inputs.slice(1).map((name) => meanOf(constantOf(graph, name)));
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined) return undefined;
  const epsilon = node.attributes.epsilon?.type === 'float' ? node.attributes.epsilon.value : 1e-5;
  const gain = scale / Math.sqrt(variance + epsilon);
  return { gain, offset: bias - mean * gain };
}

function constantOf(graph: Graph, name: string): Tensor | undefined {
  const weight = graph.initializers.get(name);
  if (weight) return weight;
  const made = graph.nodes.find((node) => node.op === 'Constant' && node.outputs[0] === name)?.attributes;
  if (made?.value?.type === 'tensor') return made.value.value;
  const number = made?.value_float;
  return number?.type === 'float' ? { dtype: 'float32', shape: [], data: Float32Array.of(number.value) } : undefined;
}

function meanOf(tensor: Tensor | undefined): number | undefined {
  if (!tensor || tensor.data.length === 0 || tensor.data.length > 16) return undefined;
  const numbers = toNumbers(tensor);
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

const round = (value: number): number => Number(value.toPrecision(4));
