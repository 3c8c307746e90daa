import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import { throwIfAborted } from '../../util/progress.ts';
import type { AdversarialFace, EvasionTask, SmallestOptions } from './attack.ts';
import { reaches, towards } from './goal.ts';
import { sizeOfPerturbation } from './perturbation.ts';

/** RobFR's values: Adam's rate, iterations for one constant, margin beyond the threshold. */
const SETTINGS = { learningRate: 1e-3, iterations: 100, margin: 1e-3 } as const;

/** Constants are raised by tens this many times at most, then bisected. */
const RAISES = 6;
const BISECTIONS = 10;

/** Pixels are drawn in by this share before they go into tanh space, whose ends lie at infinity. */
const INSIDE = 1 - 1e-6;

/** Where the search for one face's constant stands. */
interface Search {
  constant: number;
  low: number;
  high: number | undefined;
}

/**
 * Carlini and Wagner's l2 attack: minimises ||d||^2 + c * (what is missing to the threshold) in tanh space by Adam, and searches the smallest constant c with which it
 * succeeds, by tens and then by bisection. Source: Carlini and Wagner 2017, with RobFR's settings.
 *
 * Cost: up to 1,600 gradients for each face.
 */
export async function carliniWagner(
  task: EvasionTask,
  gradient: SimilarityGradient,
  options: SmallestOptions,
): Promise<(AdversarialFace | undefined)[]> {
  const found: (AdversarialFace | undefined)[] = task.faces.map(() => undefined);
  const searches: Search[] = task.faces.map(() => ({ constant: 1, low: 0, high: undefined }));
  const rounds = RAISES + BISECTIONS;
  for (let round = 0; round < rounds; round++) {
    const success = await descend(task, gradient, searches, found, options);
    searches.forEach((search, i) => {
      narrow(search, success[i] as boolean);
    });
    options.onProgress?.({ stage: 'searching the constant', done: round + 1, total: rounds });
  }
  return found;
}

/** By tens until it succeeds, then half way. */
function narrow(search: Search, success: boolean): void {
  if (success) search.high = search.constant;
  else search.low = search.constant;
  search.constant = search.high === undefined ? 10 * search.constant : (search.low + search.high) / 2;
}

/** One descent for all faces, each with its constant; keeps what succeeds with less than before. */
async function descend(
  task: EvasionTask,
  gradient: SimilarityGradient,
  searches: readonly Search[],
  found: (AdversarialFace | undefined)[],
  options: SmallestOptions,
): Promise<boolean[]> {
  const { learningRate, iterations, margin } = SETTINGS;
  const sign = towards(task.goal);
  const states = task.faces.map((clean) => {
    const inner = clean.map((value) => Math.atanh(INSIDE * (2 * value - 1)));
    return { inner, mean: new Float32Array(inner.length), square: new Float32Array(inner.length) };
  });
  const success = task.faces.map(() => false);
  for (let step = 1; step <= iterations; step++) {
    throwIfAborted(options);
    const faces = states.map(({ inner }) => inner.map((value) => (Math.tanh(value) + 1) / 2));
    const seen = await gradient.see(faces, task.references);
    const [first, second] = [1 - 0.9 ** step, 1 - 0.999 ** step];
    states.forEach(({ inner, mean, square }, i) => {
      const [face, clean] = [faces[i] as Float32Array, task.faces[i] as Float32Array];
      const { similarities, gradient: slope } = seen[i] as (typeof seen)[number];
      const missing = similarities.map(
        (similarity, k) => sign * ((options.thresholds[k]?.similarity ?? 0) - similarity) + margin,
      );
      if (
        similarities.every((similarity, k) =>
          reaches(task.goal, similarity, options.thresholds[k] as { similarity: number }),
        )
      ) {
        success[i] = true;
        const size = sizeOfPerturbation(face, clean, 'l2');
        const best = found[i];
        if (!best || size < best.size) found[i] = { face, size };
      }
      // The term of what is missing has no slope once nothing is.
      const weight = missing.some((value) => value > 0) ? sign * (searches[i]?.constant ?? 0) : 0;
      for (let k = 0; k < inner.length; k++) {
        const value = face[k] as number;
        // d tanh: 1 - tanh^2, of a face (tanh + 1) / 2.
        const inside = 2 * value * (1 - value);
        const g = (2 * (value - (clean[k] as number)) - weight * (slope[k] as number)) * inside;
        mean[k] = 0.9 * (mean[k] as number) + 0.1 * g;
        square[k] = 0.999 * (square[k] as number) + 0.001 * g * g;
        const move = (mean[k] as number) / first / (Math.sqrt((square[k] as number) / second) + 1e-8);
        inner[k] = (inner[k] as number) - learningRate * move;
      }
    });
  }
  return success;
}
