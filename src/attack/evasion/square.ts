import { throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import { reaches, towards } from './goal.ts';
import type { SimilarityOracle } from './oracle.ts';
import { project } from './perturbation.ts';
import type { QueryOptions, QueryResult, QueryTask } from './query-attack.ts';

/** Share of the face that the first squares cover. */
const FIRST_SHARE = 0.05;

/** The share is halved at each of these numbers of queries, laid out for 10,000. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000] as const;

/**
 * Square attack in linf: begins with vertical stripes of plus and minus epsilon, then sets random squares, which grow smaller, to a random corner of the budget, and keeps
 * each that brings the similarity nearer to the goal. Source: Andriushchenko et al. 2020.
 */
export async function squareAttack(
  task: QueryTask,
  oracle: SimilarityOracle,
  options: QueryOptions,
): Promise<QueryResult> {
  const { epsilon, maxQueries, random } = options;
  const { sizePx } = oracle;
  const sign = towards(task.goal);
  const start = oracle.queries;
  const spent = (): number => oracle.queries - start;
  let face = striped(task.face, sizePx, epsilon, random);
  let best = Number.NEGATIVE_INFINITY;
  let tried = face;
  while (spent() < maxQueries) {
    throwIfAborted(options);
    const [similarity = 0] = await oracle.ask([tried]);
    options.onProgress?.({ stage: 'asking the system', done: spent(), total: maxQueries });
    if (reaches(task.goal, similarity, task.threshold)) return { face: tried, succeeded: true, queries: spent() };
    if (sign * similarity > best) [best, face] = [sign * similarity, tried];
    tried = withSquare(face, task.face, { sizePx, epsilon, random, share: shareAfter(spent(), maxQueries) });
  }
  return { face, succeeded: false, queries: spent() };
}

function shareAfter(queries: number, maxQueries: number): number {
  const scaled = (queries / maxQueries) * 10_000;
  return FIRST_SHARE / 2 ** HALVINGS.filter((at) => scaled > at).length;
}

const corner = (random: Random, epsilon: number): number => (random.uniform() < 0.5 ? -epsilon : epsilon);

function striped(clean: Float32Array, sizePx: number, epsilon: number, random: Random): Float32Array {
  const stripes = Array.from({ length: 3 * sizePx }, () => corner(random, epsilon));
  const face = clean.map(
    (value, at) => value + (stripes[Math.floor(at / sizePx ** 2) * sizePx + (at % sizePx)] as number),
  );
  project(face, clean, epsilon, 'linf');
  return face;
}

function withSquare(
  face: Float32Array,
  clean: Float32Array,
  options: {
    readonly sizePx: number;
    readonly epsilon: number;
    readonly random: Random;
    readonly share: number;
  },
): Float32Array {
  const { sizePx, epsilon, random, share } = options;
  const side = Math.max(1, Math.min(sizePx - 1, Math.round(Math.sqrt(share) * sizePx)));
  const [top, left] = [random.integer(sizePx - side + 1), random.integer(sizePx - side + 1)];
  const changed = face.slice();
  for (let channel = 0; channel < 3; channel++) {
    const change = corner(random, epsilon);
    for (let row = top; row < top + side; row++) {
      for (let column = left; column < left + side; column++) {
        const at = (channel * sizePx + row) * sizePx + column;
        changed[at] = (clean[at] as number) + change;
      }
    }
  }
  project(changed, clean, epsilon, 'linf');
  return changed;
}
