import { type Cipheriv, createCipheriv, createHmac } from 'node:crypto';

/** Keystream that is made at once: 64 KiB. */
const WORDS = 2 ** 14;
const ZEROS = new Uint8Array(4 * WORDS);
const NO_NONCE = new Uint8Array(16);

/** Normal numbers whose sum, halved, is one of {@link CipherStream.normals}. */
const SUMMED = 4;

/**
 * Random numbers by the million that only the holder of a secret can compute; the same for the same secret and label. Unlike those of `random.ts` they are fit for noise that
 * has to cover something.
 *
 * They are the keystream of AES-256 in counter mode, under a key of the label's own: HMAC-SHA-256 of the label by the secret.
 *
 * Cost: 6 ns a uniform number, 80 ns a normal one.
 */
export class CipherStream {
  readonly #cipher: Cipheriv;
  readonly #words = new Uint32Array(WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  #next = WORDS;

  /** @param secret - 32 bytes. */
  constructor(secret: Uint8Array, label: string) {
    const key = createHmac('sha256', secret).update(`aes-256-ctr\n${label}`).digest();
    // A key serves one stream alone, so that every stream may begin at 0.
    this.#cipher = createCipheriv('aes-256-ctr', key, NO_NONCE);
  }

  /** Uniform in [0, 1): a multiple of 2^-53. */
  uniform(): number {
    if (this.#next === WORDS) this.#refill();
    const high = (this.#words[this.#next] as number) >>> 5;
    const low = (this.#words[this.#next + 1] as number) >>> 6;
    this.#next += 2;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * `count` independent standard normal numbers. Each is the sum of four, halved: a logarithm of a double leaves gaps between the values that a single one can have, by which it can be told
   * what noise was added to (Mironov 2012); four leave none that can be searched (Holohan and Braghin 2021, section 5.1, as Opacus' secure mode).
   */
  normals(count: number): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      let a = 0;
      let b = 0;
      for (let n = 0; n < SUMMED; n++) {
        // Box and Muller's pair, in Marsaglia's form: a point of the disc has the direction, and its distance the length.
        let x = 0;
        let y = 0;
        let square = 0;
        while (square === 0 || square >= 1) {
          x = 2 * this.uniform() - 1;
          y = 2 * this.uniform() - 1;
          square = x * x + y * y;
        }
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        a += factor * x;
        b += factor * y;
      }
      out[i] = a / Math.sqrt(SUMMED);
      // Of an odd count the last one falls beyond the end, where it is dropped.
      out[i + 1] = b / Math.sqrt(SUMMED);
    }
    return out;
  }

  #refill(): void {
    this.#bytes.set(this.#cipher.update(ZEROS));
    this.#next = 0;
  }
}
