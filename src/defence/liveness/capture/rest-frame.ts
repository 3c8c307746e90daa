import { type FaceMesh, meshSideTurn } from '../../../face/mesh.ts';
import type { RestFrame } from '../tracking/face-patches.ts';

/** The frame in which the head is turned least to a side, of those with a face that are asked for; of all with a face where there is none of them; undefined where there is no face at all. */
export function restFrame(
  meshes: readonly (FaceMesh | undefined)[],
  asked: (index: number) => boolean = () => true,
): RestFrame | undefined {
  const found = meshes.flatMap((mesh, index): RestFrame[] => (mesh ? [{ index, mesh: mesh.points }] : []));
  const among = found.filter(({ index }) => asked(index));
  const turns = (among.length > 0 ? among : found).map((frame) => ({ frame, turn: meshSideTurn(frame.mesh) }));
  return turns.toSorted((a, b) => a.turn - b.turn)[0]?.frame;
}
