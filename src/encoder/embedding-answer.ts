import { z } from 'zod';
import { CapabilityError } from '../util/errors.ts';

const vector = z.array(z.number()).min(1);
const one = <T extends z.ZodType>(row: T) => z.array(row).length(1);

/** The forms in which a foreign encoder may answer for one face. */
const answer = z.union([
  vector,
  one(vector),
  z.object({ embedding: vector }),
  z.object({ embeddings: one(vector) }),
  z.object({ data: one(z.object({ embedding: vector })) }),
]);

/**
 * Reads the embedding of one face out of an encoder's JSON: `[..]`, `[[..]]`, `{embedding: [..]}`, `{embeddings: [[..]]}` or `{data: [{embedding: [..]}]}`.
 *
 * The message of an error never holds what was read: it may be an embedding.
 *
 * @param size - numbers expected; undefined where not known yet.
 * @throws CapabilityError where it is none of these, or of another size.
 */
export function parseEmbedding(text: string, from: string, size: number | undefined): Float32Array {
  const parsed = answer.safeParse(parseJson(text, from));
  if (!parsed.success) {
    throw new CapabilityError(`${from} answered with no single embedding`, {
      hint: 'one face, one answer: [0.1, …], {"embedding": […]}, {"embeddings": [[…]]} or {"data": [{"embedding": […]}]}',
    });
  }
  const embedding = Float32Array.from(rowOf(parsed.data));
  if (size !== undefined && embedding.length !== size) {
    throw new CapabilityError(`${from} answered with ${embedding.length} numbers where ${size} were expected`);
  }
  if (!embedding.every(Number.isFinite)) {
    throw new CapabilityError(`${from} answered with numbers beyond float32`);
  }
  return embedding;
}

function parseJson(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CapabilityError(`${from} answered with something that is no JSON (${text.length} characters)`, {
      hint: 'one answer of JSON for each face, and nothing beside it; NaN and Infinity are no JSON',
    });
  }
}

function rowOf(found: z.infer<typeof answer>): readonly number[] {
  if (Array.isArray(found)) return typeof found[0] === 'object' ? found[0] : (found as number[]);
  if ('embedding' in found) return found.embedding;
  if ('embeddings' in found) return found.embeddings[0] ?? [];
  return found.data[0]?.embedding ?? [];
}
