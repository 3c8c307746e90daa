import { throwIfAborted } from '../../util/progress.ts';
import { reaches, towards } from './goal.ts';
import type { SimilarityOracle } from './oracle.ts';
import { project } from './perturbation.ts';
import type { QueryOptions, QueryResult, QueryTask } from './query-attack.ts';

/**
 * Samples of one step and momentum as in Ilyas et al. 2018. The deviation is two grey levels, not their thousandth of the range: a system gets 8-bit pictures, and smaller
 * changes are rounded away.
 */
const SETTINGS = { samples: 50, deviation: 2 / 255, momentum: 0.9, stepShare: 0.1 } as const;

/** NES: estimates the gradient from pairs of opposite random changes, and steps along its sign. Source: Ilyas et al. 2018. */
export async function naturalEvolution(
  task: QueryTask,
  oracle: SimilarityOracle,
  options: QueryOptions,
): Promise<QueryResult> {
  const { epsilon, maxQueries, random } = options;
  const { samples, deviation, momentum, stepShare } = SETTINGS;
  const sign = towards(task.goal);
  const start = oracle.queries;
  const spent = (): number => oracle.queries - start;
  const face = task.face.slice();
  const velocity = new Float32Array(face.length);
  while (spent() + 1 + samples <= maxQueries) {
    throwIfAborted(options);
    const noises = Array.from({ length: samples / 2 }, () => random.normals(face.length, deviation));
    const moved = noises.flatMap((noise) => [
      face.map((value, i) => value + (noise[i] as number)),
      face.map((value, i) => value - (noise[i] as number)),
    ]);
    const similarities = await oracle.ask(moved);
    const slope = new Float32Array(face.length);
    noises.forEach((noise, k) => {
      const difference = (similarities[2 * k] as number) - (similarities[2 * k + 1] as number);
      for (let i = 0; i < slope.length; i++) slope[i] = (slope[i] as number) + difference * (noise[i] as number);
    });
    let total = 0;
    for (const value of slope) total += Math.abs(value);
    const scale = total > 0 ? slope.length / total : 0;
    for (let i = 0; i < face.length; i++) {
      velocity[i] = momentum * (velocity[i] as number) + (1 - momentum) * scale * (slope[i] as number);
      face[i] = (face[i] as number) + sign * stepShare * epsilon * Math.sign(velocity[i] as number);
    }
    project(face, task.face, epsilon, 'linf');
    const [similarity = 0] = await oracle.ask([face]);
    options.onProgress?.({ stage: 'asking the system', done: spent(), total: maxQueries });
    if (reaches(task.goal, similarity, task.threshold)) return { face, succeeded: true, queries: spent() };
  }
  return { face, succeeded: false, queries: spent() };
}
