import { InputError, ShapeError } from '../util/errors.ts';
import type { MeshPoint, Point } from './face.ts';
import { meshPoint } from './face-regions.ts';

/** Points of {@link Landmarks68}. */
export const LANDMARKS = 68;

/**
 * 68 points of a face, x and y of each in turn (136 numbers), in pixels of their picture; in the order of iBUG's 300-W: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, lips 48-67; left is
 * the left of the picture.
 */
export type Landmarks68 = Float64Array;

/** Points of the 468-point mesh that stand for the 68: a list in common use, evenly spaced along the jaw. */
// biome-ignore format: a group a row
const MESH_INDICES: readonly number[] = [
  127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
  168, 197, 5, 4, 98, 97, 2, 326, 327,
  33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
  61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91,
  78, 81, 13, 311, 308, 402, 14, 178,
];

/**
 * Landmarks of 68 points.
 *
 * @throws ShapeError where there are not 68; InputError where a coordinate is not finite.
 */
export function landmarks68(points: readonly Point[]): Landmarks68 {
  if (points.length !== LANDMARKS) throw new ShapeError(`a face of ${points.length} landmarks, not ${LANDMARKS}`);
  const out = Float64Array.from({ length: 2 * LANDMARKS }, (_, i) => {
    const point = points[i >> 1] as Point;
    return i % 2 === 0 ? point.x : point.y;
  });
  if (!out.every(Number.isFinite)) throw new InputError('a landmark of the face is not a finite number');
  return out;
}

/**
 * The 68 landmarks of a face whose mesh was found; its eyes and lips are truer than those of a 68-point network, and the jaw lies a little within the face's edge.
 *
 * @throws ShapeError where the mesh lacks a point.
 */
export const landmarksOfMesh = (mesh: readonly MeshPoint[]): Landmarks68 =>
  landmarks68(MESH_INDICES.map((index) => meshPoint(mesh, index)));

/** Corners of the eyes, and the pairs of points of upper and lower lid. */
export const EYES = [
  { left: 36, right: 39, upper: [37, 38], lower: [41, 40] },
  { left: 42, right: 45, upper: [43, 44], lower: [47, 46] },
] as const;

/** Corners of the inner lips, and the pairs of points of upper and lower lip. */
export const MOUTH = { left: 60, right: 64, upper: [61, 62, 63], lower: [67, 66, 65] } as const;

type Edges = (typeof EYES)[number] | typeof MOUTH;

/** How far lids or lips are apart: the mean over their pairs, across the line of their corners; below 0 where they cross. Unit: pixels. */
export function openingOf(points: Float64Array, edges: Edges): number {
  let sum = 0;
  for (let i = 0; i < edges.upper.length; i++) sum += gapOf(points, edges, i);
  return sum / edges.upper.length;
}

/** The same of the pair that is widest apart. */
export const widestOf = (points: Float64Array, edges: Edges): number =>
  Math.max(...edges.upper.map((_, i) => gapOf(points, edges, i)));

function gapOf(points: Float64Array, { left, right, upper, lower }: Edges, pair: number): number {
  const x = at(points, 2 * right) - at(points, 2 * left);
  const y = at(points, 2 * right + 1) - at(points, 2 * left + 1);
  const [u, l] = [2 * (upper[pair] as number), 2 * (lower[pair] as number)];
  const across = (at(points, l + 1) - at(points, u + 1)) * x - (at(points, l) - at(points, u)) * y;
  return across / Math.max(1e-9, Math.sqrt(x * x + y * y));
}

const at = (points: Float64Array, i: number): number => points[i] as number;
