import type { Face } from '../../face/face.ts';
import { type CutHead, cutHead } from '../../face/head-cut.ts';
import { mainFace } from '../../face/main-face.ts';
import { meshSideTurn } from '../../face/mesh.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Image } from '../../image/image.ts';

/** Side of the heads that presentations are made of. */
export const HEAD_PX = 320;

/** Somebody whose verification is attacked. */
export interface LivenessPerson {
  readonly person: string;
  /** The photo that was enrolled. Attackers do not have it. */
  readonly enrolled: CutHead;
  /** Other photos: what attackers have, and the skin of the heads that stand for the person. */
  readonly others: readonly [CutHead, ...CutHead[]];
}

/** A photo whose face looks this far to a side, by the mesh's own depth, makes no head and no warp. Share of the distance of the eyes. */
const MOST_TURN = 0.35;

/** Whether a face looks about at the camera. */
export const looksAtCamera = ({ mesh }: Face): boolean => meshSideTurn(mesh) < MOST_TURN;

/** The head of a photo's main face; undefined where there is none that looks about at the camera. */
export async function headOf(photo: Image, pipeline: FacePipeline): Promise<CutHead | undefined> {
  const face = mainFace(await pipeline.detect(photo), photo);
  return face && looksAtCamera(face) ? cutHead(photo, face, HEAD_PX) : undefined;
}

/**
 * A person of an audit, of those photos in which a face looks about at the camera: the first of them is enrolled.
 *
 * @returns undefined where there are fewer than two.
 */
export async function livenessPerson(
  person: string,
  photos: readonly Image[],
  pipeline: FacePipeline,
): Promise<LivenessPerson | undefined> {
  const heads: CutHead[] = [];
  for (const photo of photos) {
    const head = await headOf(photo, pipeline);
    if (head) heads.push(head);
  }
  const [enrolled, first, ...others] = heads;
  return enrolled && first && { person, enrolled, others: [first, ...others] };
}
