import type { Encoder, EncoderView } from '../../encoder/encoder.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Image } from '../../image/image.ts';
import { Random } from '../../util/random.ts';
import type { InputDefence } from './input-defence.ts';

/**
 * An encoder that sees every face through input defences. It is an encoder like any other: its thresholds and its accuracy are its own, and are to be measured.
 *
 * Its graph is that of the encoder behind the defences: whoever attacks by it passes the defences backwards as if they were not there (BPDA, Athalye et al. 2018), and
 * is judged with them.
 *
 * @param options.seed - of random defences; the same faces in the same order are then treated alike.
 */
export function defendEncoder(
  encoder: Encoder,
  defences: readonly InputDefence[],
  options: { readonly seed: number },
): Encoder {
  return new DefendedEncoder(encoder, defences, options.seed);
}

class DefendedEncoder implements Encoder {
  readonly id: string;
  readonly hash: string;
  readonly embeddingSize: number;
  readonly view: EncoderView;
  readonly graph?: Graph;
  readonly #encoder: Encoder;
  readonly #defences: readonly InputDefence[];
  readonly #random: Random;

  constructor(encoder: Encoder, defences: readonly InputDefence[], seed: number) {
    const spec = defences.map((defence) => defence.spec).join('+');
    const isRandom = defences.some((defence) => defence.isRandom);
    this.id = `${encoder.id}+${spec}`;
    this.hash = `${encoder.hash}+${spec}${isRandom ? `#${seed}` : ''}`;
    this.embeddingSize = encoder.embeddingSize;
    this.view = encoder.view;
    if (encoder.graph) this.graph = encoder.graph;
    this.#encoder = encoder;
    this.#defences = defences;
    this.#random = new Random(seed).fork(spec);
  }

  get queries(): number {
    return this.#encoder.queries;
  }

  async embed(faces: readonly Image[]): Promise<Float32Array[]> {
    const treated: Image[] = [];
    for (const face of faces) {
      let image = face;
      for (const defence of this.#defences) image = await defence.apply(image, this.#random);
      treated.push(image);
    }
    return this.#encoder.embed(treated);
  }

  close(): Promise<void> {
    return this.#encoder.close();
  }
}
