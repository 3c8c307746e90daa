import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { alignmentMatrix } from '../../face/alignment.ts';
import type { Face } from '../../face/face.ts';
import { moveFace } from '../../face/moved-face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import { isSameFace } from '../../face/suppression.ts';
import { surroundingsOf } from '../../face/surroundings.ts';
import type { Image } from '../../image/image.ts';
import { cropImage } from '../../image/resize.ts';
import { identificationRanks, type LabelledEmbedding } from '../../metric/identification.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { ReceiptTest } from './receipt.ts';
import { TRANSFORMATIONS, type Transformation } from './transformations.ts';

/** An encoder that a photo is tested on. */
export interface TestEncoder {
  readonly encoder: Encoder;
  readonly role: 'used' | 'held-out';
  /** Undefined where it was never calibrated: then it gives similarities, and no decision. */
  readonly threshold: Threshold | undefined;
}

/** Whom a face is compared with, as one encoder embeds them. */
export interface CleanReferences {
  /** Other clean photos of the person. */
  readonly own: readonly Float32Array[];
  /** People to be told apart from, without the person; empty where no rank is wanted. */
  readonly others: readonly LabelledEmbedding[];
}

/** A face to test, in its photo. */
export interface FaceUnderTest {
  /** The photo as it would be published. */
  readonly photo: Image;
  /** The same before it was changed, of the same size; undefined where it is not at hand. */
  readonly clean: Image | undefined;
  readonly face: Pick<Face, 'box' | 'landmarks'>;
  /** Whom it is compared with, for each of the encoders. */
  readonly references: readonly CleanReferences[];
}

/** What is needed beside the face. */
export interface RetestOptions extends JobOptions {
  readonly pipeline: FacePipeline;
  /** What the photo goes through; default: all of them. */
  readonly transformations?: readonly Transformation[];
}

/** A face as each encoder embeds it after one transformation. */
interface EmbeddedFace {
  readonly faceFound: boolean;
  readonly embeddings: readonly (Float32Array | undefined)[];
}

/**
 * Tests a face on encoders after each transformation: found anew, aligned anew, embedded, and compared with the clean photo, with other clean photos of the person, and with
 * other people.
 *
 * Cost: for each transformation one detection and one question to each encoder; twice that where there is a clean photo to compare with.
 */
export async function retestFace(
  { photo, clean, face, references }: FaceUnderTest,
  encoders: readonly TestEncoder[],
  options: RetestOptions,
): Promise<ReceiptTest[]> {
  const region = surroundingsOf(face.box, photo);
  const placed = moveFace(face, { left: region.x, top: region.y });
  const changedCut = cropImage(photo, region);
  const cleanCut = clean && cropImage(clean, region);
  const [a, , , d] = alignmentMatrix(placed.landmarks);
  const unitPx = Math.hypot(a, d);
  const cleanAsItIs = cleanCut && (await embedFace(cleanCut, placed, 1, encoders, options.pipeline));
  const tests: ReceiptTest[] = [];
  for (const { name, apply } of options.transformations ?? TRANSFORMATIONS) {
    throwIfAborted(options);
    const seenThrough = async (cut: Image): Promise<EmbeddedFace> => {
      const image = await apply(cut, unitPx);
      return embedFace(image, placed, image.widthPx / cut.widthPx, encoders, options.pipeline);
    };
    const after = await seenThrough(changedCut);
    const before = name === 'as-it-is' ? cleanAsItIs : cleanCut && (await seenThrough(cleanCut));
    encoders.forEach((tested, k) => {
      const embedding = after.embeddings[k];
      if (!embedding) return;
      tests.push({
        encoder: tested.encoder.id,
        transformation: name,
        faceFound: after.faceFound,
        ...compared(tested, references[k] ?? { own: [], others: [] }, {
          after: embedding,
          before: before?.embeddings[k],
          samePhoto: cleanAsItIs?.embeddings[k],
        }),
      });
    });
  }
  return tests;
}

function compared(
  { threshold }: TestEncoder,
  { own, others }: CleanReferences,
  face: {
    readonly after: Float32Array;
    readonly before: Float32Array | undefined;
    readonly samePhoto: Float32Array | undefined;
  },
): Omit<ReceiptTest, 'encoder' | 'transformation' | 'faceFound'> {
  const similarities = (probe: Float32Array): number[] => own.map((one) => cosineSimilarityOr(-1, probe, one));
  const summarised = (probe: Float32Array) => {
    const all = similarities(probe);
    return {
      mean: all.reduce((sum, value) => sum + value, 0) / all.length,
      best: Math.max(...all),
      matches: threshold ? all.filter((value) => value >= threshold.similarity).length : null,
    };
  };
  const { after, before, samePhoto } = face;
  const sameSimilarity = samePhoto ? cosineSimilarityOr(-1, after, samePhoto) : null;
  const otherPhotos =
    own.length === 0
      ? null
      : { photos: own.length, before: before ? summarised(before) : null, after: summarised(after) };
  const decides = otherPhotos ? otherPhotos.after.best : sameSimilarity;
  const decidedBefore = otherPhotos?.before?.best;
  return {
    samePhoto: sameSimilarity,
    otherPhotos,
    rank: rankOf(after, before, own, others),
    recognisedBefore: threshold ? recognisedClean(decidedBefore, own, threshold.similarity) : null,
    recognised: threshold && decides !== null ? decides >= threshold.similarity : null,
  };
}

/** Whether the person is recognised in clean photos: in the photo before it was changed, else in the references among each other; null where neither is there. */
function recognisedClean(before: number | undefined, own: readonly Float32Array[], threshold: number): boolean | null {
  if (before !== undefined) return before >= threshold;
  if (own.length < 2) return null;
  return own.some((one, i) => own.slice(i + 1).some((other) => cosineSimilarityOr(-1, one, other) >= threshold));
}

function rankOf(
  after: Float32Array,
  before: Float32Array | undefined,
  own: readonly Float32Array[],
  others: readonly LabelledEmbedding[],
): ReceiptTest['rank'] {
  if (own.length === 0 || others.length === 0) return null;
  // A name that no person of the gallery can have.
  const person = '\0';
  const gallery = [...own.map((embedding) => ({ person, embedding })), ...others];
  const probes = [after, ...(before ? [before] : [])].map((embedding) => ({ person, embedding }));
  const [rankAfter = 1, rankBefore] = identificationRanks(probes, gallery);
  return {
    people: new Set(gallery.map((reference) => reference.person)).size,
    before: rankBefore ?? null,
    after: rankAfter,
  };
}

async function embedFace(
  image: Image,
  face: Pick<Face, 'box' | 'landmarks'>,
  scale: number,
  encoders: readonly TestEncoder[],
  pipeline: FacePipeline,
): Promise<EmbeddedFace> {
  const expected = moveFace(face, { scale });
  const found = (await pipeline.detect(image)).find(({ box }) => isSameFace(box, expected.box));
  const embeddings: (Float32Array | undefined)[] = [];
  for (const { encoder } of encoders) {
    const [embedding] = await encoder.embed([alignedFace(image, (found ?? expected).landmarks, encoder.view)]);
    embeddings.push(embedding);
  }
  return { faceFound: found !== undefined, embeddings };
}
