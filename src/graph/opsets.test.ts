import { describe, expect, it } from 'vitest';
import { createSession } from '../runtime/session.ts';
import { Random } from '../util/random.ts';
import { compile } from './compile.ts';
import { type Attributes, float, floats, type Graph, int, ints, type Node, string, tensorAttribute } from './graph.ts';
import { float32, int64, type Shape, scalar, sizeOf, type Tensor } from './tensor.ts';

/** One node in the form of one operator set; ONNX Runtime, which knows that form, is the reference. */
interface Row {
  readonly op: string;
  readonly opset: number;
  readonly form: string;
  readonly shape: Shape;
  /** Further inputs; undefined for one that is left out. */
  readonly rest?: readonly (Tensor | undefined)[];
  readonly attributes?: Attributes;
  readonly outputs?: number;
}

const image: Shape = [2, 4, 5, 6];
const perChannel = (...values: number[]): Tensor => float32(values, [values.length]);
const scales = (...values: number[]): Tensor => float32(values, [values.length]);

const ROWS: readonly Row[] = [
  { op: 'Squeeze', opset: 11, form: 'axes as an attribute', shape: [1, 3, 1], attributes: { axes: ints([-1]) } },
  { op: 'Squeeze', opset: 11, form: 'no axes', shape: [1, 3, 1] },
  { op: 'Unsqueeze', opset: 11, form: 'axes as an attribute', shape: [3, 2], attributes: { axes: ints([0, -1]) } },
  { op: 'Unsqueeze', opset: 13, form: 'axes as an input', shape: [3, 2], rest: [int64([1])] },
  {
    op: 'ReduceSum',
    opset: 11,
    form: 'axes as an attribute',
    shape: image,
    attributes: { axes: ints([1, -1]), keepdims: int(0) },
  },
  { op: 'ReduceSum', opset: 11, form: 'no axes', shape: image },
  ...[
    'ReduceMean',
    'ReduceMax',
    'ReduceMin',
    'ReduceProd',
    'ReduceL1',
    'ReduceL2',
    'ReduceSumSquare',
    'ReduceLogSumExp',
  ].map(
    (op): Row => ({
      op,
      opset: 18,
      form: 'axes as an input',
      shape: image,
      rest: [int64([-1, 1])],
      attributes: { keepdims: int(0) },
    }),
  ),
  { op: 'ReduceMean', opset: 18, form: 'no axes', shape: image },
  {
    op: 'ReduceMean',
    opset: 18,
    form: 'no axes, nothing to do',
    shape: image,
    attributes: { noop_with_empty_axes: int(1) },
  },
  { op: 'ReduceMax', opset: 11, form: 'axes as an attribute', shape: image, attributes: { axes: ints([2]) } },
  {
    op: 'Split',
    opset: 11,
    form: 'parts as an attribute',
    shape: [5, 2],
    attributes: { split: ints([1, 4]) },
    outputs: 2,
  },
  { op: 'Split', opset: 11, form: 'equal parts', shape: [2, 6], attributes: { axis: int(1) }, outputs: 3 },
  { op: 'Split', opset: 18, form: 'number of parts', shape: [7, 2], attributes: { num_outputs: int(3) }, outputs: 3 },
  { op: 'Softmax', opset: 11, form: 'default axis', shape: image },
  { op: 'Softmax', opset: 11, form: 'axis 2', shape: image, attributes: { axis: int(2) } },
  { op: 'Softmax', opset: 11, form: 'axis -1', shape: image, attributes: { axis: int(-1) } },
  { op: 'Softmax', opset: 13, form: 'axis 1', shape: image, attributes: { axis: int(1) } },
  { op: 'LogSoftmax', opset: 11, form: 'default axis', shape: image },
  {
    op: 'Clip',
    opset: 10,
    form: 'limits as attributes',
    shape: image,
    attributes: { min: float(-0.5), max: float(0.25) },
  },
  { op: 'Clip', opset: 10, form: 'upper limit as an attribute', shape: image, attributes: { max: float(0.25) } },
  { op: 'Clip', opset: 11, form: 'limits as inputs', shape: image, rest: [undefined, scalar(0.1)] },
  { op: 'Dropout', opset: 10, form: 'ratio as an attribute', shape: image, attributes: { ratio: float(0.5) } },
  { op: 'Dropout', opset: 13, form: 'ratio as an input', shape: image, rest: [scalar(0.5)] },
  {
    op: 'BatchNormalization',
    opset: 9,
    form: 'with momentum',
    shape: image,
    rest: [perChannel(1, 2, 3, 4), perChannel(0, 1, 0, -1), perChannel(0.1, 0.2, 0, 0), perChannel(1, 2, 0.5, 1)],
    attributes: { momentum: float(0.8), epsilon: float(0.01) },
  },
  {
    op: 'Slice',
    opset: 9,
    form: 'places as attributes',
    shape: image,
    attributes: { starts: ints([1, -3]), ends: ints([3, 99]), axes: ints([1, 3]) },
  },
  {
    op: 'Slice',
    opset: 9,
    form: 'no axes',
    shape: image,
    attributes: { starts: ints([0, 1]), ends: ints([1, Number.MAX_SAFE_INTEGER]) },
  },
  { op: 'TopK', opset: 9, form: 'count as an attribute', shape: [3, 7], attributes: { k: int(2) }, outputs: 1 },
  {
    op: 'Pad',
    opset: 10,
    form: 'borders as attributes',
    shape: [2, 3],
    attributes: { pads: ints([1, 0, 0, 2]), value: float(0.5) },
  },
  {
    op: 'Pad',
    opset: 10,
    form: 'reflected',
    shape: [2, 3],
    attributes: { pads: ints([0, 1, 0, 2]), mode: string('reflect') },
  },
  { op: 'Pad', opset: 11, form: 'borders as inputs', shape: [2, 3], rest: [int64([1, 0, 0, 2]), scalar(3)] },
  { op: 'Pad', opset: 18, form: 'some axes', shape: image, rest: [int64([1, 2, 0, 3]), scalar(2), int64([-1, 0])] },
  { op: 'Upsample', opset: 9, form: 'nearest', shape: image, rest: [scales(1, 1, 2, 2)] },
  {
    op: 'Upsample',
    opset: 9,
    form: 'linear',
    shape: image,
    rest: [scales(1, 1, 2, 3)],
    attributes: { mode: string('linear') },
  },
  {
    op: 'Upsample',
    opset: 7,
    form: 'scales as an attribute',
    shape: image,
    attributes: { scales: floats([1, 1, 1.5, 2]) },
  },
  { op: 'Resize', opset: 10, form: 'enlarging by nearest', shape: image, rest: [scales(1, 1, 1.5, 1.7)] },
  {
    op: 'Resize',
    opset: 10,
    form: 'linear',
    shape: image,
    rest: [scales(1, 1, 1.5, 2)],
    attributes: { mode: string('linear') },
  },
  {
    op: 'Resize',
    opset: 11,
    form: 'empty region',
    shape: image,
    rest: [scales(), scales(1, 1, 2, 2)],
    attributes: {
      mode: string('nearest'),
      coordinate_transformation_mode: string('asymmetric'),
      nearest_mode: string('floor'),
    },
  },
  {
    op: 'Resize',
    opset: 11,
    form: 'empty region and scales',
    shape: image,
    rest: [scales(), scales(), int64([2, 4, 9, 11])],
    attributes: { mode: string('linear'), coordinate_transformation_mode: string('align_corners') },
  },
  {
    op: 'Resize',
    opset: 18,
    form: 'sizes of some axes',
    shape: image,
    rest: [undefined, undefined, int64([12, 8])],
    attributes: { mode: string('linear'), axes: ints([3, 2]) },
  },
  {
    op: 'Resize',
    opset: 19,
    form: 'scales of some axes',
    shape: image,
    rest: [undefined, scales(2, 0.5)],
    attributes: { mode: string('cubic'), axes: ints([-2, -1]) },
  },
  {
    op: 'AveragePool',
    opset: 19,
    form: 'undilated',
    shape: image,
    attributes: { kernel_shape: ints([2, 2]), dilations: ints([1, 1]) },
  },
  {
    op: 'Dropout',
    opset: 13,
    form: 'training, with a share of 0',
    shape: image,
    rest: [scalar(0), { dtype: 'bool', shape: [], data: Uint8Array.of(1) }],
  },
  { op: 'Gelu', opset: 20, form: 'exact', shape: image },
  { op: 'Gelu', opset: 20, form: 'by tanh', shape: image, attributes: { approximate: string('tanh') } },
  { op: 'Mish', opset: 18, form: '', shape: image },
  { op: 'HardSwish', opset: 14, form: '', shape: image },
  {
    op: 'GroupNormalization',
    opset: 21,
    form: 'scale for each channel',
    shape: image,
    rest: [perChannel(1, 2, 3, 4), perChannel(0, 1, 0, -1)],
    attributes: { num_groups: int(2), epsilon: float(1e-3) },
  },
  {
    op: 'GroupNormalization',
    opset: 18,
    form: 'scale for each group',
    shape: image,
    rest: [perChannel(1, 2), perChannel(0, 1)],
    attributes: { num_groups: int(2) },
  },
  {
    op: 'GridSample',
    opset: 20,
    form: 'linear',
    shape: [1, 1, 3, 3],
    rest: [float32([-0.5, 0.2, 0.9, -1], [1, 1, 2, 2])],
    attributes: { mode: string('linear') },
  },
  { op: 'CastLike', opset: 15, form: 'to an integer', shape: image, rest: [int64([0])] },
  { op: 'Cast', opset: 9, form: 'to the same type', shape: image, attributes: { to: int(1) } },
  { op: 'Cast', opset: 19, form: 'saturating', shape: image, attributes: { to: int(6), saturate: int(1) } },
  { op: 'Identity', opset: 11, form: '', shape: image },
  { op: 'Shape', opset: 15, form: 'a part', shape: image, attributes: { start: int(1), end: int(-1) } },
  { op: 'Size', opset: 11, form: '', shape: image },
];

