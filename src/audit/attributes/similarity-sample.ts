import type { Random } from '../../util/random.ts';

/**
 * Similarities as they come, all of them up to a limit, and from there on as many drawn of all with equal chances: however many there are, memory stays bounded.
 *
 * Source: Vitter, Random sampling with a reservoir, ACM TOMS 11 (1985), algorithm R.
 */
export class SimilaritySample {
  readonly #limit: number;
  readonly #random: Random;
  #kept = new Float32Array(1024);
  #seen = 0;

  /** @param limit - similarities at most that are kept, four bytes each. */
  constructor(limit: number, random: Random) {
    this.#limit = limit;
    this.#random = random;
  }

  /** How many came. */
  get seen(): number {
    return this.#seen;
  }

  add(similarity: number): void {
    const at = this.#seen < this.#limit ? this.#seen : this.#random.integer(this.#seen + 1);
    this.#seen++;
    if (at >= this.#limit) return;
    if (at === this.#kept.length) {
      const longer = new Float32Array(Math.min(this.#limit, 2 * at));
      longer.set(this.#kept);
      this.#kept = longer;
    }
    this.#kept[at] = similarity;
  }

  /** Those that were kept, as a view. */
  get similarities(): Float32Array {
    return this.#kept.subarray(0, Math.min(this.#seen, this.#limit));
  }
}
