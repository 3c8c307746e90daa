import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import { throwIfAborted } from '../../util/progress.ts';
import type { AdversarialFace, EvasionTask, SmallestOptions } from './attack.ts';
import { reaches } from './goal.ts';
import { sizeOfPerturbation } from './perturbation.ts';

/** The first budget that is tried, in pixel values 0..1: one grey level, near which the answer mostly lies. */
const FIRST = 1 / 255;

/** Budgets are doubled and halved between a sixteenth of a grey level and 64. */
const LEAST = FIRST / 16;
const MOST = FIRST * 64;

/** The search ends where failure and success lie as near as this share of the budget. */
const PRECISION = 1 / 32;

/** Where the search for one face stands: failed with `low`, succeeded with `high`. */
interface Bracket {
  readonly low: number;
  readonly high: number | undefined;
}

/** The budget to try next; undefined where the search is over. */
function nextBudget({ low, high }: Bracket): number | undefined {
  if (high === undefined) {
    const wider = low === 0 ? FIRST : 2 * low;
    return wider <= MOST ? wider : undefined;
  }
  if (low === 0) return high > LEAST ? high / 2 : undefined;
  return high - low > PRECISION * high ? (low + high) / 2 : undefined;
}

/**
 * Finds for each face the smallest budget within which an attack succeeds: doubled or halved until it lies between failure and success, then bisected. All faces advance together,
 * so that batches stay full.
 *
 * @param perturb - the attack on some of the task's faces, each within its budget.
 * @returns undefined where 64 grey levels do not suffice.
 */
export async function bisectBudget(
  task: EvasionTask,
  gradient: SimilarityGradient,
  options: Pick<SmallestOptions, 'thresholds' | 'norm' | 'onProgress' | 'signal'>,
  perturb: (part: EvasionTask, epsilons: readonly number[]) => Promise<Float32Array[]>,
): Promise<(AdversarialFace | undefined)[]> {
  const found: (AdversarialFace | undefined)[] = task.faces.map(() => undefined);
  const brackets: Bracket[] = task.faces.map(() => ({ low: 0, high: undefined }));
  for (;;) {
    throwIfAborted(options);
    const open = brackets.flatMap((bracket, i) => {
      const epsilon = nextBudget(bracket);
      return epsilon === undefined ? [] : [{ i, epsilon }];
    });
    options.onProgress?.({
      stage: 'looking for the smallest perturbation',
      done: task.faces.length - open.length,
      total: task.faces.length,
    });
    if (open.length === 0) return found;
    const part = partOf(
      task,
      open.map(({ i }) => i),
    );
    const faces = await perturb(
      part,
      open.map(({ epsilon }) => epsilon),
    );
    const seen = await gradient.see(faces, part.references);
    open.forEach(({ i, epsilon }, k) => {
      const face = faces[k] as Float32Array;
      const success = (seen[k]?.similarities ?? []).every((similarity, judge) =>
        reaches(task.goal, similarity, options.thresholds[judge] as { similarity: number }),
      );
      const bracket = brackets[i] as Bracket;
      brackets[i] = success ? { ...bracket, high: epsilon } : { ...bracket, low: epsilon };
      if (!success) return;
      const size = sizeOfPerturbation(face, task.faces[i] as Float32Array, options.norm);
      const best = found[i];
      if (!best || size < best.size) found[i] = { face, size };
    });
  }
}

function partOf({ goal, faces, references }: EvasionTask, which: readonly number[]): EvasionTask {
  return {
    goal,
    faces: which.map((i) => faces[i] as Float32Array),
    references: which.map((i) => references[i] as readonly Float32Array[]),
  };
}
