import { LANDMARKS, type Landmarks68 } from '../../../face/landmarks68.ts';
import type { Image } from '../../../image/image.ts';
import { requireImage } from '../../../image/image-shape.ts';
import { sampleColour } from './bilinear.ts';
import { createEyePainter } from './eyes.ts';
import { createFaceMesh, MESH_TRIANGLES } from './face-mesh.ts';
import { createMouthPainter } from './mouth.ts';
import { identityMap, type PhotoMap, writeTriangles } from './piecewise-map.ts';
import { createRetargeter, neutralFrame, type RetargetMode } from './retarget.ts';
import type { Track } from './track.ts';

/** Moves one photo's face. */
export interface Animator {
  /**
   * The photo with its face's landmarks at these places: a new picture of its size; nothing else is allocated. About 1.5 ms of one core for 256x256 px.
   *
   * Whoever writes the picture to a file marks it: `encodeMarked`.
   */
  frame(wanted: Landmarks68): Image;
}

/**
 * Makes an animator: a piecewise-affine warp of the face, which fades out in the hair and the background, with the inside of the mouth and the eyeballs drawn behind lips and lids.
 *
 * The animator holds buffers of the photo's size and is not to be used by two callers at once.
 *
 * @param landmarks - of the face in the photo.
 * @throws InputError where the landmarks are no face, or one that is turned far away; ShapeError where the photo is broken.
 */
export function createAnimator(photo: Image, landmarks: Landmarks68): Animator {
  requireImage(photo);
  const mesh = createFaceMesh(landmarks, photo);
  const map = identityMap(photo.widthPx, photo.heightPx);
  const painters = [createEyePainter(photo, mesh), createMouthPainter(photo, mesh)];
  return {
    frame(wanted) {
      const moved = mesh.place(wanted);
      writeTriangles(map, moved, mesh.photo, MESH_TRIANGLES);
      const out: Image = { ...photo, data: sampleMap(photo, map) };
      for (const paint of painters) paint(out, moved);
      return out;
    },
  };
}

/** Options of {@link animate}. */
export interface AnimateOptions {
  /** Default 'lifted'. */
  readonly mode?: RetargetMode;
  /** The driver's landmarks while its face is as the photo's is. Default: {@link neutralFrame}. */
  readonly reference?: Landmarks68;
}

/**
 * The frames of a photo whose face moves as a track does, one at a time.
 *
 * @throws as {@link createAnimator}.
 */
export function* animate(
  photo: Image,
  landmarks: Landmarks68,
  track: Track,
  { mode = 'lifted', reference = neutralFrame(track) }: AnimateOptions = {},
): Generator<Image, void, void> {
  const animator = createAnimator(photo, landmarks);
  const retarget = createRetargeter(landmarks, reference, mode);
  const wanted = new Float64Array(2 * LANDMARKS);
  for (const driver of track.frames) {
    retarget(driver, wanted);
    yield animator.frame(wanted);
  }
}

/** The photo as the map shows it, bilinear; beyond the photo its border is repeated. */
function sampleMap(photo: Image, map: PhotoMap): Uint8Array {
  const { data, widthPx, heightPx } = photo;
  const out = new Uint8Array(data.length);
  const [lastX, lastY] = [widthPx - 1, heightPx - 1];
  const stride = 3 * widthPx;
  const { x: xs, y: ys } = map;
  for (let i = 0, o = 0; i < xs.length; i++, o += 3) {
    const x = xs[i] as number;
    const y = ys[i] as number;
    if (!(x >= 0 && y >= 0 && x < lastX && y < lastY)) {
      sampleColour(photo, x, y, COLOUR);
      for (let k = 0; k < 3; k++) out[o + k] = (COLOUR[k] as number) + 0.5;
      continue;
    }
    const ix = x | 0;
    const iy = y | 0;
    const fx = x - ix;
    const fy = y - iy;
    const p = iy * stride + 3 * ix;
    if (fx === 0 && fy === 0) {
      // Most of a picture stands still.
      for (let k = 0; k < 3; k++) out[o + k] = data[p + k] as number;
      continue;
    }
    const q = p + stride;
    const lowerRight = fx * fy;
    const lowerLeft = fy - lowerRight;
    const upperRight = fx - lowerRight;
    const upperLeft = 1 - fx - lowerLeft;
    for (let k = 0; k < 3; k++) {
      out[o + k] =
        upperLeft * (data[p + k] as number) +
        upperRight * (data[p + 3 + k] as number) +
        lowerLeft * (data[q + k] as number) +
        lowerRight * (data[q + 3 + k] as number) +
        0.5;
    }
  }
  return out;
}

const COLOUR = new Float64Array(3);
