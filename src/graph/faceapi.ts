import { ModelFileError } from '../util/errors.ts';
import { type Graph, int, ints } from './graph.ts';
import { NodeList } from './node-list.ts';
import { float32, int64, type Tensor } from './tensor.ts';

/** Means of the red, green and blue channel that dlib subtracts, 0..255. */
const DLIB_MEAN = [122.782, 117.001, 104.298] as const;

/** Side of the face chips that the network was trained on. */
export const DLIB_SIZE_PX = 150;

/** Residual blocks in order; 'down' halves the image, and the channels double where the network does so. */
const BLOCKS = [
  ['conv32_1', 'same'],
  ['conv32_2', 'same'],
  ['conv32_3', 'same'],
  ['conv64_down', 'down'],
  ['conv64_1', 'same'],
  ['conv64_2', 'same'],
  ['conv64_3', 'same'],
  ['conv128_down', 'down'],
  ['conv128_1', 'same'],
  ['conv128_2', 'same'],
  ['conv256_down', 'down'],
  ['conv256_1', 'same'],
  ['conv256_2', 'same'],
  ['conv256_down_out', 'down'],
] as const;

/** An image on its way through the network, and its extent. */
interface Feature {
  readonly name: string;
  readonly channels: number;
  readonly sizePx: number;
}

/**
 * Builds dlib's face recognition network (ResNet-29, 128 numbers) from the weights that face-api ships.
 *
 * Source: face-api's faceRecognitionNet; the affine layer behind each convolution is folded into it.
 *
 * @returns a graph with `input` float32 [N,3,150,150], RGB, 0..255, and `embedding` float32 [N,128].
 * @throws ModelFileError where a weight is missing.
 */
export function buildDlibRecognition(weights: ReadonlyMap<string, Tensor>): Graph {
  const network = new Network(weights);
  const centred = network.centre('input');
  const first = network.convolve({ name: centred, channels: 3, sizePx: DLIB_SIZE_PX }, 'conv32_down', 'down');
  let feature = network.pool(network.relu(first), 'MaxPool', 3);
  for (const [name, kind] of BLOCKS) feature = network.block(feature, name, kind);
  network.embed(feature);
  return network.list.build({
    name: 'dlib',
    inputs: [{ name: 'input', dtype: 'float32', shape: ['N', 3, DLIB_SIZE_PX, DLIB_SIZE_PX] }],
    outputs: [{ name: 'embedding', dtype: 'float32', shape: ['N', 128] }],
  });
}

class Network {
  readonly list = new NodeList();
  readonly #weights: ReadonlyMap<string, Tensor>;

  constructor(weights: ReadonlyMap<string, Tensor>) {
    this.#weights = weights;
  }

  /** (x - mean) / 255. */
  centre(input: string): string {
    const mean = this.list.constant('mean', float32([...DLIB_MEAN], [1, 3, 1, 1]));
    const range = this.list.constant('range', float32([255], []));
    return this.list.add('Div', 'centred', [this.list.add('Sub', 'shifted', [input, mean]), range]);
  }

  /** A convolution and the affine layer behind it: 'down' strides by 2 without padding, 'same' keeps the size. */
  convolve(from: Feature, layer: string, kind: 'down' | 'same'): Feature {
    const filters = this.#weight(`${layer}/conv/filters`);
    const [kernel = 0, , channelsIn = 0, channels = 0] = filters.shape;
    const bias = this.#weight(`${layer}/conv/bias`).data;
    const gain = this.#weight(`${layer}/scale/weights`).data;
    const offset = this.#weight(`${layer}/scale/biases`).data;
    const weight = new Float32Array(filters.data.length);
    const area = kernel * kernel;
    for (let p = 0; p < area; p++) {
      for (let i = 0; i < channelsIn; i++) {
        for (let o = 0; o < channels; o++) {
          const value = Number(filters.data[(p * channelsIn + i) * channels + o]);
          weight[(o * channelsIn + i) * area + p] = value * Number(gain[o]);
        }
      }
    }
    const shift = Float32Array.from(
      { length: channels },
      (_, o) => Number(bias[o]) * Number(gain[o]) + Number(offset[o]),
    );
    const pad = kind === 'down' ? 0 : (kernel - 1) / 2;
    const stride = kind === 'down' ? 2 : 1;
    const name = this.list.add(
      'Conv',
      layer,
      [
        from.name,
        this.list.constant(`${layer}/weight`, float32(weight, [channels, channelsIn, kernel, kernel])),
        this.list.constant(`${layer}/bias`, float32(shift, [channels])),
      ],
      { kernel_shape: ints([kernel, kernel]), strides: ints([stride, stride]), pads: ints([pad, pad, pad, pad]) },
    );
    return { name, channels, sizePx: Math.floor((from.sizePx + 2 * pad - kernel) / stride) + 1 };
  }

  relu(from: Feature): Feature {
    return { ...from, name: this.list.add('Relu', `${from.name}/relu`, [from.name]) };
  }

  /** A pool that strides by 2 without padding. */
  pool(from: Feature, op: 'MaxPool' | 'AveragePool', kernel: number): Feature {
    const attributes = { kernel_shape: ints([kernel, kernel]), strides: ints([2, 2]) };
    const name = this.list.add(op, `${from.name}/pool`, [from.name], attributes);
    return { name, channels: from.channels, sizePx: Math.floor((from.sizePx - kernel) / 2) + 1 };
  }

  /** Two convolutions beside a shortcut; where a side is smaller, or has fewer channels, zeros fill it up. */
  block(from: Feature, name: string, kind: 'down' | 'same'): Feature {
    const inner = this.convolve(this.relu(this.convolve(from, `${name}/conv1`, kind)), `${name}/conv2`, 'same');
    const shortcut = kind === 'down' ? this.pool(from, 'AveragePool', 2) : from;
    const channels = Math.max(inner.channels, shortcut.channels);
    const sizePx = Math.max(inner.sizePx, shortcut.sizePx);
    const sides = [this.#filled(shortcut, channels, sizePx), this.#filled(inner, channels, sizePx)];
    return this.relu({ name: this.list.add('Add', name, sides), channels, sizePx });
  }

  /** The mean of each channel, times the last matrix. */
  embed(from: Feature): void {
    const mean = this.list.add('ReduceMean', 'mean_of_channels', [from.name], { axes: ints([2, 3]), keepdims: int(0) });
    const matrix = this.#weight('fc');
    this.list.add('MatMul', 'embedding', [mean, this.list.constant('fc', matrix)]);
  }

  #filled(from: Feature, channels: number, sizePx: number): string {
    const more = [0, channels - from.channels, sizePx - from.sizePx, sizePx - from.sizePx];
    if (more.every((extent) => extent === 0)) return from.name;
    const pads = this.list.constant(`${from.name}/pads`, int64([0, 0, 0, 0, ...more]));
    return this.list.add('Pad', `${from.name}/filled`, [from.name, pads]);
  }

  #weight(name: string): Tensor {
    const tensor = this.#weights.get(name);
    if (!tensor) throw new ModelFileError(`the face recognition model has no weights "${name}"`);
    return tensor;
  }
}
