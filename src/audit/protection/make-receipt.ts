import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { Face } from '../../face/face.ts';
import type { Image } from '../../image/image.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { RECEIPT_LIMITS, RECEIPT_SCHEMA, type Receipt, type ReceiptEncoder, type ReceiptFace } from './receipt.ts';
import type { ReferencePhotos } from './reference-photos.ts';
import { type CleanReferences, type RetestOptions, retestFace, type TestEncoder } from './retest.ts';
import { judgeFace, judgePhoto } from './verdict.ts';

/** What a receipt is made of. */
export interface ReceiptParts extends Pick<Receipt, 'kind' | 'faceward' | 'options' | 'input' | 'output' | 'cloak'> {
  /** The photo as it would be published: read back from the file that is written. */
  readonly photo: Image;
  readonly clean: Image | undefined;
  readonly faces: readonly (Pick<ReceiptFace, 'cloak'> & { readonly face: Face })[];
  readonly encoders: readonly TestEncoder[];
  readonly references: ReferencePhotos | undefined;
  /** Whose photo it is, where that is known. */
  readonly person: string | undefined;
}

/** Tests every face of a photo again, and writes down what came of it. */
export async function makeReceipt(parts: ReceiptParts, options: RetestOptions): Promise<Receipt> {
  const { kind, faceward, input, output, cloak, photo, clean, encoders, references, person } = parts;
  const described = encoders.map(describeEncoder);
  const own = references?.of(person, input.sha256) ?? [];
  const owner = await ownerOf(
    clean ?? photo,
    parts.faces.map(({ face }) => face),
    encoders[0]?.encoder,
    own[0],
  );
  const faces: ReceiptFace[] = [];
  for (const { face, cloak: figures } of parts.faces) {
    const isOwner = face === owner;
    // Without a clean photo there is nothing that a bystander could be compared with.
    if (!isOwner && !clean) continue;
    const tests = await retestFace({ photo, clean, face, references: isOwner ? own : [] }, encoders, options);
    faces.push({
      box: face.box,
      person: isOwner ? (person ?? null) : null,
      cloak: figures,
      tests,
      ...judgeFace(tests, described),
    });
  }
  return {
    schema: RECEIPT_SCHEMA,
    kind,
    faceward,
    options: parts.options,
    input,
    output,
    cloak,
    encoders: described,
    faces,
    ...judgePhoto(faces),
    limits: [...RECEIPT_LIMITS],
  };
}

/** An encoder as receipts speak of it. */
export function describeEncoder({ encoder, role, threshold }: TestEncoder): ReceiptEncoder {
  const { id, hash } = encoder;
  if (!threshold) return { id, hash, role, threshold: null };
  const { similarity, fmr, dataset, impostorPairs } = threshold;
  return { id, hash, role, threshold: { similarity, fmr, dataset, impostorPairs } };
}

/** Which of a photo's faces is the person's: the one most like the person's other photos. */
async function ownerOf(
  photo: Image,
  faces: readonly Face[],
  encoder: Encoder | undefined,
  references: CleanReferences | undefined,
): Promise<Face | undefined> {
  if (!encoder || !references || references.own.length === 0) return undefined;
  if (faces.length < 2) return faces[0];
  const embeddings = await encoder.embed(faces.map(({ landmarks }) => alignedFace(photo, landmarks, encoder.view)));
  const likeness = embeddings.map((embedding) =>
    Math.max(...references.own.map((reference) => cosineSimilarityOr(-1, embedding, reference))),
  );
  return faces[likeness.indexOf(Math.max(...likeness))];
}
