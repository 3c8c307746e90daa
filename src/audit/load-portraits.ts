import type { FaceSample } from '../data/sample.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import type { FaceView } from '../face/alignment.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { PORTRAIT_PX, portraitView } from '../face/portrait.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { type ReadPhotosOptions, readPhotos } from './read-photos.ts';

/** A portrait of a photo's largest face, and what is known of it. */
export interface LabelledPortrait {
  /** The sample's. */
  readonly id: string;
  readonly person: string;
  /** A picture of {@link portraitView}, or of the view that was asked for. */
  readonly portrait: Image;
  /** The sample's labels by name; empty where it has none. */
  readonly attributes: Readonly<Record<string, boolean>>;
}

export interface LoadPortraitsOptions extends ReadPhotosOptions {
  /** Side of a portrait; default {@link PORTRAIT_PX}. */
  readonly sizePx?: number;
  /** What is cut out instead of a portrait: the view of a reader that looks at something else. */
  readonly view?: FaceView;
}

/** Portraits, and how many photos were left out: unreadable, or without a face. */
export interface LoadedPortraits {
  readonly faces: LabelledPortrait[];
  readonly rejected: number;
}

/**
 * Cuts the portrait of the largest face out of each photo. A broken photo is left out and counted; the others go on.
 *
 * Faces that are aligned already end at the canonical frame: the margin around it is the repeated border.
 */
export function loadPortraits(samples: readonly FaceSample[], options: LoadPortraitsOptions): Promise<LoadedPortraits> {
  const { view = portraitView(options.sizePx ?? PORTRAIT_PX) } = options;
  return readPhotos<LabelledPortrait>(
    samples,
    async (sample, image, openPipeline) => {
      const { id, person, attributes = {} } = sample;
      return [{ id, person, attributes, portrait: await portraitOf(sample, image, { view, openPipeline }) }];
    },
    options,
  );
}

async function portraitOf(
  { path, aligned }: FaceSample,
  image: Image,
  { view, openPipeline }: { readonly view: FaceView; readonly openPipeline: () => Promise<FacePipeline> },
): Promise<Image> {
  if (aligned) return alignedFace(image, 'canonical', view);
  const [face] = await (await openPipeline()).detect(image, { maxFaces: 1 });
  if (!face) throw new InputError(`${path}: no face was found`);
  return alignedFace(image, face.landmarks, view);
}
