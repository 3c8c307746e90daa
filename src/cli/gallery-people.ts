import type { ReferencePhotos } from '../audit/protection/reference-photos.ts';
import type { TestEncoder } from '../audit/protection/retest.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import type { Face } from '../face/face.ts';
import type { Image } from '../image/image.ts';
import { cosineSimilarityOr } from '../metric/similarity.ts';

/** Tells whose faces a photo shows. */
export type Recognise = (photo: Image, faces: readonly Face[]) => Promise<readonly (string | undefined)[]>;

/**
 * Recognises people of a gallery by the first of these encoders that has a threshold, at it; nobody is in a photo twice, and a face like nobody's is nobody's.
 *
 * @param references - embedded by all of these encoders, in their order.
 */
export function recogniser(references: ReferencePhotos | undefined, encoders: readonly TestEncoder[]): Recognise {
  const at = encoders.findIndex(({ threshold }) => threshold !== undefined);
  const { encoder, threshold } = encoders[at] ?? {};
  if (!references || !encoder || !threshold) return async (_, faces) => faces.map(() => undefined);
  const people = [...references.people].map((person) => ({ person, own: references.of(person, '')[at]?.own ?? [] }));
  return async (photo, faces) => {
    const embeddings = await encoder.embed(faces.map(({ landmarks }) => alignedFace(photo, landmarks, encoder.view)));
    const matches = embeddings
      .flatMap((embedding, face) =>
        people.map(({ person, own }) => ({
          face,
          person,
          similarity: Math.max(-1, ...own.map((one) => cosineSimilarityOr(-1, embedding, one))),
        })),
      )
      .filter(({ similarity }) => similarity >= threshold.similarity)
      .sort((a, b) => b.similarity - a.similarity);
    const found: (string | undefined)[] = faces.map(() => undefined);
    for (const { face, person } of matches) {
      if (found[face] === undefined && !found.includes(person)) found[face] = person;
    }
    return found;
  };
}
