import { alignedFace } from '../../../encoder/aligned-face.ts';
import type { Encoder } from '../../../encoder/encoder.ts';
import { openSimilarityGradient, type SimilarityGradient } from '../../../encoder/similarity-gradient.ts';
import { alignmentMatrix, CANONICAL_VIEW } from '../../../face/alignment.ts';
import type { Face, FivePoints } from '../../../face/face.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import type { AffineMatrix } from '../../../image/warp.ts';
import type { SessionOptions } from '../../../runtime/session.ts';
import { CapabilityError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { addDifference, toPhoto } from './difference.ts';
import { type DissimilarityMeter, MEASURED_PX, openDissimilarityMeter } from './dissimilarity.ts';
import { type CloakTarget, optimiseCloak } from './optimisation.ts';
import { smoothPlanes } from './smoothing.ts';
import type { CloakStrength } from './strength.ts';

/** Side of the aligned face on which a cloak is optimised: what recognisers look at, so that nothing is changed that they cannot see. */
const WORKING_PX = 112;

/** Corrections of the scale with which a difference goes to the photo; the dissimilarity is within a hundredth of the budget after three. */
const CORRECTIONS = 4;

/** What was done to one face. */
export interface CloakedFace {
  readonly face: Face;
  /** Structural dissimilarity reached, of the aligned face. */
  readonly dssim: number;
  /** Largest change of a value, in grey levels. */
  readonly largestChange: number;
  readonly seconds: number;
}

/** A photo with its faces cloaked. */
export interface CloakedPhoto {
  readonly image: Image;
  readonly faces: readonly CloakedFace[];
}

/** Options of {@link Cloak.apply}. */
export interface CloakOptions extends JobOptions {
  readonly strength: CloakStrength;
  readonly random: Random;
}

/** Cloaks faces against an ensemble of encoders. */
export interface Cloak extends AsyncDisposable {
  /**
   * Cloaks faces of a photo, one after the other, at the photo's own resolution.
   *
   * @param faces - as the pipeline finds them.
   * @throws InterruptedError between two steps where the job was asked to stop.
   */
  apply(photo: Image, faces: readonly Face[], options: CloakOptions): Promise<CloakedPhoto>;
}

/**
 * Opens a cloak against these encoders, which it does not close.
 *
 * @throws CapabilityError where an encoder's weights are not at hand.
 */
export async function openCloak(encoders: readonly Encoder[], options: SessionOptions = {}): Promise<Cloak> {
  if (encoders.length === 0) throw new CapabilityError('a cloak needs an encoder to be made against');
  const gradients: SimilarityGradient[] = [];
  for (const encoder of encoders)
    gradients.push(await openSimilarityGradient([encoder], { ...options, sizePx: WORKING_PX, batchSize: 1 }));
  const meter = await openDissimilarityMeter(options);
  return {
    async apply(photo, faces, job) {
      let image = photo;
      const cloaked: CloakedFace[] = [];
      for (const [i, face] of faces.entries()) {
        throwIfAborted(job);
        const startMs = performance.now();
        const targets = await targetsOf(photo, face.landmarks, encoders, gradients);
        const random = job.random.fork(`face ${i}`);
        const result = await cloakFace(image, face.landmarks, targets, meter, { ...job, random });
        image = result.image;
        const { dssim, largestChange } = result;
        cloaked.push({ face, dssim, largestChange, seconds: (performance.now() - startMs) / 1000 });
      }
      return { image, faces: cloaked };
    },
    async [Symbol.asyncDispose]() {
      for (const gradient of gradients) await gradient.close();
      await meter.close();
    },
  };
}

async function targetsOf(
  photo: Image,
  landmarks: FivePoints,
  encoders: readonly Encoder[],
  gradients: readonly SimilarityGradient[],
): Promise<CloakTarget[]> {
  const targets: CloakTarget[] = [];
  for (const [i, encoder] of encoders.entries()) {
    const [reference] = await encoder.embed([alignedFace(photo, landmarks, encoder.view)]);
    const gradient = gradients[i];
    if (reference && gradient) targets.push({ gradient, reference });
  }
  return targets;
}

async function cloakFace(
  photo: Image,
  landmarks: FivePoints,
  targets: readonly CloakTarget[],
  meter: DissimilarityMeter,
  options: CloakOptions,
): Promise<{ readonly image: Image; readonly dssim: number; readonly largestChange: number }> {
  const { strength } = options;
  const cleanFace = alignedFace(photo, landmarks, viewOf(MEASURED_PX));
  const cleanPlanes = toPlanar([cleanFace]);
  const dissimilarityOf = (changed: Image): Promise<number> => meter.between(cleanPlanes, toPlanar([changed]));
  const difference = await optimiseCloak(toPlanar([alignedFace(photo, landmarks, viewOf(WORKING_PX))]), targets, {
    ...options,
    ...strength,
    // On the aligned face, not on the photo, which may be large.
    dissimilarityOf: (candidate) =>
      dissimilarityOf(addDifference(cleanFace, toPhoto(candidate, WORKING_PX, WORKING_TO_MEASURED, cleanFace))),
  });
  const matrix = alignmentMatrix(landmarks, viewOf(WORKING_PX));
  const onPhoto = toPhoto(withoutAliases(difference, matrix), WORKING_PX, matrix, photo);
  let scale = 1;
  let best = { image: photo, dssim: 0 };
  for (let round = 0; round < CORRECTIONS; round++) {
    const image = addDifference(photo, onPhoto, scale);
    const dssim = await dissimilarityOf(alignedFace(image, landmarks, viewOf(MEASURED_PX)));
    if (dssim <= strength.dssim && dssim > best.dssim) best = { image, dssim };
    // It goes with the square of the scale; a hair less, so that rounding does not end above the budget.
    scale *= Math.sqrt((0.995 * strength.dssim) / Math.max(dssim, 1e-9));
  }
  return { ...best, largestChange: largestDifference(photo, best.image) };
}

/** From pixels of the aligned face at the working size to the same at the measured size; pixel centres at whole numbers. */
const WORKING_TO_MEASURED: AffineMatrix = [
  MEASURED_PX / WORKING_PX,
  0,
  (MEASURED_PX / WORKING_PX - 1) / 2,
  0,
  MEASURED_PX / WORKING_PX,
  (MEASURED_PX / WORKING_PX - 1) / 2,
];

const viewOf = (sizePx: number) => ({ ...CANONICAL_VIEW, widthPx: sizePx, heightPx: sizePx });

/** The difference without what a photo that is coarser than the working size cannot show. */
function withoutAliases(difference: Float32Array, [a, , , d]: AffineMatrix): Float32Array {
  const unitPx = Math.hypot(a, d);
  return unitPx >= 1 ? difference : smoothPlanes(difference, WORKING_PX, 0.5 / unitPx);
}

function largestDifference(a: Image, b: Image): number {
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] as number))), 0);
}
