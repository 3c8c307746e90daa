import type { Face, Point } from './face.ts';

/** Where a face lies in a part of its photo, or in a resized copy. */
export interface FaceMove {
  /** The part's left and upper edge in the photo, in whole pixels; default 0. */
  readonly left?: number;
  readonly top?: number;
  /** Size of the copy by that of the part; default 1. */
  readonly scale?: number;
}

/** The parts of a face that lie somewhere; with the mesh where it is there. */
type Placed = Pick<Face, 'box' | 'landmarks'> & Partial<Pick<Face, 'mesh'>>;

/** A face as it lies in a part of its photo that was cut out, then resized; pixel centres are at whole numbers. */
export function moveFace<F extends Placed>(face: F, { left = 0, top = 0, scale = 1 }: FaceMove): F {
  const move = <P extends Point>(point: P): P => ({
    ...point,
    x: (point.x - left + 0.5) * scale - 0.5,
    y: (point.y - top + 0.5) * scale - 0.5,
  });
  const { box, landmarks, mesh } = face;
  const [a, b, c, d, e] = landmarks;
  return {
    ...face,
    box: {
      x: (box.x - left) * scale,
      y: (box.y - top) * scale,
      width: box.width * scale,
      height: box.height * scale,
    },
    landmarks: [move(a), move(b), move(c), move(d), move(e)],
    ...(mesh ? { mesh: mesh.map((point) => ({ ...move(point), z: point.z * scale })) } : {}),
  };
}
