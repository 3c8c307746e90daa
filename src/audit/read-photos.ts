import type { FaceSample } from '../data/sample.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';

/** How photos are read. */
export interface ReadPhotosOptions extends JobOptions {
  /** Finds faces in photos that are not aligned yet; opened when the first such photo comes. */
  readonly openPipeline: () => Promise<FacePipeline>;
  /** What a photo must be at least: what it throws is thrown, and leaves none out. */
  readonly require?: (sample: FaceSample, image: Image) => Promise<void>;
  /** Told of each photo that is left out. */
  readonly onRejected?: (sample: FaceSample, reason: string) => void;
}

/** Takes faces out of photos, one after the other. A photo that is broken or without a face is left out and counted; the others go on. */
export async function readPhotos<T>(
  samples: readonly FaceSample[],
  take: (sample: FaceSample, image: Image, openPipeline: () => Promise<FacePipeline>) => Promise<readonly T[]>,
  options: ReadPhotosOptions,
): Promise<{ readonly faces: T[]; readonly rejected: number }> {
  const faces: T[] = [];
  let rejected = 0;
  let pipeline: Promise<FacePipeline> | undefined;
  const openPipeline = (): Promise<FacePipeline> => {
    pipeline ??= options.openPipeline();
    return pipeline;
  };
  for (const [i, sample] of samples.entries()) {
    throwIfAborted(options);
    const leftOut = (error: unknown): undefined => {
      if (!(error instanceof InputError)) throw error;
      rejected++;
      options.onRejected?.(sample, error.message);
    };
    const decoded = await decodeImage(sample.path).catch(leftOut);
    if (decoded) {
      await options.require?.(sample, decoded.image);
      faces.push(...((await take(sample, decoded.image, openPipeline).catch(leftOut)) ?? []));
    }
    options.onProgress?.({ stage: 'reading photos', done: i + 1, total: samples.length });
  }
  return { faces, rejected };
}