function graphOf({ op, opset, shape, rest = [], attributes = {}, outputs = 1 }: Row): Graph {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const made = op === 'TopK' ? [...names, 'places'] : names;
  const node: Node = {
    op,
    domain: '',
    name: 'tried',
    inputs: ['x', ...rest.map((tensor, i) => (tensor ? `c${i}` : ''))],
    outputs: made,
    attributes,
  };
  return {
    name: op,
    opset,
    inputs: [{ name: 'x', dtype: 'float32', shape }],
    // The type is left to ONNX Runtime where it is not that of x.
    outputs: names.map((name) => ({ name, dtype: outputType(op, attributes), shape: undefined })),
    nodes: [node],
    initializers: new Map(rest.flatMap((tensor, i) => (tensor ? [[`c${i}`, tensor] as const] : []))),
    metadata: {},
  };
}

function outputType(op: string, attributes: Attributes): Tensor['dtype'] {
  if (op === 'CastLike' || op === 'Shape' || op === 'Size') return 'int64';
  return op === 'Cast' && attributes.to?.value === 6 ? 'int32' : 'float32';
}

async function run(graph: Graph, x: Tensor): Promise<Record<string, Tensor>> {
  const session = await createSession(graph, { threads: 1 });
  try {
    return await session.run({ x });
  } finally {
    await session.release();
  }
}

