import type { FaceSample } from '../data/sample.ts';
import { CANONICAL_EXTENT } from '../encoder/view.ts';
import { alignmentMatrix } from '../face/alignment.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { InputError } from '../util/errors.ts';
import { type ReadPhotosOptions, readPhotos } from './read-photos.ts';
import type { AuditFace } from './subjects.ts';

/** Width of a face that is cut out of a photo, in pixels: enough for every encoder's view. */
const FACE_PX = 160;

/** How photos become faces. */
export interface LoadFacesOptions extends ReadPhotosOptions {
  /** 'largest': the person's own face is the largest of the photo. 'all': every face is taken, and is a person of its own. Default 'largest'. */
  readonly faces?: 'largest' | 'all';
}

/** Faces along the canonical frame, and how many photos were left out: unreadable, or without a face. */
export interface LoadedFaces {
  readonly faces: AuditFace[];
  readonly rejected: number;
}

/** Cuts the faces out of photos. A broken photo is left out and counted; the others go on. */
export const loadFaces = (samples: readonly FaceSample[], options: LoadFacesOptions): Promise<LoadedFaces> =>
  readPhotos<AuditFace>(
    samples,
    async (sample, image, openPipeline) =>
      sample.aligned
        ? [{ id: sample.id, person: sample.person, image: aligned(sample, image) }]
        : facesOf(sample, image, await openPipeline(), options.faces ?? 'largest'),
    options,
  );

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
