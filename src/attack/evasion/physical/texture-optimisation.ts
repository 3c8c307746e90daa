import type { SimilarityGradient } from '../../../encoder/similarity-gradient.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { type Goal, towards } from '../goal.ts';
import { nonPrintability, totalVariation } from './texture-terms.ts';
import { viewWorn, type Wearer, type WornRule } from './wearer.ts';
import type { Medium } from './worn-face.ts';

/** Weight of the mean total variation beside the mean similarity. */
const VARIATION_WEIGHT = 0.05;

/** Share of the earlier directions that is kept. Source: Sharif et al. 2016. */
const MOMENTUM = 0.4;

/** The last steps, as a share of the first: they settle what the views' randomness left undecided. */
const LAST_STEP = 0.05;

/** What is worn, and how it is sought. */
export interface TextureSearch {
  readonly goal: Goal;
  readonly rule: WornRule;
  readonly medium: Medium;
  readonly gradient: SimilarityGradient;
  readonly iterations: number;
  /** At each step. */
  readonly views: number;
}

/**
 * Seeks the texture for which random views of its wearers are most (or least) like their references: steps along the sign of the gradient with momentum, over fresh views
 * at each step, less those of total variation and non-printability.
 *
 * @param wearers - at least one; the views go round among them.
 * @returns the medium's parameters.
 */
export async function optimiseTexture(
  search: TextureSearch,
  wearers: readonly Wearer[],
  random: Random,
  job: JobOptions,
): Promise<Float32Array> {
  const { medium, iterations } = search;
  const parameters = medium.start.slice();
  let velocity = new Float32Array(parameters.length);
  for (let step = 0; step < iterations; step++) {
    throwIfAborted(job);
    const slope = await slopeOf(search, wearers, medium.texture(parameters), { random, step });
    velocity = advance(velocity, medium.pullBack(slope));
    const length = medium.stepSize * Math.max(LAST_STEP, 1 - step / iterations);
    for (let i = 0; i < parameters.length; i++)
      parameters[i] = (parameters[i] as number) + length * Math.sign(velocity[i] as number);
    medium.clamp(parameters);
    job.onProgress?.({ stage: 'optimising what is worn', done: step + 1, total: iterations });
  }
  return parameters;
}

/** Where the texture is to go, planar [3,S,S]: the mean over one step's views, and the texture's own terms. */
async function slopeOf(
  { goal, rule, medium, gradient, views }: TextureSearch,
  wearers: readonly Wearer[],
  texture: Float32Array,
  { random, step }: { readonly random: Random; readonly step: number },
): Promise<Float32Array> {
  const seen = Array.from({ length: views }, (_, k) => {
    const { face, references, mask } = wearers[(step * views + k) % wearers.length] as Wearer;
    const on = { mask, covers: medium.covers, slips: rule.slips };
    return { references, ...viewWorn(face, texture, on, random.fork(`${step} ${k}`)) };
  });
  const answers = await gradient.see(
    seen.map(({ picture }) => picture),
    seen.map(({ references }) => references),
  );
  const slope = new Float32Array(texture.length);
  seen.forEach(({ pullBack }, k) => {
    addTo(slope, pullBack((answers[k] as (typeof answers)[number]).gradient), towards(goal) / views);
  });
  // What any of the wearers shows of the texture.
  const mask = wearers
    .map((wearer) => wearer.mask)
    .reduce((all, one) => all.map((value, i) => Math.max(value, one[i] as number)));
  addTo(slope, totalVariation(texture, mask, gradient.sizePx).gradient, -VARIATION_WEIGHT);
  if (rule.printabilityWeight > 0) addTo(slope, nonPrintability(texture, mask).gradient, -rule.printabilityWeight);
  return slope;
}

function addTo(sum: Float32Array, values: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (values[i] as number);
}

/** The direction with momentum; each new one counts alike, however long its gradient. */
function advance(velocity: Float32Array, slope: Float32Array): Float32Array<ArrayBuffer> {
  const total = slope.reduce((sum, value) => sum + Math.abs(value), 0);
  const scale = total > 0 ? slope.length / total : 0;
  return Float32Array.from(slope, (value, i) => MOMENTUM * (velocity[i] as number) + scale * value);
}
