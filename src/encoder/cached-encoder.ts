import { createHash } from 'node:crypto';
import type { Image } from '../image/image.ts';
import type { Encoder } from './encoder.ts';
import { wrapEncoder } from './wrapped-encoder.ts';

/** Embeddings of one encoder by the hash of the image ({@link hashImage}). */
export interface EmbeddingStore {
  get(imageHash: string): Promise<Float32Array | undefined>;
  put(imageHash: string, embedding: Float32Array): Promise<void>;
}

/** SHA-256 of an image's size and pixels, in hex. */
export function hashImage(image: Image): string {
  return createHash('sha256').update(`${image.widthPx}x${image.heightPx}\n`).update(image.data).digest('hex');
}

/**
 * Wraps an encoder so that it is asked only for images that the store does not hold, each once; `queries` counts these alone.
 *
 * The store is for this encoder: key it by `encoder.hash`.
 */
export function cachedEncoder(encoder: Encoder, store: EmbeddingStore): Encoder {
  return wrapEncoder(encoder, {
    embed: async (faces) => {
      const hashes = faces.map(hashImage);
      const known = new Map<string, Float32Array>();
      const missing = new Map<string, Image>();
      for (const [i, face] of faces.entries()) {
        const hash = hashes[i] ?? '';
        if (known.has(hash) || missing.has(hash)) continue;
        const found = await store.get(hash);
        // An entry of another size is of no use: it is asked for again and written over.
        if (found?.length === encoder.embeddingSize) known.set(hash, found);
        else missing.set(hash, face);
      }
      const embeddings = missing.size > 0 ? await encoder.embed([...missing.values()]) : [];
      for (const [i, hash] of [...missing.keys()].entries()) {
        const embedding = embeddings[i] ?? new Float32Array();
        known.set(hash, embedding);
        await store.put(hash, embedding);
      }
      return hashes.map((hash) => Float32Array.from(known.get(hash) ?? []));
    },
  });
}
