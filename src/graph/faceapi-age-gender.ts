import { ModelFileError } from '../util/errors.ts';
import { GraphBuilder, type Value } from './builder.ts';
import { type Graph, withFreeBatch } from './graph.ts';
import { relu } from './ops/activation.ts';
import { add, div, sub } from './ops/arithmetic.ts';
import { conv } from './ops/convolution.ts';
import { slice } from './ops/indexing.ts';
import { gemm } from './ops/matrix.ts';
import { globalAveragePool, maxPool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';
import { float32, type Tensor } from './tensor.ts';

/** Means of the red, green and blue channel that face-api subtracts, 0..255. */
const MEAN = [122.782, 117.001, 104.298] as const;

/** Side of the square crops of a face that the network was trained on. */
export const AGE_GENDER_SIZE_PX = 112;

/** Where TensorFlow's 'same' pads an even extent before a window of three that strides by two: at the end alone. */
const END_PADS = [0, 0, 1, 1] as const;

/**
 * Builds face-api's network for age and sex (a small Xception, 0.4 M weights) from the weights that it ships.
 *
 * Source: face-api's AgeGenderNet and TinyXception; trained by its author on UTKFace, FG-NET, Chalearn, Wiki, IMDB, CACD, MegaAge and MegaAge-Asian.
 *
 * @returns a graph with `input` float32 [N,3,112,112], RGB, 0..255; `male_log_odds` [N,1], and `age` [N,1] in years.
 * @throws ModelFileError where a weight is missing.
 */
export function buildAgeGender(weights: ReadonlyMap<string, Tensor>): Graph {
  const builder = new GraphBuilder('age_gender');
  const network = new Xception(builder, weights);
  const input = builder.input('input', [1, 3, AGE_GENDER_SIZE_PX, AGE_GENDER_SIZE_PX]);
  const centred = div(sub(input, builder.constant(float32([...MEAN], [1, 3, 1, 1]), 'mean')), 255);
  let x = relu(network.convolve(centred, 'entry_flow/conv_in', END_PADS));
  x = network.shrink(x, x, 'entry_flow/reduction_block_0');
  x = network.shrink(x, relu(x), 'entry_flow/reduction_block_1');
  for (const name of ['middle_flow/main_block_0', 'middle_flow/main_block_1']) x = network.refine(x, name);
  x = network.shrink(x, relu(x), 'exit_flow/reduction_block');
  x = relu(network.separable(x, 'exit_flow/separable_conv'));
  const features = flatten(globalAveragePool(x));
  const sexes = network.connect(features, 'fc/gender');
  const of = (index: number): Value => slice(sexes, { starts: [index], ends: [index + 1], axes: [1] });
  builder.output('male_log_odds', sub(of(0), of(1)));
  builder.output('age', network.connect(features, 'fc/age'));
  return withFreeBatch(builder.build());
}

/** The layers by face-api's names. */
class Xception {
  readonly #builder: GraphBuilder;
  readonly #weights: ReadonlyMap<string, Tensor>;

  constructor(builder: GraphBuilder, weights: ReadonlyMap<string, Tensor>) {
    this.#builder = builder;
    this.#weights = weights;
  }

  /** A convolution that strides by two; `pads` as {@link conv} has them. */
  convolve(x: Value, name: string, pads: readonly [number, number, number, number]): Value {
    return conv(x, this.#kernel(`${name}/filters`), { bias: this.#vector(`${name}/bias`), strides: [2, 2], pads });
  }

  /** A 3x3 convolution of each channel by itself, and one of 1x1 over all. */
  separable(x: Value, name: string): Value {
    const { shape, data } = this.#weight(`${name}/depthwise_filter`);
    const [height = 0, width = 0, channels = 0] = shape;
    const depthwise = this.#builder.constant(
      float32(outermostLast(data, height * width, channels, 1), [channels, 1, height, width]),
      `${name}/depthwise`,
    );
    const each = conv(x, depthwise, { groups: channels, pads: [1, 1, 1, 1] });
    return conv(each, this.#kernel(`${name}/pointwise_filter`), { bias: this.#vector(`${name}/bias`) });
  }

  /** Halves the extent: two separable convolutions from `inner` and a pool, beside a convolution of `x`. */
  shrink(x: Value, inner: Value, name: string): Value {
    const first = this.separable(inner, `${name}/separable_conv0`);
    const second = this.separable(relu(first), `${name}/separable_conv1`);
    const pooled = maxPool(second, [3, 3], { strides: [2, 2], pads: END_PADS });
    return add(pooled, this.convolve(x, `${name}/expansion_conv`, [0, 0, 0, 0]));
  }

  /** Three separable convolutions beside a shortcut. */
  refine(x: Value, name: string): Value {
    const inner = [0, 1, 2].reduce((value, i) => this.separable(relu(value), `${name}/separable_conv${i}`), x);
    return add(inner, x);
  }

  connect(x: Value, name: string): Value {
    const weight = this.#builder.constant(this.#weight(`${name}/weights`), `${name}/weights`);
    return gemm(x, weight, { bias: this.#vector(`${name}/bias`) });
  }

  /** [H,W,I,O] as tfjs keeps it -> [O,I,H,W]. */
  #kernel(name: string): Value {
    const { shape, data } = this.#weight(name);
    const [height = 0, width = 0, inputs = 0, outputs = 0] = shape;
    const kernel = outermostLast(data, height * width, inputs, outputs);
    return this.#builder.constant(float32(kernel, [outputs, inputs, height, width]), name);
  }

  #vector(name: string): Value {
    return this.#builder.constant(this.#weight(name), name);
  }

  #weight(name: string): Tensor {
    const tensor = this.#weights.get(name);
    if (!tensor) throw new ModelFileError(`the model of age and sex has no weights "${name}"`);
    return tensor;
  }
}

/** [area,inputs,outputs] -> [outputs,inputs,area]. */
function outermostLast(data: Tensor['data'], area: number, inputs: number, outputs: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let p = 0; p < area; p++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) out[(o * inputs + i) * area + p] = Number(data[(p * inputs + i) * outputs + o]);
    }
  }
  return out;
}
