import type { MeshPoint } from '../../../face/face.ts';
import { meshPoints } from '../../../face/face-regions.ts';
import type { FaceMesh } from '../../../face/mesh.ts';
import type { RestFrame } from '../tracking/face-patches.ts';

/** Outer corners of the eyes. */
const EYES = [33, 263] as const;

/** The frame in which the head is turned least to a side, of those with a face that are asked for; of all with a face where there is none of them; undefined where there is no face at all. */
export function restFrame(
  meshes: readonly (FaceMesh | undefined)[],
  asked: (index: number) => boolean = () => true,
): RestFrame | undefined {
  const found = meshes.flatMap((mesh, index): RestFrame[] => (mesh ? [{ index, mesh: mesh.points }] : []));
  const among = found.filter(({ index }) => asked(index));
  const turns = (among.length > 0 ? among : found).map((frame) => ({ frame, turn: turnOf(frame.mesh) }));
  return turns.toSorted((a, b) => a.turn - b.turn)[0]?.frame;
}

/** By how much more one eye is away from the camera than the other, as a share of their distance. */
function turnOf(mesh: readonly MeshPoint[]): number {
  const [left, right] = meshPoints(mesh, EYES) as [MeshPoint, MeshPoint];
  return Math.abs(right.z - left.z) / Math.hypot(right.x - left.x, right.y - left.y);
}
