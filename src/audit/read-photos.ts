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
    try {
      const { image } = await decodeImage(sample.path);
      faces.push(...(await take(sample, image, openPipeline)));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      rejected++;
      options.onRejected?.(sample, error.message);
    }
    options.onProgress?.({ stage: 'reading photos', done: i + 1, total: samples.length });
  }
  return { faces, rejected };
}
