import type { Look, SeenFace, SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import { throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { EvasionOptions, EvasionTask } from './attack.ts';
import { towards } from './goal.ts';
import { type Norm, project, steepestDirection } from './perturbation.ts';

/** What sets one iterative attack apart from another; the loop, the projection and the random numbers are {@link iterate}'s. */
export interface IterativeRule {
  readonly steps: number;
  /** Length of a step, as a share of epsilon. */
  readonly stepShare: number;
  /** Begins at a random place within epsilon instead of at the clean face. */
  readonly randomStart?: boolean;
  /** Share of the earlier directions that is kept; 0 or absent: none. Source: MI-FGSM (Dong et al. 2018). */
  readonly momentum?: number;
  /** How a step sees the face; default: as it is. */
  readonly look?: (random: Random, sizePx: number) => Look;
  /** What becomes of the gradient, planar [3,S,S], before the step. */
  readonly smooth?: (gradient: Float32Array, sizePx: number) => Float32Array;
}

/**
 * Perturbs faces step by step within a budget: along the gradient of the similarity, or against it, and back into the budget and the pixels' range after each step.
 *
 * @param epsilons - the budget of each face, as {@link sizeOfPerturbation} counts it; 0 leaves the face as it is.
 * @returns perturbed faces, in order.
 */
export async function iterate(
  rule: IterativeRule,
  task: EvasionTask,
  epsilons: readonly number[],
  gradient: SimilarityGradient,
  options: EvasionOptions,
): Promise<Float32Array[]> {
  const { norm, random } = options;
  const sign = towards(task.goal);
  const faces = task.faces.map((clean, i) =>
    startOf(clean, epsilons[i] as number, norm, rule.randomStart ? random.fork(`start ${i}`) : undefined),
  );
  const kept: (Float32Array | undefined)[] = faces.map(() => undefined);
  for (let step = 0; step < rule.steps; step++) {
    throwIfAborted(options);
    const looks = faces.map((_, i) => rule.look?.(random.fork(`look ${step} ${i}`), gradient.sizePx) ?? {});
    const seen = await gradient.see(faces, task.references, looks);
    seen.forEach((one, i) => {
      const epsilon = epsilons[i] as number;
      if (epsilon === 0) return;
      const along = directionOf(one, rule, gradient.sizePx, kept[i]);
      if (rule.momentum) kept[i] = along;
      const direction = steepestDirection(along, norm);
      const face = faces[i] as Float32Array;
      const length = sign * rule.stepShare * epsilon;
      for (let k = 0; k < face.length; k++) face[k] = (face[k] as number) + length * (direction[k] as number);
      project(face, task.faces[i] as Float32Array, epsilon, norm);
    });
    options.onProgress?.({ stage: 'perturbing faces', done: step + 1, total: rule.steps });
  }
  return faces;
}

function directionOf(
  { gradient }: SeenFace,
  { smooth, momentum = 0 }: IterativeRule,
  sizePx: number,
  before: Float32Array | undefined,
): Float32Array {
  const now = smooth ? smooth(gradient, sizePx) : gradient;
  if (momentum === 0) return now;
  // Each gradient counts by its direction, not by its length: they differ by orders of magnitude over the steps.
  let total = 0;
  for (const value of now) total += Math.abs(value);
  const scale = total > 0 ? now.length / total : 0;
  return now.map((value, k) => value * scale + momentum * (before?.[k] ?? 0));
}

function startOf(clean: Float32Array, epsilon: number, norm: Norm, random: Random | undefined): Float32Array {
  const face = clean.slice();
  if (!random || epsilon === 0) return face;
  const noise = norm === 'linf' ? clean.map(() => 2 * random.uniform() - 1) : random.normals(clean.length);
  // In l2 the ball's volume lies at its surface; half way in leaves the first steps room.
  const scale = norm === 'linf' ? epsilon : epsilon / 2;
  for (let k = 0; k < face.length; k++) face[k] = (face[k] as number) + scale * (noise[k] as number);
  project(face, clean, epsilon, norm);
  return face;
}
