import { CipherStream } from './cipher-stream.ts';
import { RandomNumbers } from './random.ts';

/**
 * Everything that {@link ./random.ts} draws, by a secret: nobody who sees the results and has not the secret can compute the rest. The same secret and label give the same numbers.
 */
export class CipherRandom extends RandomNumbers {
  readonly #secret: Uint8Array;
  readonly #label: string;
  readonly #stream: CipherStream;

  /** @param secret - 32 bytes. */
  constructor(secret: Uint8Array, label: string) {
    super();
    this.#secret = secret;
    this.#label = label;
    this.#stream = new CipherStream(secret, label);
  }

  override fork(name: string): CipherRandom {
    // Lengths, so that no two ways to the same text are one stream.
    return new CipherRandom(this.#secret, `${this.#label}\n${name.length}:${name}`);
  }

  override uint32(): number {
    return Math.floor(this.uniform() * 2 ** 32);
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  override uniform(): number {
    return this.#stream.uniform();
  }

  override normals(count: number, deviation = 1): Float32Array {
    const drawn = this.#stream.normals(count);
    return deviation === 1 ? drawn : drawn.map((value) => deviation * value);
  }
}
