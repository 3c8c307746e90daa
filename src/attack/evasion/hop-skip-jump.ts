import { throwIfAborted } from '../../util/progress.ts';
import type { DecisionOracle } from './oracle.ts';
import { sizeOfPerturbation, steepestDirection } from './perturbation.ts';
import type { QueryOptions, QueryResult, QueryTask } from './query-attack.ts';

/** Samples of the first estimate; their number grows with the root of the round. */
const FIRST_SAMPLES = 100;

/** Size of the samples' changes: smaller ones would be rounded away in 8-bit pictures. */
const PROBE_SIZE = 1.5 / 255;

/** Where the boundary lies is found to this share of the way. */
const TOLERANCE = 1 / 512;

/** Samples asked about at once. */
const BATCH = 25;

/**
 * HopSkipJump in l2, on decisions alone: from a face that reaches the goal to the boundary by bisection, there the direction into the goal is estimated from random changes;
 * a step along it, and to the boundary again. Source: Chen et al. 2020.
 */
export async function hopSkipJump(
  task: QueryTask,
  oracle: DecisionOracle,
  options: QueryOptions,
): Promise<QueryResult> {
  const { epsilon, maxQueries, random } = options;
  const start = oracle.queries;
  const spent = (): number => oracle.queries - start;
  const reached = async (faces: readonly Float32Array[]): Promise<boolean[]> => {
    throwIfAborted(options);
    const accepted = await oracle.ask(faces);
    options.onProgress?.({ stage: 'asking the system', done: spent(), total: maxQueries });
    return accepted.map((one) => one === (task.goal === 'impersonate'));
  };
  const left = (): number => maxQueries - spent();

  /** The point nearest to the clean face, of the line to it, that still reaches the goal. */
  const toBoundary = async (face: Float32Array): Promise<Float32Array> => {
    let [low, high] = [0, 1];
    while (high - low > TOLERANCE && left() > 0) {
      const middle = (low + high) / 2;
      if ((await reached([between(task.face, face, middle)]))[0]) high = middle;
      else low = middle;
    }
    return between(task.face, face, high);
  };

  let face = await toBoundary(task.reached);
  for (let round = 1; left() > 0 && sizeOfPerturbation(face, task.face, 'l2') > epsilon; round++) {
    const samples = Math.min(left(), Math.round(FIRST_SAMPLES * Math.sqrt(round)));
    const changes = Array.from({ length: samples }, () => random.normals(face.length, PROBE_SIZE));
    const answers: boolean[] = [];
    for (let first = 0; first < samples; first += BATCH)
      answers.push(...(await reached(changes.slice(first, first + BATCH).map((change) => clippedSum(face, change)))));
    const direction = steepestDirection(estimate(changes, answers), 'l2');
    let step = sizeOfPerturbation(face, task.face, 'l2') / Math.sqrt(round);
    for (; left() > 0 && step > PROBE_SIZE / 8; step /= 2) {
      const tried = clippedSum(face, direction, step);
      if (!(await reached([tried]))[0]) continue;
      const nearer = await toBoundary(tried);
      if (sizeOfPerturbation(nearer, task.face, 'l2') < sizeOfPerturbation(face, task.face, 'l2')) face = nearer;
      break;
    }
  }
  return { face, succeeded: sizeOfPerturbation(face, task.face, 'l2') <= epsilon, queries: spent() };
}

/** Mean of the changes, each counted by how much its answer exceeds the mean answer. */
function estimate(changes: readonly Float32Array[], answers: readonly boolean[]): Float32Array {
  const mean = answers.filter((answer) => answer).length / answers.length;
  const direction = new Float32Array(changes[0]?.length ?? 0);
  changes.forEach((change, k) => {
    // Where all answers are alike they tell nothing but the side of the boundary.
    const weight = mean === 0 ? -1 : mean === 1 ? 1 : Number(answers[k]) - mean;
    for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] as number) + weight * (change[i] as number);
  });
  return direction;
}

const between = (clean: Float32Array, face: Float32Array, share: number): Float32Array =>
  clean.map((value, i) => value + share * ((face[i] as number) - value));

const clippedSum = (face: Float32Array, change: Float32Array, scale = 1): Float32Array =>
  face.map((value, i) => Math.min(1, Math.max(0, value + scale * (change[i] as number))));
