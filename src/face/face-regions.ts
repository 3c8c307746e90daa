import { ShapeError } from '../util/errors.ts';
import type { MeshPoint } from './face.ts';

/** Closed outlines on the 468-point mesh, by index (MediaPipe's face mesh); left and right as seen in the picture. */
export const FACE_OUTLINES = {
  oval: [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
  ],
  lips: [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185],
  mouth: [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191],
  leftEye: [33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7],
  rightEye: [263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249],
  // Along the upper lashes, and back below the brow.
  leftLid: [33, 246, 161, 160, 159, 158, 157, 173, 133, 55, 65, 52, 53, 46],
  rightLid: [263, 466, 388, 387, 386, 385, 384, 398, 362, 285, 295, 282, 283, 276],
  leftBrow: [70, 63, 105, 66, 107, 55, 65, 52, 53, 46],
  rightBrow: [300, 293, 334, 296, 336, 285, 295, 282, 283, 276],
  leftCheek: [117, 118, 119, 101, 36, 205, 187, 123],
  rightCheek: [346, 347, 348, 330, 266, 425, 411, 352],
  // From the left sideburn along the jaw to the right one, and back along the beard's upper edge, over the lip.
  beard: [
    93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 376, 433, 416, 434,
    432, 436, 322, 391, 326, 2, 97, 165, 92, 216, 212, 214, 192, 213, 147,
  ],
} as const;

/** Lines on the mesh that are not closed, from the middle of the face outwards or from above downwards. */
export const FACE_LINES = {
  leftUpperLashes: [133, 173, 157, 158, 159, 160, 161, 246, 33],
  rightUpperLashes: [362, 398, 384, 385, 386, 387, 388, 466, 263],
  leftLowerLid: [133, 155, 154, 153, 145, 144, 163, 7, 33],
  rightLowerLid: [362, 382, 381, 380, 374, 373, 390, 249, 263],
  // The lower edge of the bag below the eye.
  leftBag: [121, 120, 119, 118, 117, 111],
  rightBag: [350, 349, 348, 347, 346, 340],
  // Beside the nostril, then the fold between cheek and lip.
  leftFold: [142, 203, 206, 216, 212],
  rightFold: [371, 423, 426, 436, 432],
  foreheadTop: [103, 67, 109, 10, 338, 297, 332],
  foreheadMiddle: [104, 69, 108, 151, 337, 299, 333],
  foreheadBrows: [105, 66, 107, 9, 336, 296, 334],
} as const;

/** The name of an outline or a line. */
export type FaceOutline = keyof typeof FACE_OUTLINES;
export type FaceLine = keyof typeof FACE_LINES;

/** Points of the mesh in the middle of the cheeks. */
export const CHEEKS = [50, 280] as const;

/** One point of a mesh. @throws ShapeError where it has none of this index. */
export function meshPoint(mesh: readonly MeshPoint[], index: number): MeshPoint {
  const point = mesh[index];
  if (!point) throw new ShapeError(`a mesh of ${mesh.length} points has no point ${index}`);
  return point;
}

/** Points of a mesh by their indices. @throws ShapeError where it lacks one. */
export const meshPoints = (mesh: readonly MeshPoint[], indices: readonly number[]): MeshPoint[] =>
  indices.map((index) => meshPoint(mesh, index));
