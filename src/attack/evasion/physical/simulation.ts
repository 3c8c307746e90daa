import type { SimilarityGradient } from '../../../encoder/similarity-gradient.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import type { JobOptions } from '../../../util/progress.ts';
import { measureWorn } from './held-out-views.ts';
import {
  DEFAULT_HELD_OUT_VIEWS,
  DEFAULT_ITERATIONS,
  DEFAULT_VIEWS,
  type PhysicalOptions,
  type PhysicalResult,
  type PhysicalTask,
} from './physical-attack.ts';
import { optimiseTexture } from './texture-optimisation.ts';
import type { Wearer, WornRule } from './wearer.ts';

/** {@link ./physical-attack.ts}'s `simulate` by a rule: the loop that all physical attacks share. Throws as that does. */
export async function simulateWorn(
  rule: WornRule,
  task: PhysicalTask,
  gradient: SimilarityGradient,
  options: PhysicalOptions,
): Promise<PhysicalResult[]> {
  const { random, thresholds, isUniversal = false } = options;
  const { iterations = DEFAULT_ITERATIONS, views = DEFAULT_VIEWS, heldOutViews = DEFAULT_HELD_OUT_VIEWS } = options;
  requireCount('iterations', iterations);
  requireCount('views', views);
  requireCount('held-out views', heldOutViews);
  const wearers = wearersOf(task, rule, { sizePx: gradient.sizePx, encoders: thresholds.length });
  const common = { goal: task.goal, rule, medium: rule.medium(gradient.sizePx), gradient };
  const groups = isUniversal && wearers.length > 0 ? [wearers] : wearers.map((wearer) => [wearer]);
  const results: PhysicalResult[] = [];
  for (const [i, group] of groups.entries()) {
    const own = random.fork(`wearer ${i}`);
    const job = partOf(options, { first: i * iterations, total: groups.length * iterations });
    const parameters = await optimiseTexture({ ...common, iterations, views }, group, own.fork('optimisation'), job);
    for (const [k, wearer] of group.entries()) {
      const heldOut = own.fork(`held out ${k}`);
      results.push(await measureWorn({ ...common, thresholds, heldOutViews }, wearer, parameters, heldOut, options));
    }
  }
  return results;
}

/** A part of a job, which reports its place in the whole. */
function partOf(
  { onProgress, signal }: JobOptions,
  place: { readonly first: number; readonly total: number },
): JobOptions {
  return {
    ...(signal && { signal }),
    onProgress: (event) => onProgress?.({ ...event, done: place.first + event.done, total: place.total }),
  };
}

function wearersOf(
  { faces, references, meshes }: PhysicalTask,
  { region, control }: WornRule,
  { sizePx, encoders }: { readonly sizePx: number; readonly encoders: number },
): Wearer[] {
  if (references.length !== faces.length || (meshes && meshes.length !== faces.length)) {
    throw new ShapeError(`${faces.length} faces, ${references.length} references and ${meshes?.length ?? 'no'} meshes`);
  }
  return faces.map((face, i) => {
    const own = references[i] as readonly Float32Array[];
    if (face.length !== 3 * sizePx ** 2) {
      throw new ShapeError(`a face of ${face.length} numbers, not [3,${sizePx},${sizePx}]`);
    }
    if (own.length !== encoders) {
      throw new InputError(`${encoders} thresholds for ${own.length} encoders`, {
        hint: 'give one for each encoder of the gradient',
      });
    }
    const mask = region(sizePx, meshes?.[i]);
    if (!mask.some((value) => value > 0)) {
      throw new InputError('there is nothing of the region within the aligned face', {
        hint: 'a mesh is to be in units of the canonical frame',
      });
    }
    return { face, references: own, mask, controlMask: control.region?.(sizePx, meshes?.[i]) ?? mask };
  });
}

function requireCount(what: string, count: number): void {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new InputError(`${count} ${what}`, { hint: 'give a whole number above 0' });
  }
}
