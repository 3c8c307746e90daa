import type { FaceSample } from '../data/sample.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import type { Encoder, EncoderView } from '../encoder/encoder.ts';
import { mainFace } from '../face/main-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';

/** Photos decoded side by side, and faces in one question to the encoder. */
const BATCH_SIZE = 32;

/** The face of a sample, cut out along a view. */
export interface SampleFace {
  readonly sample: FaceSample;
  readonly image: Image;
}

/** A photo that gave no face, and why. */
export interface SkippedPhoto {
  readonly sample: FaceSample;
  readonly reason: string;
}

/** How {@link readSampleFaces} finds faces. */
export interface SampleFaceOptions extends JobOptions {
  /** Asked for at the first photo that is not aligned already. */
  readonly openPipeline: () => Promise<FacePipeline>;
  /** Told of each photo that is left out: unreadable, or without a face. The batch goes on. */
  readonly onSkipped?: (photo: SkippedPhoto) => void;
}

/**
 * Reads the main face of each photo, cut out along `view`, in batches: as many as are in memory at once.
 *
 * @throws InterruptedError between two batches where the job was asked to stop.
 */
export async function* readSampleFaces(
  samples: readonly FaceSample[],
  view: EncoderView,
  options: SampleFaceOptions,
): AsyncGenerator<SampleFace[]> {
  for (let first = 0; first < samples.length; first += BATCH_SIZE) {
    throwIfAborted(options);
    const batch = samples.slice(first, first + BATCH_SIZE);
    const read = await Promise.all(batch.map((sample) => readSampleFace(sample, view, options)));
    yield read.filter((face) => face !== undefined);
  }
}

/** Embeddings by the id of their sample, and the photos that gave none. */
export interface EmbeddedSamples {
  readonly embeddings: ReadonlyMap<string, Float32Array>;
  readonly skipped: readonly SkippedPhoto[];
}

/**
 * Embeds the main face of each photo, as the encoder gives it (not normalised).
 *
 * @throws as {@link readSampleFaces}, and what the encoder throws.
 */
export async function embedSamples(
  samples: readonly FaceSample[],
  encoder: Encoder,
  options: SampleFaceOptions,
): Promise<EmbeddedSamples> {
  const embeddings = new Map<string, Float32Array>();
  const skipped: SkippedPhoto[] = [];
  const onSkipped = (photo: SkippedPhoto): void => {
    skipped.push(photo);
    options.onSkipped?.(photo);
  };
  for await (const faces of readSampleFaces(samples, encoder.view, { ...options, onSkipped })) {
    const made = faces.length > 0 ? await encoder.embed(faces.map(({ image }) => image)) : [];
    for (const [i, { sample }] of faces.entries()) {
      const embedding = made[i];
      if (embedding) embeddings.set(sample.id, embedding);
    }
    const done = embeddings.size + skipped.length;
    options.onProgress?.({ stage: `embedding with ${encoder.id}`, done, total: samples.length });
  }
  return { embeddings, skipped };
}

async function readSampleFace(
  sample: FaceSample,
  view: EncoderView,
  options: SampleFaceOptions,
): Promise<SampleFace | undefined> {
  try {
    const { image } = await decodeImage(sample.path);
    if (sample.aligned) return { sample, image: alignedFace(image, 'canonical', view) };
    const pipeline = await options.openPipeline();
    const face = mainFace(await pipeline.detect(image), image);
    if (face) return { sample, image: alignedFace(image, face.landmarks, view) };
    options.onSkipped?.({ sample, reason: `${sample.path}: no face was found` });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    options.onSkipped?.({ sample, reason: error.message });
  }
  return undefined;
}