const compileRow = (row: Row): Graph => compile(graphOf(row));

describe('a node of another operator set computes what ONNX Runtime computes of it', () => {
  const random = new Random(7);
  it.each(ROWS)('$op-$opset $form', async (row) => {
    const graph = graphOf(row);
    const x = float32(
      Array.from({ length: sizeOf(row.shape) }, () => 3 * random.uniform() - 1.5),
      row.shape,
    );
    const [expected, compiled] = [await run(graph, x), compile(graph)];
    const found = await run(compiled, x);
    expect(compiled.opset).toBe(17);
    for (const { name, shape } of compiled.outputs) {
      const [a, b] = [expected[name] as Tensor, found[name] as Tensor];
      expect(shape).toEqual(a.shape);
      expect({ dtype: b.dtype, shape: b.shape }).toEqual({ dtype: a.dtype, shape: a.shape });
      const numbers = Array.from(a.data, Number);
      expect(Math.max(...numbers.map(Math.abs))).toBeGreaterThan(0);
      Array.from(b.data, Number).forEach((value, i) => {
        expect(value).toBeCloseTo(numbers[i] as number, 5);
      });
    }
  });
});

it('leaves a node the outputs that nobody reads', async () => {
  const graph = graphOf({ op: 'Split', opset: 11, form: '', shape: [4, 2], outputs: 2 });
  const half: Graph = { ...graph, outputs: graph.outputs.slice(1) };
  const x = float32([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
  const compiled = compile(half);
  // ONNX Runtime 1.30 dies (SIGSEGV) of a Split with an unnamed output, so this comes before the run.
  expect(compiled.nodes[0]?.outputs).not.toContain('');
  expect((await run(compiled, x)).y1).toEqual(float32([5, 6, 7, 8], [2, 2]));
});

describe('constants', () => {
  it.each([
    ['value', { value: tensorAttribute(float32([1, 2], [2])) }, [1, 2], 'float32'],
    ['value_float', { value_float: float(1.5) }, [1.5], 'float32'],
    ['value_floats', { value_floats: floats([1.5, 2]) }, [1.5, 2], 'float32'],
    ['value_int', { value_int: int(3) }, [3], 'int64'],
    ['value_ints', { value_ints: ints([3, 4]) }, [3, 4], 'int64'],
  ] as const)('by %s fold away', async (_, attributes, values, dtype) => {
    const graph: Graph = {
      ...graphOf({ op: 'Constant', opset: 13, form: '', shape: [1], attributes }),
      nodes: [{ op: 'Constant', domain: '', name: 'c', inputs: [], outputs: ['y0'], attributes }],
      outputs: [{ name: 'y0', dtype, shape: undefined }],
    };
    const compiled = compile(graph);
    expect(compiled.nodes.map(({ op }) => op)).toEqual(['Identity']);
    const [expected, found] = [await run(graph, float32([0], [1])), await run(compiled, float32([0], [1]))];
    expect(found).toEqual(expected);
    expect(Array.from(found.y0?.data ?? [], Number)).toEqual(values);
  });
});

describe('what operator set 17 cannot say is refused by name', () => {
  it.each<[string, Row, RegExp]>([
    [
      'training',
      { op: 'BatchNormalization', opset: 15, form: '', shape: image, attributes: { training_mode: int(1) } },
      /BatchNormalization .*training/,
    ],
    [
      'smoothing',
      {
        op: 'Resize',
        opset: 18,
        form: '',
        shape: image,
        rest: [undefined, scales(1, 1, 2, 2)],
        attributes: { antialias: int(1) },
      },
      /antialias/,
    ],
    [
      'dilated averages',
      {
        op: 'AveragePool',
        opset: 19,
        form: '',
        shape: image,
        attributes: { kernel_shape: ints([2, 2]), dilations: ints([2, 2]) },
      },
      /dilations/,
    ],
    [
      'strings',
      { op: 'Constant', opset: 13, form: '', shape: image, attributes: { value_string: string('a') } },
      /numbers alone/,
    ],
    ['an operator nobody knows', { op: 'Hologram', opset: 17, form: '', shape: image }, /Hologram .*not known/],
  ])('%s', (_, row, message) => {
    expect(() => compileRow(row)).toThrow(
      expect.objectContaining({ code: 'unsupported-op', message: expect.stringMatching(message) }),
    );
  });

  it('names node, operator and shapes where an axis does not exist', () => {
    const row: Row = { op: 'Softmax', opset: 11, form: '', shape: [2, 3], attributes: { axis: int(5) } };
    expect(() => compileRow(row)).toThrow(/Softmax \(node "tried", inputs \[2,3\]\).*axis 5/);
  });
});

it('keeps the names of nodes', () => {
  const [node] = compileRow({ op: 'ReduceMean', opset: 18, form: '', shape: image }).nodes.slice(-1);
  expect(node?.name).toBe('tried');
});
