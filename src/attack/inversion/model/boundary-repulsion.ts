import { throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { openGenerator } from '../generator-adapter.ts';
import {
  checkClasses,
  type InvertedClass,
  type ModelInversionAttack,
  type ModelInversionOptions,
  needOracle,
} from './attack.ts';
import type { LabelOracle } from './label-oracle.ts';

/** Points on a sphere. */
const POINTS = 32;

/** Radius of the first sphere, as a share of a standard normal latent's length: the source's 2 of 100 numbers. */
const FIRST_RADIUS = 0.2;

/** By how much the sphere grows once this share of its points is of the class. */
const GROWTH = { factor: 1.3, share: 0.75 } as const;

/** The longest step, as a share of that length. */
const LONGEST_STEP = 0.3;

/** How far each number of a latent may be from nought: further out the generator gives no faces. */
const POINT_LIMIT = 1.5;

/** Faces asked about at once in the search for starts. */
const BATCH = 32;

/** Sends latents' faces to the system. */
type Ask = (latents: readonly Float32Array[]) => Promise<number[]>;

/** Where the walk of one latent ended. */
interface Walked {
  readonly latent: Float32Array;
  /** Radius of the greatest sphere about it of which more than the share of {@link GROWTH} is of the class: how deep inside it lies. 0 where there was none. */
  readonly radius: number;
}

/**
 * Label-only model inversion: from a latent whose face has the label, away from those points of a sphere about it that have not, until the sphere is of the class and
 * a greater one is tried. What lies deepest in the class is most like its person.
 *
 * Source: Kahla et al. 2022 (Label-Only Model Inversion Attacks via Boundary Repulsion, BREP-MI), algorithm 1, with the settings of its published experiments.
 */
export const boundaryRepulsion: ModelInversionAttack = {
  id: 'label-only',
  name: 'label-only, boundary repulsion',
  access: 'label-only',
  description:
    'Walks in the latent space of a generator away from points whose faces the model gives another label, until ever greater spheres have the class’s (after BREP-MI, Kahla et al. 2022).',
  invert: async (classes, resources, options) => {
    const oracle = needOracle(boundaryRepulsion.name, resources);
    checkClasses(classes, oracle.classCount);
    const { generator } = resources;
    const opened = await openGenerator(generator, options);
    const ask: Ask = async (latents) => oracle.ask(await opened.generate(latents));
    try {
      const starts = await findStarts(classes, generator.latentSize, ask, options);
      const results: InvertedClass[] = [];
      for (const [i, label] of classes.entries()) {
        const before = oracle.queries;
        const random = options.random.fork(`walks of class ${label}`);
        const ends: Walked[] = [];
        for (const start of starts[i] ?? []) ends.push(await walkInwards(label, start, ask, oracle, random, options));
        const deepest = ends.toSorted((a, b) => b.radius - a.radius).map(({ latent }) => latent);
        results.push({ label, faces: await opened.generate(deepest), queries: oracle.queries - before });
        options.onProgress?.({ stage: 'walking inwards', done: i + 1, total: classes.length });
      }
      return results;
    } finally {
      await opened.close();
    }
  },
};

/** For each class as many random latents as faces are wanted, whose faces have its label; fewer where the draws give no more. */
async function findStarts(
  classes: readonly number[],
  latentSize: number,
  ask: Ask,
  options: ModelInversionOptions,
): Promise<Float32Array[][]> {
  const { draws = 2000, facesPerClass = 1 } = options;
  const random = options.random.fork('drawn latents');
  const starts = new Map(classes.map((label): [number, Float32Array[]] => [label, []]));
  const isMissing = (): boolean => [...starts.values()].some((found) => found.length < facesPerClass);
  for (let drawn = 0; drawn < draws && isMissing(); ) {
    throwIfAborted(options);
    const latents = Array.from({ length: Math.min(BATCH, draws - drawn) }, () =>
      random.normals(latentSize).map(withinLimit),
    );
    drawn += latents.length;
    (await ask(latents)).forEach((label, i) => {
      const found = starts.get(label);
      if (found && found.length < facesPerClass) found.push(latents[i] as Float32Array);
    });
    options.onProgress?.({ stage: 'seeking starts', done: drawn, total: draws });
  }
  return [...starts.values()];
}

async function walkInwards(
  label: number,
  start: Float32Array,
  ask: Ask,
  oracle: LabelOracle,
  random: Random,
  options: ModelInversionOptions,
): Promise<Walked> {
  const last = oracle.queries + (options.maxQueries ?? 5000);
  const usualLength = Math.sqrt(start.length);
  let [latent, radius] = [start, FIRST_RADIUS * usualLength];
  let deepest: Walked | undefined;
  // A round asks about a sphere and the step that it advises.
  while (oracle.queries + POINTS + 1 <= last) {
    throwIfAborted(options);
    const directions = Array.from({ length: POINTS }, () => randomDirection(start.length, random));
    const labels = await ask(directions.map((direction) => moved(latent, direction, radius)));
    const outside = directions.filter((_, i) => labels[i] !== label);
    const step = Math.min(radius / 3, LONGEST_STEP * usualLength);
    if (POINTS - outside.length > GROWTH.share * POINTS) {
      deepest = { latent, radius };
      radius *= GROWTH.factor;
    }
    if (outside.length === 0) continue;
    const next = moved(latent, meanOf(outside), (-step * outside.length) / POINTS).map(withinLimit);
    // A step that leaves the class is not taken; the next sphere advises another.
    if ((await ask([next]))[0] === label) latent = next;
  }
  return deepest ?? { latent, radius: 0 };
}

function randomDirection(size: number, random: Random): Float32Array {
  const direction = random.normals(size);
  const length = Math.hypot(...direction);
  return direction.map((value) => value / length);
}

function meanOf(directions: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(directions[0]?.length ?? 0);
  for (const direction of directions)
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + (direction[i] as number) / directions.length;
  return mean;
}

const moved = (latent: Float32Array, direction: Float32Array, by: number): Float32Array =>
  latent.map((value, i) => value + by * (direction[i] as number));

const withinLimit = (value: number): number => Math.min(POINT_LIMIT, Math.max(-POINT_LIMIT, value));
