import { alignmentMatrix, CANONICAL_VIEW } from '../face/alignment.ts';
import type { FivePoints, Point } from '../face/face.ts';
import type { AffineMatrix } from '../image/warp.ts';
import { type LinearWarp, linearWarp } from '../image/warp-adjoint.ts';
import { InputError } from '../util/errors.ts';
import type { Look, SimilarityGradient } from './similarity-gradient.ts';

/** Where a face lies in its photo. */
export interface PhotoPlace {
  /** From pixels of the aligned face, at the gradient's size, to pixels of the photo's region: {@link alignmentInRegion}. */
  readonly matrix: AffineMatrix;
  /** The very list of references that `see` will be given for this face: it tells which face is meant, in whatever subset and order an attack asks. */
  readonly references: readonly Float32Array[];
}

/** The map that cuts the aligned face, sizePx x sizePx, out of a region of its photo. @param corner - the region's upper left pixel in the photo. */
export function alignmentInRegion(landmarks: FivePoints, corner: Point, sizePx: number): AffineMatrix {
  const [a, b, c, d, e, f] = alignmentMatrix(landmarks, { ...CANONICAL_VIEW, widthPx: sizePx, heightPx: sizePx });
  return [a, b, c - corner.x, d, e, f - corner.y];
}

/**
 * A gradient of similarity for faces that lie in their *photos*: each is a square region of a photo, planar [3,P,P], RGB, 0..1, not aligned. `see` aligns it, asks
 * `gradient`, and brings the answer back to the region's pixels by the alignment's transpose. An attack or a cloak takes it like any other gradient, and its perturbation
 * then lives on the photo.
 *
 * Looks are of the aligned face: one resized is so after alignment, and a mask, [P,P], covers the canonical frame. Beyond the region its border is repeated.
 *
 * @param gradient - of aligned faces; `close` closes it.
 * @param regionSizePx - P, the same for all photos.
 * @throws InputError where a matrix is not finite; `see` throws it for references that belong to no place.
 */
export function photoGradient(
  gradient: SimilarityGradient,
  places: readonly PhotoPlace[],
  regionSizePx: number,
): SimilarityGradient {
  const region = { widthPx: regionSizePx, heightPx: regionSizePx };
  const aligned = { widthPx: gradient.sizePx, heightPx: gradient.sizePx, border: 'replicate' } as const;
  const warps = new Map(places.map((place) => [place.references, linearWarp(region, place.matrix, aligned)]));
  const warpOf = (references: readonly Float32Array[]): LinearWarp => {
    const warp = warps.get(references);
    if (!warp) throw new InputError('a face was asked about whose place in its photo is not known');
    return warp;
  };
  return {
    sizePx: regionSizePx,
    get queries() {
      return gradient.queries;
    },
    async see(faces, references, looks = []) {
      const alignments = references.map(warpOf);
      const seen = await gradient.see(
        faces.map((face, i) => (alignments[i] as LinearWarp).apply(face)),
        references,
        looks.map((look) => lookAt(look, regionSizePx, gradient.sizePx)),
      );
      return seen.map((one, i) => ({ ...one, gradient: (alignments[i] as LinearWarp).transpose(one.gradient) }));
    },
    close: () => gradient.close(),
  };
}

/** The look with its mask at the aligned face's size: the nearest value counts, as masks have edges. */
function lookAt(look: Look, fromPx: number, toPx: number): Look {
  const { mask } = look;
  if (!mask || fromPx === toPx) return look;
  const near = (i: number): number => Math.floor(((i + 0.5) * fromPx) / toPx);
  const resized = new Float32Array(toPx ** 2);
  for (let y = 0; y < toPx; y++)
    for (let x = 0; x < toPx; x++) resized[y * toPx + x] = mask[near(y) * fromPx + near(x)] as number;
  return { ...look, mask: resized };
}
