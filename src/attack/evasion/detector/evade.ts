import { DETECTOR_PX } from '../../../face/detection.ts';
import type { FacePipeline } from '../../../face/pipeline.ts';
import { planWindows, windowMatrix } from '../../../face/search-windows.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { type LinearWarp, linearWarp } from '../../../image/warp-adjoint.ts';
import { InputError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import { type Norm, project, steepestDirection } from '../perturbation.ts';
import { quantisePerturbation, sizeOnPhoto } from './eight-bit.ts';
import type { DetectorGradient } from './gradient.ts';

/** Steps of an attack where nothing else is asked for. */
const STEPS = 30;

/** All steps together, in epsilons. */
const REACH = 3;

/** The smallest face that the pipeline looks for where it is not told. */
const MIN_FACE_PX = 40;

/** The system that is to find no face: the pipeline as it is used, and the gradient of its detector. */
export interface DetectorTarget {
  readonly pipeline: FacePipeline;
  readonly gradient: DetectorGradient;
}

export interface EvadeDetectorOptions extends JobOptions {
  readonly norm: Norm;
  /** Budget on the photo, 0..1 as {@link sizeOfPerturbation} counts it. */
  readonly epsilon: number;
  /** Default 30. */
  readonly steps?: number;
}

/** A photo after an attack on the detector. */
export interface EvadedPhoto {
  /** As a file would hold it, 8 bits. */
  readonly photo: Image;
  /** Whether the pipeline still finds a face. */
  readonly found: boolean;
  /** Of the perturbation, 0..1, as {@link sizeOfPerturbation} counts it. */
  readonly size: number;
}

/**
 * Perturbs a photo within a budget until the whole pipeline finds no face in it: along the gradient of the detector's excess in all its search windows that still see one,
 * brought back to the photo's pixels by the windows' transposes. It ends as soon as the 8-bit photo passes.
 *
 * Source: Kurakin et al. 2017 for the steps; the loss is that of the detections themselves, as in DAG (Xie et al. 2017).
 *
 * Cost: a step is one forward and one backward pass of BlazeFace for each window that sees a face, mostly one.
 *
 * @throws InputError where no face is found in the clean photo, or an option is out of range.
 */
export async function evadeDetector(
  photo: Image,
  target: DetectorTarget,
  options: EvadeDetectorOptions,
): Promise<EvadedPhoto> {
  const { evade } = await openEvasion(photo, target, options);
  return evade(options.epsilon);
}

/**
 * Looks for the smallest budget within which {@link evadeDetector} succeeds: doubled until it does, then bisected, for linf down to a whole grey level and for l2 to a
 * twentieth.
 *
 * @returns undefined where 64 grey levels do not suffice.
 * @throws InputError as {@link evadeDetector}.
 */
export async function smallestDetectorEvasion(
  photo: Image,
  target: DetectorTarget,
  options: Omit<EvadeDetectorOptions, 'epsilon'>,
): Promise<EvadedPhoto | undefined> {
  const { smallest } = await openEvasion(photo, target, options);
  return smallest();
}

/** Attacks on one photo within different budgets; each budget is tried once. */
export interface PhotoEvasion {
  evade(epsilon: number): Promise<EvadedPhoto>;
  smallest(): Promise<EvadedPhoto | undefined>;
}

/** Makes ready for {@link evadeDetector} and {@link smallestDetectorEvasion} on one photo. @throws InputError as they do. */
export async function openEvasion(
  photo: Image,
  target: DetectorTarget,
  options: Omit<EvadeDetectorOptions, 'epsilon'>,
): Promise<PhotoEvasion> {
  const { norm, steps = STEPS } = options;
  if (!Number.isInteger(steps) || steps < 1) throw new InputError(`${steps} steps are no whole number above 0`);
  if ((await target.pipeline.detect(photo)).length === 0) {
    throw new InputError('no face was found in the clean photo, so that there is none to hide');
  }
  const windows = windowsOf(photo);
  const tried = new Map<number, Promise<EvadedPhoto>>();
  const attempt = (levels: number): Promise<EvadedPhoto> => {
    const known = tried.get(levels) ?? perturb(photo, windows, target, { ...options, steps, epsilon: levels / 255 });
    tried.set(levels, known);
    return known;
  };
  return {
    async evade(epsilon) {
      if (!(epsilon > 0 && epsilon <= 1)) throw new InputError(`a budget of ${epsilon} is not above 0 and at most 1`);
      // Budgets are whole levels mostly: what rounding adds to k / 255 * 255 is taken off again.
      return attempt(Number((255 * epsilon).toFixed(9)));
    },
    smallest: () => smallestOf(attempt, norm),
  };
}

async function smallestOf(
  attempt: (levels: number) => Promise<EvadedPhoto>,
  norm: Norm,
): Promise<EvadedPhoto | undefined> {
  const isLinf = norm === 'linf';
  let [low, high] = [0, isLinf ? 1 : 0.25];
  let best = await attempt(high);
  while (best.found && high < LARGEST_LEVELS) {
    [low, high] = [high, 2 * high];
    best = await attempt(high);
  }
  if (best.found) return undefined;
  while (high - low > (isLinf ? 1 : high / 20)) {
    const middle = isLinf ? Math.floor((low + high) / 2) : (low + high) / 2;
    const made = await attempt(middle);
    if (made.found) low = middle;
    else [high, best] = [middle, made];
  }
  return best;
}

/** Grey levels beyond which a perturbation is no perturbation any more. */
const LARGEST_LEVELS = 64;

/** The pipeline's search windows of a photo, as linear maps; the whole photo first. */
function windowsOf(photo: Image): LinearWarp[] {
  const input = { widthPx: DETECTOR_PX, heightPx: DETECTOR_PX };
  return planWindows(photo, MIN_FACE_PX).flatMap(({ windows }) =>
    windows.map((window) => linearWarp(photo, windowMatrix(window, DETECTOR_PX), input)),
  );
}

async function perturb(
  photo: Image,
  windows: readonly LinearWarp[],
  { pipeline, gradient }: DetectorTarget,
  options: EvadeDetectorOptions & { readonly steps: number },
): Promise<EvadedPhoto> {
  const { norm, epsilon, steps } = options;
  const clean = toPlanar([photo]);
  const current = clean.slice();
  // A window matters where it ever showed a face: the photo turned by a quarter shows one still when it is lost upright.
  let watched: readonly LinearWarp[] = [];
  for (let step = 0; step < steps; step++) {
    throwIfAborted(options);
    let seen = await seeWindows(current, watched, gradient);
    if (!seen.along) {
      const made = await look(photo, current, pipeline, options);
      if (!made.found) return made;
      seen = await seeWindows(current, windows, gradient);
      watched = windows.filter((window) => watched.includes(window) || seen.firing.includes(window));
    }
    if (!seen.along) break;
    const direction = steepestDirection(seen.along, norm);
    const length = (REACH * epsilon) / steps;
    for (let i = 0; i < current.length; i++) {
      current[i] = (current[i] as number) - length * (direction[i] as number);
    }
    project(current, clean, epsilon, norm);
    options.onProgress?.({ stage: 'evading the detector', done: step + 1, total: steps });
  }
  return look(photo, current, pipeline, options);
}

/** What the pipeline makes of the perturbed photo in 8 bits. */
async function look(
  photo: Image,
  perturbed: Float32Array,
  pipeline: FacePipeline,
  { epsilon, norm }: EvadeDetectorOptions,
): Promise<EvadedPhoto> {
  const made = quantisePerturbation(photo, perturbed, epsilon, norm);
  return {
    photo: made,
    found: (await pipeline.detect(made)).length > 0,
    size: sizeOnPhoto(made, photo, norm),
  };
}

/** The windows that see a face, and the gradient of the sum of what they see; undefined where none does. */
async function seeWindows(
  pixels: Float32Array,
  windows: readonly LinearWarp[],
  gradient: DetectorGradient,
): Promise<{ readonly firing: readonly LinearWarp[]; readonly along: Float32Array | undefined }> {
  const firing: LinearWarp[] = [];
  let along: Float32Array | undefined;
  for (const window of windows) {
    const seen = await gradient.see(window.apply(pixels));
    if (seen.excess === 0) continue;
    firing.push(window);
    const own = window.transpose(seen.gradient);
    if (along) for (let i = 0; i < own.length; i++) along[i] = (along[i] as number) + (own[i] as number);
    else along = own;
  }
  return { firing, along };
}
