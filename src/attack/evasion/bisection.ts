import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { AdversarialFace, EvasionTask, SmallestOptions } from './attack.ts';
import { reaches } from './goal.ts';
import { sizeOfPerturbation } from './perturbation.ts';

/** The first budget that is tried, in pixel values 0..1: a quarter of a grey level. */
const FIRST = 0.25 / 255;

/** Doublings of the budget: up to 64 grey levels. */
const DOUBLINGS = 9;

/** Halvings of the interval between failure and success: its width falls to 1.6 % of the result. */
const BISECTIONS = 6;

/**
 * Finds for each face the smallest budget within which an attack succeeds: doubled until it does, then bisected. All faces advance together, so that batches stay full.
 *
 * @param perturb - the attack on some of the task's faces, each within its budget.
 * @returns undefined where 64 grey levels do not suffice.
 */
export async function bisectBudget(
  task: EvasionTask,
  gradient: SimilarityGradient,
  options: Pick<SmallestOptions, 'thresholds' | 'norm' | 'onProgress'>,
  perturb: (part: EvasionTask, epsilons: readonly number[]) => Promise<Float32Array[]>,
): Promise<(AdversarialFace | undefined)[]> {
  const found: (AdversarialFace | undefined)[] = task.faces.map(() => undefined);
  const brackets = task.faces.map(() => ({ low: 0, high: FIRST }));
  const rounds = DOUBLINGS + BISECTIONS;

  const attempt = async (which: readonly number[], epsilonOf: (i: number) => number): Promise<boolean[]> => {
    const part = partOf(task, which);
    const faces = await perturb(part, which.map(epsilonOf));
    const seen = await gradient.see(faces, part.references);
    return which.map((i, k) => {
      const face = faces[k] as Float32Array;
      const success = (seen[k]?.similarities ?? []).every((similarity, judge) =>
        reaches(task.goal, similarity, options.thresholds[judge] as { similarity: number }),
      );
      const size = sizeOfPerturbation(face, task.faces[i] as Float32Array, options.norm);
      const best = found[i];
      if (success && (!best || size < best.size)) found[i] = { face, size };
      return success;
    });
  };

  let open = task.faces.map((_, i) => i);
  for (let round = 0; round < DOUBLINGS && open.length > 0; round++) {
    const success = await attempt(open, (i) => (brackets[i] as { high: number }).high);
    const failed = open.filter((_, k) => !success[k]);
    for (const i of failed) {
      const bracket = brackets[i] as { low: number; high: number };
      Object.assign(bracket, { low: bracket.high, high: 2 * bracket.high });
    }
    open = failed;
    options.onProgress?.({ stage: 'looking for the smallest perturbation', done: round + 1, total: rounds });
  }
  const bracketed = task.faces.flatMap((_, i) => (found[i] ? [i] : []));
  for (let round = 0; round < BISECTIONS && bracketed.length > 0; round++) {
    const middle = (i: number): number => ((brackets[i]?.low ?? 0) + (brackets[i]?.high ?? 0)) / 2;
    const success = await attempt(bracketed, middle);
    bracketed.forEach((i, k) => {
      Object.assign(brackets[i] as object, success[k] ? { high: middle(i) } : { low: middle(i) });
    });
    options.onProgress?.({
      stage: 'looking for the smallest perturbation',
      done: DOUBLINGS + round + 1,
      total: rounds,
    });
  }
  return found;
}

function partOf({ goal, faces, references }: EvasionTask, which: readonly number[]): EvasionTask {
  return {
    goal,
    faces: which.map((i) => faces[i] as Float32Array),
    references: which.map((i) => references[i] as readonly Float32Array[]),
  };
}
