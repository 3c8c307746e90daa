import { type CutHead, cutHead } from '../../face/head-cut.ts';
import { mainFace } from '../../face/main-face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Image } from '../../image/image.ts';

/** Side of the heads that presentations are made of. */
const HEAD_PX = 320;

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

/**
 * The people of an audit: of each the photos in which a face looks about at the camera, the first of which is enrolled.
 *
 * @param photos - of each person, whole photos.
 * @returns people with two such photos or more.
 */
export async function livenessPeople(
  photos: ReadonlyMap<string, readonly Image[]>,
  pipeline: FacePipeline,
): Promise<LivenessPerson[]> {
  const people: LivenessPerson[] = [];
  for (const [person, images] of photos) {
    const heads: CutHead[] = [];
    for (const image of images) {
      const face = mainFace(await pipeline.detect(image), image);
      if (face && sideTurn(face.mesh) < MOST_TURN) heads.push(cutHead(image, face, HEAD_PX));
    }
    const [enrolled, first, ...others] = heads;
    if (enrolled && first) people.push({ person, enrolled, others: [first, ...others] });
  }
  return people;
}

const [LEFT_EYE, RIGHT_EYE] = [33, 263];

/** By how much more one eye is away from the camera than the other. */
function sideTurn(mesh: CutHead['face']['mesh']): number {
  const [left, right] = [mesh[LEFT_EYE], mesh[RIGHT_EYE]];
  if (!left || !right) return Number.POSITIVE_INFINITY;
  return Math.abs(right.z - left.z) / Math.hypot(right.x - left.x, right.y - left.y);
}
