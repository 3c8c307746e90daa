import type { Face } from '../../../../face/face.ts';
import type { Image } from '../../../../image/image.ts';
import type { Random } from '../../../../util/random.ts';

/** How much is done, and with which random numbers. */
export interface OperationOptions {
  /** 0 (nothing) to 1 (as much as still looks like a photograph). */
  readonly amount: number;
  readonly random: Random;
}

/** An edit that is drawn on a photo along the mesh of a face, not learnt. */
export interface FaceOperation {
  readonly name: string;
  /** What it does, for a receipt. */
  readonly description: string;
  /**
   * Applies it to one face, at the photo's own resolution; the rest of the photo keeps its bytes.
   *
   * @returns a copy, or the photo itself where there is nothing to do. The same for the same seed.
   * @throws ShapeError where the mesh lacks points; InputError where the face's points coincide.
   */
  apply(photo: Image, face: Face, options: OperationOptions): Image;
}
