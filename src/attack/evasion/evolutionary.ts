import { throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { DecisionOracle } from './oracle.ts';
import { sizeOfPerturbation, steepestDirection } from './perturbation.ts';
import type { QueryOptions, QueryResult, QueryTask } from './query-attack.ts';

/** Side of the subspace in which changes are drawn, at most; they are enlarged to the face. */
const SUBSPACE_PX = 32;

/** The paper's rates: of the evolution path, of the variances, the share of coordinates that a change touches, and the size of a change as a share of the distance. */
const SETTINGS = { pathRate: 0.01, varianceRate: 0.001, touched: 1 / 20, size: 0.01, firstPull: 0.01 } as const;

/** A pull so weak that nothing comes nearer grows by this factor. */
const STRONGER = 1.1;

/** Trials over which the rate of success is counted. */
const WINDOW = 30;

/**
 * The evolutionary attack, on decisions alone: from a face that reaches the goal, random changes in a subspace of 32x32x3 and a pull towards the clean face; what still
 * reaches the goal and lies nearer is kept, and teaches along which coordinates to look. Source: Dong et al. 2019, algorithm 1.
 */
export async function evolutionaryAttack(
  task: QueryTask,
  oracle: DecisionOracle,
  options: QueryOptions,
): Promise<QueryResult> {
  const { epsilon, maxQueries, random } = options;
  const { sizePx } = oracle;
  const side = Math.min(SUBSPACE_PX, sizePx);
  const size = 3 * side ** 2;
  const variances = new Float32Array(size).fill(1);
  const path = new Float32Array(size);
  const start = oracle.queries;
  const spent = (): number => oracle.queries - start;
  const recent: boolean[] = [];
  let pull: number = SETTINGS.firstPull;
  let face: Float32Array = task.reached.slice();
  let distance = sizeOfPerturbation(face, task.face, 'l2');
  while (distance > epsilon && spent() < maxQueries) {
    throwIfAborted(options);
    const change = drawChange(variances, random);
    const step = steepestDirection(enlarged(change, side, sizePx), 'l2');
    const tried = moved(face, task.face, step, { length: SETTINGS.size * distance, pull });
    const nearer = sizeOfPerturbation(tried, task.face, 'l2');
    if (nearer >= distance) {
      // What is not nearer cannot be kept: no query is spent on it.
      pull = Math.min(0.5, pull * STRONGER);
      continue;
    }
    const kept = (await oracle.ask([tried]))[0] === (task.goal === 'impersonate');
    if (kept) {
      [face, distance] = [tried, nearer];
      learn(variances, path, change);
    }
    recent.push(kept);
    if (recent.length === WINDOW) {
      // The rule of one fifth: bolder where more than that succeed.
      pull = Math.min(0.5, pull * Math.exp(recent.filter((success) => success).length / WINDOW - 0.2));
      recent.length = 0;
    }
    options.onProgress?.({ stage: 'asking the system', done: spent(), total: maxQueries });
  }
  return { face, succeeded: distance <= epsilon, queries: spent() };
}

/** Normal changes of some coordinates, those of large variance more often and further. */
function drawChange(variances: Float32Array, random: Random): Float32Array {
  let total = 0;
  for (const variance of variances) total += variance;
  const scale = (SETTINGS.touched * variances.length) / total;
  return variances.map((variance) => (random.uniform() < variance * scale ? Math.sqrt(variance) * random.normal() : 0));
}

function learn(variances: Float32Array, path: Float32Array, change: Float32Array): void {
  const { pathRate, varianceRate } = SETTINGS;
  const gain = Math.sqrt(pathRate * (2 - pathRate));
  for (let i = 0; i < path.length; i++) {
    path[i] = (1 - pathRate) * (path[i] as number) + gain * (change[i] as number);
    variances[i] = (1 - varianceRate) * (variances[i] as number) + varianceRate * (path[i] as number) ** 2;
  }
}

function moved(
  face: Float32Array,
  clean: Float32Array,
  step: Float32Array,
  { length, pull }: { readonly length: number; readonly pull: number },
): Float32Array {
  return face.map((value, i) => {
    const towardsClean = pull * ((clean[i] as number) - value);
    return Math.min(1, Math.max(0, value + length * (step[i] as number) + towardsClean));
  });
}

/** Planar [3,side,side] enlarged to [3,S,S], linearly. */
function enlarged(change: Float32Array, side: number, sizePx: number): Float32Array {
  if (side === sizePx) return change;
  const taps = Array.from({ length: sizePx }, (_, i) => {
    const at = Math.min(side - 1, Math.max(0, ((i + 0.5) * side) / sizePx - 0.5));
    const low = Math.floor(at);
    return { low, high: Math.min(side - 1, low + 1), part: at - low };
  });
  const out = new Float32Array(3 * sizePx ** 2);
  for (let channel = 0; channel < 3; channel++) {
    taps.forEach((row, y) => {
      const [top, bottom] = [(channel * side + row.low) * side, (channel * side + row.high) * side];
      taps.forEach((column, x) => {
        const upper = mix(change[top + column.low] as number, change[top + column.high] as number, column.part);
        const lower = mix(change[bottom + column.low] as number, change[bottom + column.high] as number, column.part);
        out[(channel * sizePx + y) * sizePx + x] = mix(upper, lower, row.part);
      });
    });
  }
  return out;
}

const mix = (a: number, b: number, part: number): number => a + (b - a) * part;
