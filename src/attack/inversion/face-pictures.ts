import type { Image } from '../../image/image.ts';
import { fromPlanar } from '../../image/tensor.ts';
import { FACE_SIZE_PX } from './inverse-dcgan.ts';

/** Faces as attacks give them, planar [3,128,128], RGB, 0..1, as 8-bit pictures, in order. */
export function facePictures(faces: readonly Float32Array[]): Image[] {
  return faces.flatMap((face) => fromPlanar(face, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }));
}
