import type { Look, SimilarityGradient } from '../../../encoder/similarity-gradient.ts';
import { CANONICAL_EXTENT } from '../../../encoder/view.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { smoothPlanes } from './smoothing.ts';
import { changeAllowance, structuralTolerance } from './visibility.ts';

/** An encoder that a cloak is made against. */
export interface CloakTarget {
  /** Of this encoder alone. */
  readonly gradient: SimilarityGradient;
  /** The embedding that the face is pushed away from: that of the clean face. */
  readonly reference: Float32Array;
}

/** What {@link optimiseCloak} keeps to. */
export interface CloakOptimisation extends JobOptions {
  readonly steps: number;
  /** Budget of structural dissimilarity. */
  readonly dssim: number;
  /** Structural dissimilarity of the face with a difference, planar [3,S,S], added. */
  readonly dissimilarityOf: (difference: Float32Array) => Promise<number>;
  readonly random: Random;
}

/** Of a budget of 0.007, in grey levels: root mean square of a step, and the most that textured pixels change. Both grow with the root of the budget, as changes do. */
const AT_USUAL_BUDGET = { dssim: 0.007, step: 0.25 / 255, most: 20 / 255 } as const;

/** A face is looked at shrunk to between this share of its extent and all of it. */
const LEAST_SHARE = 0.8;

/** Steps between two looks at the budget: each costs about as much as a quarter of a step. */
const BUDGET_INTERVAL = 5;

/** What is smooth over SSIM's window, seen at the working size. */
const SMOOTH_DEVIATION_PX = 1;

/**
 * Looks for the change of an aligned face that takes it furthest from its own embedding, on all encoders at once, within a budget of visibility.
 *
 * Each step sees the face otherwise (shifted, shrunk, blurred, with noise), so that the change withstands compression and other encoders; it goes along the gradient
 * weighed by what SSIM lets pass, because that is the steepest way for the budget, and by what texture hides. The gradients of the encoders count alike, each by its
 * direction; no momentum is kept, with which less carries over to other encoders (docs/results/cloak.md). The start is random: at the clean face itself the gradient of
 * its similarity to itself is zero.
 *
 * @param face - planar [3,S,S], RGB, 0..1, filling the canonical frame; S is the gradients' size.
 * @returns the difference, planar [3,S,S], which keeps the face in 0..1.
 */
export async function optimiseCloak(
  face: Float32Array,
  targets: readonly CloakTarget[],
  options: CloakOptimisation,
): Promise<Float32Array> {
  const { steps, dssim, random } = options;
  const sizePx = Math.round(Math.sqrt(face.length / 3));
  const plane = sizePx ** 2;
  const growth = Math.sqrt(dssim / AT_USUAL_BUDGET.dssim);
  const allowance = changeAllowance(face, sizePx);
  const mostOf = (i: number): number => growth * AT_USUAL_BUDGET.most * (allowance[i % plane] as number);
  const tolerance = structuralTolerance(face, sizePx);
  const difference = random.fork('start').normals(face.length, growth * AT_USUAL_BUDGET.step);
  keepInside(difference, face, mostOf);
  for (let step = 0; step < steps; step++) {
    throwIfAborted(options);
    const gradient = await gradientOf(face, difference, targets, random.fork(`look ${step}`));
    const direction = steepest(gradient, tolerance, allowance, sizePx);
    const length = growth * AT_USUAL_BUDGET.step;
    for (let i = 0; i < difference.length; i++)
      difference[i] = (difference[i] as number) - length * (direction[i] as number);
    keepInside(difference, face, mostOf);
    if (step % BUDGET_INTERVAL === BUDGET_INTERVAL - 1) {
      const spent = await options.dissimilarityOf(difference);
      // For small changes the dissimilarity goes with their square.
      const shrink = Math.min(1, Math.sqrt(dssim / spent));
      for (let i = 0; i < difference.length; i++) difference[i] = (difference[i] as number) * shrink;
    }
    options.onProgress?.({ stage: 'cloaking a face', done: step + 1, total: steps });
  }
  return difference;
}

/** How the encoders' similarities rise, summed by direction, as one random look sees the face. */
async function gradientOf(
  face: Float32Array,
  difference: Float32Array,
  targets: readonly CloakTarget[],
  random: Random,
): Promise<Float32Array> {
  const sizePx = Math.round(Math.sqrt(face.length / 3));
  const view = lookThrough(face, difference, sizePx, random);
  const total = new Float32Array(face.length);
  for (const { gradient, reference } of targets) {
    const [seen] = await gradient.see([view.face], [[reference]], [view.look]);
    const slope = view.back(seen?.gradient ?? total);
    let sum = 0;
    for (const value of slope) sum += Math.abs(value);
    const scale = sum > 0 ? slope.length / sum : 0;
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + scale * (slope[i] as number);
  }
  return total;
}

/** A changed face, how it is looked at, and how the gradient comes back from there. */
interface View {
  readonly face: Float32Array;
  readonly look: Look;
  readonly back: (gradient: Float32Array) => Float32Array;
}

/** One of three views in turn by chance: sharp; blurred; with noise, which stands for a codec's rounding. Each is shrunk a little and shifted. */
function lookThrough(face: Float32Array, difference: Float32Array, sizePx: number, random: Random): View {
  const look: Look = {
    resized: { share: LEAST_SHARE + (1 - LEAST_SHARE) * random.uniform(), x: random.uniform(), y: random.uniform() },
  };
  const changed = face.map((value, i) => value + (difference[i] as number));
  const kind = random.integer(3);
  if (kind === 0) return { face: changed, look, back: (gradient) => gradient };
  if (kind === 1) {
    const noise = random.normals(face.length, 3 / 255);
    return { face: changed.map((value, i) => value + (noise[i] as number)), look, back: (gradient) => gradient };
  }
  const deviationPx = ((0.5 + random.uniform()) * sizePx) / CANONICAL_EXTENT;
  const blur = (planes: Float32Array): Float32Array => smoothPlanes(planes, sizePx, deviationPx);
  // A symmetric blur is its own transpose, but for the border, where nothing is changed.
  return { face: blur(changed), look, back: blur };
}

/** The direction along which the similarity falls fastest for its visibility, at a root mean square of 1. */
function steepest(
  gradient: Float32Array,
  { luminance, structure }: ReturnType<typeof structuralTolerance>,
  allowance: Float32Array,
  sizePx: number,
): Float32Array {
  const smooth = smoothPlanes(gradient, sizePx, SMOOTH_DEVIATION_PX);
  const direction = gradient.map((value, i) => {
    const low = smooth[i] as number;
    const weighed = SMOOTH_SHARE * (luminance[i] as number) * low + (structure[i] as number) * (value - low);
    return weighed * (allowance[i % sizePx ** 2] as number);
  });
  let squares = 0;
  for (const value of direction) squares += value * value;
  const scale = squares > 0 ? Math.sqrt(direction.length / squares) : 0;
  return direction.map((value) => value * scale);
}

/** Share of SSIM's leniency towards smooth changes that is used: it hardly sees shadows that a person does. */
const SMOOTH_SHARE = 0.1;

/** Brings a difference back, in place: within what each pixel may change, and the face within 0..1. */
function keepInside(difference: Float32Array, face: Float32Array, mostOf: (i: number) => number): void {
  for (let i = 0; i < difference.length; i++) {
    const most = mostOf(i);
    const value = face[i] as number;
    difference[i] = Math.min(most, 1 - value, Math.max(-most, -value, difference[i] as number));
  }
}
