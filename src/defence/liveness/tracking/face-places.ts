/**
 * Points of the 468-point mesh whose patches are followed: places on the rigid part of the face, with texture where a face has any. The list is part of every enrolled shape: a place in it is a
 * point's number, so that it must not be changed without enrolling anew.
 *
 * The mouth, the lids and the chin are left out, because they move by themselves; of the cheeks only what lies near the nose and on the bones is taken.
 */
// biome-ignore format: a part of the face a row
export const TRACKED_MESH_POINTS: readonly number[] = [
  // Forehead.
  10, 151, 9, 8, 109, 338, 108, 337, 69, 299, 67, 297, 104, 333,
  // Temples.
  54, 284, 71, 301,
  // Ends of the brows.
  55, 285, 70, 300, 105, 334,
  // Corners of the eyes.
  33, 263, 133, 362,
  // Bridge and tip of the nose.
  168, 6, 197, 195, 5, 4, 1, 122, 351, 174, 399, 198, 420,
  // Wings and bottom of the nose, philtrum.
  129, 358, 98, 327, 49, 279, 2, 164,
  // Below the eyes and on the cheekbones.
  230, 450, 119, 348, 117, 346, 101, 330, 50, 280, 36, 266,
];
