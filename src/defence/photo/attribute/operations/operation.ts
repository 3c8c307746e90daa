import type { Face } from '../../../../face/face.ts';
import type { Image } from '../../../../image/image.ts';
import type { Random } from '../../../../util/random.ts';

/** How much is done, and with which random numbers. */
export interface OperationOptions {
  /** 0 (nothing) to 1 (as much as still looks like a photograph). */
  readonly amount: number;
  readonly random: Random;
}

/** Why an operation is not done to a face: turned away from the camera, it would not look like a photograph. */
export const REFUSALS = ['turned-away'] as const;

export type Refusal = (typeof REFUSALS)[number];

/** An edit that is drawn on a photo along the mesh of a face, not learnt. */
export interface FaceOperation {
  readonly name: string;
  /** What it does, for a receipt. */
  readonly description: string;
  /** Why it is not to be done to a face; undefined, or absent, where it may. */
  refusal?(face: Face): Refusal | undefined;
  /**
   * Applies it to one face of a photo (in place: copies of large photos cost more than what is drawn), at its own resolution; the rest keeps its bytes. The same for the same seed.
   *
   * @throws ShapeError where the mesh lacks points; InputError where the face's points coincide.
   */
  apply(photo: Image, face: Face, options: OperationOptions): void;
}
