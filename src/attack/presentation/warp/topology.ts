/**
 * Triangles of the skin between the 68 landmarks and the 11 points of the forehead, three indices each, clockwise as seen in the picture. The Delaunay triangulation of the mean face
 * with its mouth open, fixed: which points are joined never depends on the photo.
 */
// biome-ignore format: seven triangles a row
export const SKIN_TRIANGLES: readonly number[] = [
  2, 41, 31, 3, 2, 31, 3, 48, 4, 5, 48, 59, 6, 5, 59, 7, 6, 59, 7, 58, 8,
  9, 56, 55, 10, 9, 55, 11, 10, 55, 11, 54, 12, 13, 35, 14, 15, 45, 16, 17, 18, 36,
  17, 36, 0, 18, 17, 68, 18, 37, 36, 18, 68, 69, 19, 18, 69, 19, 37, 18, 20, 19, 71,
  20, 37, 19, 20, 38, 37, 20, 71, 72, 21, 20, 72, 21, 27, 39, 21, 73, 22, 22, 43, 42,
  23, 43, 22, 23, 74, 75, 24, 23, 75, 24, 75, 76, 25, 24, 77, 25, 44, 24, 25, 77, 78,
  26, 25, 78, 26, 45, 25, 26, 78, 16, 27, 21, 22, 27, 22, 42, 27, 28, 39, 28, 27, 42,
  29, 28, 42, 29, 30, 31, 30, 32, 31, 30, 34, 33, 32, 30, 33, 32, 50, 31, 34, 30, 35,
  34, 52, 33, 35, 30, 29, 35, 46, 14, 36, 1, 0, 38, 20, 21, 38, 21, 39, 39, 28, 29,
  40, 29, 31, 40, 39, 29, 41, 1, 36, 41, 2, 1, 41, 40, 31, 44, 23, 24, 44, 43, 23,
  45, 26, 16, 45, 44, 25, 46, 15, 14, 46, 45, 15, 47, 29, 42, 47, 35, 29, 47, 46, 35,
  48, 3, 31, 48, 5, 4, 48, 60, 59, 49, 48, 31, 49, 60, 48, 50, 32, 33, 50, 49, 31,
  51, 50, 33, 51, 62, 50, 52, 34, 35, 52, 51, 33, 52, 53, 63, 52, 62, 51, 53, 35, 54,
  53, 52, 35, 53, 64, 63, 54, 11, 55, 54, 13, 12, 54, 35, 13, 56, 9, 8, 56, 57, 66,
  56, 65, 55, 57, 56, 8, 57, 58, 66, 58, 7, 59, 58, 57, 8, 58, 67, 66, 60, 49, 61,
  60, 67, 59, 61, 49, 50, 62, 52, 63, 62, 61, 50, 64, 53, 54, 64, 54, 55, 65, 56, 66,
  65, 64, 55, 67, 58, 59, 68, 17, 0, 70, 19, 69, 71, 19, 70, 73, 21, 72, 73, 74, 22,
  74, 23, 22, 77, 24, 76,
];

/** Triangles of the open eyes and of the open mouth, which may close to nothing. */
// biome-ignore format: seven triangles a row
export const OPENING_TRIANGLES: readonly number[] = [
  37, 38, 41, 37, 41, 36, 38, 40, 41, 40, 38, 39, 43, 47, 42, 44, 45, 46, 44, 46, 43,
  46, 47, 43, 62, 65, 66, 62, 67, 61, 64, 65, 63, 65, 62, 63, 67, 60, 61, 67, 62, 66,
];

/** The edge of the face, clockwise as seen in the picture: the jaw from the right ear to the left one, then the forehead. */
export const OUTLINE: readonly number[] = [
  ...Array.from({ length: 17 }, (_, i) => 16 - i),
  ...Array.from({ length: 11 }, (_, i) => 68 + i),
];
