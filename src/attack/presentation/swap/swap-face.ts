import { alignedFace } from '../../../encoder/aligned-face.ts';
import { alignmentMatrix, invertAffine } from '../../../face/alignment.ts';
import type { Face } from '../../../face/face.ts';
import { type Landmarks68, landmarksOfMesh } from '../../../face/landmarks68.ts';
import { type Clip, requireClip } from '../../../image/frames/clip.ts';
import type { Image } from '../../../image/image.ts';
import { fromPlanar, toPlanar } from '../../../image/tensor.ts';
import type { AffineMatrix } from '../../../image/warp.ts';
import { ModelFileError, ShapeError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import { type ColourStatistics, colourStatistics, matchColours } from './colour-match.ts';
import { pasteFace } from './paste.ts';
import type { Swap } from './swap.ts';
import { mapLandmarks, skinMask } from './swap-mask.ts';

/** The parts of a face that a swap needs. */
export type SwappedFace = Pick<Face, 'landmarks' | 'mesh'>;

/** How {@link swapClip} works. */
export interface SwapClipOptions extends JobOptions {
  /** Over how long masks and colours are smoothed: after this time a third of what was is left. Default 150; 0: not at all. */
  readonly smoothingMs?: number;
}

const SMOOTHING_MS = 150;

/**
 * Puts the donor's face upon a photo's: with the photo's expression, pose and light as far as the swap has learnt them, in the colours of the photo's skin.
 *
 * What lies before the face (a hand, glasses that the donor does not wear) is covered. The picture that comes back bears no mark: whoever writes it does so by `encodeMarked`.
 *
 * @returns a copy, or the photo itself where none of the face is in it.
 * @throws InputError where the face's points coincide; ShapeError where its mesh lacks a point.
 */
export async function swapFace(photo: Image, face: SwappedFace, swap: Swap): Promise<Image> {
  const made = await makeFace(photo, face, swap);
  return wearFace(photo, made, made.look, swap);
}

/**
 * {@link swapFace} in every frame of a clip. The mask's outline, as it lies in the aligned face, and the colours of the skin that is matched are smoothed over time, so that neither
 * flickers; where the face is lost the smoothing begins anew. So the face is late by that time where the light changes all at once.
 *
 * @param faces - of each frame the face to cover; a frame without one stays as it is.
 * @returns a clip without a mark: it is written by `writeMarkedClip` alone.
 * @throws InputError for a clip without frames; ShapeError where there are not as many faces as frames; InterruptedError; and as {@link swapFace}.
 */
export async function swapClip(
  clip: Clip,
  faces: readonly (SwappedFace | undefined)[],
  swap: Swap,
  options: SwapClipOptions = {},
): Promise<Clip> {
  requireClip(clip);
  const { frames, framesPerSecond } = clip;
  if (faces.length !== frames.length)
    throw new ShapeError(`${faces.length} faces for ${frames.length} frames`, { hint: 'give one, or none, a frame' });
  const { smoothingMs = SMOOTHING_MS } = options;
  const keep = smoothingMs > 0 ? Math.exp(-1000 / framesPerSecond / smoothingMs) : 0;
  const swapped: Image[] = [];
  let before: Look | undefined;
  for (const [i, frame] of frames.entries()) {
    throwIfAborted(options);
    const face = faces[i];
    if (face) {
      const made = await makeFace(frame, face, swap);
      before = before ? blendLooks(before, made.look, keep) : made.look;
      swapped.push(wearFace(frame, made, before, swap));
    } else {
      before = undefined;
      swapped.push(frame);
    }
    options.onProgress?.({ stage: 'swapping faces', done: i + 1, total: frames.length });
  }
  return { framesPerSecond, frames: swapped };
}

/** What is smoothed over time: landmarks in pixels of the view, and how the colours of the photo's own skin are spread. */
interface Look {
  readonly landmarks: Landmarks68;
  readonly skin: ColourStatistics | undefined;
}

interface FaceInPlace {
  readonly picture: Image;
  /** Of the made face's own skin, each frame's by itself: so the flicker of what is made goes. */
  readonly colours: ColourStatistics | undefined;
  readonly toPhoto: AffineMatrix;
  readonly look: Look;
}

async function makeFace(photo: Image, face: SwappedFace, swap: Swap): Promise<FaceInPlace> {
  const { view } = swap;
  const toPhoto = alignmentMatrix(face.landmarks, view);
  const landmarks = mapLandmarks(landmarksOfMesh(face.mesh), invertAffine(toPhoto));
  const crop = alignedFace(photo, face.landmarks, view);
  const [planar] = await swap.render([toPlanar([crop])], 'donor');
  const [picture] = planar ? fromPlanar(planar, view) : [];
  if (!picture) throw new ModelFileError('the swap gave no face');
  const skin = skinMask(landmarks, view).data;
  const look = { landmarks, skin: colourStatistics(crop, skin) };
  return { picture, colours: colourStatistics(picture, skin), toPhoto, look };
}

function wearFace(photo: Image, { picture, colours, toPhoto }: FaceInPlace, look: Look, { view }: Swap): Image {
  const matched = colours && look.skin ? matchColours(picture, colours, look.skin) : picture;
  return pasteFace(photo, { picture: matched, view, toPhoto, landmarks: look.landmarks });
}

/** keep * before + (1 - keep) * now. */
function blendLooks(before: Look, now: Look, keep: number): Look {
  const blend = (old: Float64Array, own: Float64Array): Float64Array =>
    own.map((value, i) => keep * (old[i] as number) + (1 - keep) * value);
  const [old, own] = [before.skin, now.skin];
  return {
    landmarks: blend(before.landmarks, now.landmarks),
    skin: old && own ? { mean: blend(old.mean, own.mean), deviation: blend(old.deviation, own.deviation) } : own,
  };
}
