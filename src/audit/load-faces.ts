import type { FaceSample } from '../data/sample.ts';
import { CANONICAL_EXTENT } from '../encoder/view.ts';
import { alignmentMatrix } from '../face/alignment.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import type { AuditFace } from './subjects.ts';

/** Width of a face that is cut out of a photo, in pixels: enough for every encoder's view. */
const FACE_PX = 160;

/** How photos become faces. */
export interface LoadFacesOptions extends JobOptions {
  /** Finds faces in photos that are not aligned yet; opened when the first such photo comes. */
  readonly openPipeline: () => Promise<FacePipeline>;
  /** 'largest': the person's own face is the largest of the photo. 'all': every face is taken, and is a person of its own. Default 'largest'. */
  readonly faces?: 'largest' | 'all';
  /** Told of each photo that is left out. */
  readonly onRejected?: (sample: FaceSample, reason: string) => void;
}

/** Faces along the canonical frame, and how many photos were left out: unreadable, or without a face. */
export interface LoadedFaces {
  readonly faces: AuditFace[];
  readonly rejected: number;
}

/** Cuts the faces out of photos. A broken photo is left out and counted; the others go on. */
export async function loadFaces(samples: readonly FaceSample[], options: LoadFacesOptions): Promise<LoadedFaces> {
  const faces: AuditFace[] = [];
  let rejected = 0;
  let pipeline: FacePipeline | undefined;
  for (const [i, sample] of samples.entries()) {
    throwIfAborted(options);
    try {
      const { image } = await decodeImage(sample.path);
      if (sample.aligned) {
        faces.push({ id: sample.id, person: sample.person, image: aligned(sample, image) });
      } else {
        pipeline ??= await options.openPipeline();
        faces.push(...(await facesOf(sample, image, pipeline, options.faces ?? 'largest')));
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      rejected++;
      options.onRejected?.(sample, error.message);
    }
    options.onProgress?.({ stage: 'reading photos', done: i + 1, total: samples.length });
  }
  return { faces, rejected };
}

async function facesOf(
  sample: FaceSample,
  image: Image,
  pipeline: FacePipeline,
  which: 'largest' | 'all',
): Promise<AuditFace[]> {
  const found = await pipeline.detect(image, which === 'largest' ? { maxFaces: 1 } : {});
  if (found.length === 0) throw new InputError(`${sample.path}: no face was found`);
  const view = {
    box: { x: 0, y: 0, width: CANONICAL_EXTENT, height: CANONICAL_EXTENT },
    widthPx: FACE_PX,
    heightPx: FACE_PX,
  };
  return found.map(({ landmarks, box }, k) => ({
    id: `${sample.id}#${k}`,
    photo: { path: sample.path, box },
    person: which === 'all' ? `${sample.id}, face ${k + 1}` : sample.person,
    image: warpAffine(image, alignmentMatrix(landmarks, view), {
      widthPx: FACE_PX,
      heightPx: FACE_PX,
      border: 'replicate',
    }),
  }));
}

function aligned(sample: FaceSample, image: Image): Image {
  if (image.widthPx !== image.heightPx) {
    throw new InputError(
      `${sample.path}: an aligned face must be square, this is ${image.widthPx}x${image.heightPx} px`,
    );
  }
  return image;
}
