/** A stream of random numbers, and what is drawn by them. */
export abstract class RandomNumbers {
  #spareNormal: number | undefined;

  /** 32 random bits, 0..2^32-1. */
  abstract uint32(): number;

  /** A stream of its own for the part called `name`: adding a part never shifts the numbers of another. */
  abstract fork(name: string): RandomNumbers;

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** Uniform integer in [0, end). */
  integer(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** `count` normals of the given standard deviation. */
  normals(count: number, deviation = 1): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = deviation * this.normal();
    return out;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = out[i] as T;
      out[i] = out[j] as T;
      out[j] = held;
    }
    return out;
  }

  /** `count` different items, in random order; all of them where there are fewer. */
  sample<T>(items: readonly T[], count: number): T[] {
    return this.shuffle(items).slice(0, count);
  }

  /** Forgets the second number of a pair of normals, of which the first was given. */
  protected dropSpare(): void {
    this.#spareNormal = undefined;
  }
}

/**
 * A seeded stream of random numbers. The state is one 32-bit word, so that a checkpoint can carry it.
 *
 * Source: SplitMix32 finaliser over a Weyl sequence (period 2^32); enough for sampling and initialisation, not for cryptography.
 */
export class Random extends RandomNumbers {
  #state: number;

  constructor(seed: number | string) {
    super();
    this.#state = typeof seed === 'number' ? seed >>> 0 : hashString(seed);
  }

  /** The state to hand to {@link Random.restore}; taking it drops a spare normal, so that both streams continue alike. */
  get state(): number {
    this.dropSpare();
    return this.#state;
  }

  static restore(state: number): Random {
    return new Random(state >>> 0);
  }

  override fork(name: string): Random {
    return new Random((hashString(name) ^ Math.imul(this.#state, 0x9e3779b1)) >>> 0);
  }

  override uint32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }
}

/** FNV-1a hash of a string's UTF-16 code units, 32 bits: stable over runs and machines. */
export function hashString(text: string): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return avalanched(hash);
}

/** A 32-bit hash of bytes, as {@link hashString}'s of text. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME);
  return avalanched(hash);
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Short names differ in their high bits too. */
function avalanched(hash: number): number {
  const folded = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (folded ^ (folded >>> 13)) >>> 0;
}
