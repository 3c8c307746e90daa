import type { EncoderView } from '../../encoder/encoder.ts';
import { sampleView } from '../../encoder/view.ts';
import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { gradients } from '../../graph/differentiate.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, mul, neg, square } from '../../graph/ops/arithmetic.ts';
import { reduceMean, reduceSum } from '../../graph/ops/reduction.ts';
import { float32, joinRows, scalar, type Tensor, toNumbers } from '../../graph/tensor.ts';
import { adam, scalarInputs } from '../../nn/optimisers.ts';
import { createSession, type Session, type SessionOptions } from '../../runtime/session.ts';
import { ShapeError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import { PLAIN_VIEW, randomView, type ViewRange, viewInputs, viewTensors } from './random-views.ts';

/** A generator: latents to faces. */
export interface Generator {
  /** Input `latent` [N,Z], output `face` [N,3,128,128], RGB 0..1, filling the canonical frame. Standard normal latents give faces. */
  readonly graph: Graph;
  readonly latentSize: number;
}

/** What a generated face is to come to in the eyes of a network: to be like a template, or to belong to a class. */
export interface LatentObjective {
  /** The part of the face that the network looks at. */
  readonly view: EncoderView;
  /** Numbers of a goal: of a template, or one for each class. */
  readonly goalSize: number;
  /**
   * @param seen - faces as the network sees them [N,3,view.heightPx,view.widthPx], RGB, 0..1.
   * @param goals - [N,goalSize].
   * @returns `match` [N], which is raised, and `figure` [N], which is recorded at each iteration; they may be the same.
   */
  build(seen: Value, goals: Value): { readonly match: Value; readonly figure: Value };
}

/** One latent to optimise. */
export interface LatentTask {
  readonly start: Float32Array;
  readonly goal: Float32Array;
}

/** Options of {@link optimiseLatents}. */
export interface LatentOptimisationOptions extends JobOptions, SessionOptions {
  /** Default 100. */
  readonly iterations?: number;
  /** Default 0.05. */
  readonly learningRate?: number;
  /** Weight of the prior: mean of the squared latents, which are standard normal. Default 0, the patent's. */
  readonly priorWeight?: number;
  /** Sees each step through a view that is shifted up to 3 units, scaled up to 5 % and mirrored at random, so that the result is a face and not a quirk of the network. Default false. */
  readonly augmented?: boolean;
  /** Latents optimised at once; default 8. */
  readonly batchSize?: number;
  readonly random: Random;
}

/** What the optimisation of one latent gave. */
export interface OptimisedLatent {
  readonly latent: Float32Array;
  /** Planar [3,128,128], RGB, 0..1. */
  readonly face: Float32Array;
  /** The objective's figure at each iteration, as the (augmented) view gave it. */
  readonly figures: readonly number[];
}

/** What a batch is optimised with. */
interface Models {
  readonly generator: Generator;
  readonly objective: LatentObjective;
}

/** Of the views of {@link LatentOptimisationOptions.augmented}. */
const STEP_VIEWS: ViewRange = { shift: 3, scale: [0.95, 1.05] };

const OPTIMISER = adam({ beta1: 0.9, beta2: 0.99 });

/**
 * Optimises latents through a generator and a network whose weights are at hand: latent -> generator -> face -> network -> objective, carried back into the
 * latent by Adam, a preset number of times. One graph holds a whole iteration; latents are optimised in batches, each on its own.
 *
 * Cost: about 40 ms a latent and iteration on two cores for a MobileFaceNet.
 */
export async function optimiseLatents(
  tasks: readonly LatentTask[],
  models: Models,
  options: LatentOptimisationOptions,
): Promise<OptimisedLatent[]> {
  const { batchSize = 8, random } = options;
  const size = Math.min(batchSize, Math.max(1, tasks.length));
  const session = await createSession(iterationGraph(models, size, options.priorWeight ?? 0), options);
  const results: OptimisedLatent[] = [];
  try {
    for (let first = 0; first < tasks.length; first += size) {
      // A last batch that is not full is filled up with its last latent.
      const batch = Array.from({ length: size }, (_, i) => tasks[Math.min(first + i, tasks.length - 1)] as LatentTask);
      const done = await optimiseBatch(
        session,
        batch,
        models,
        { ...options, random: random.fork(`batch ${first}`) },
        (iteration, total) =>
          options.onProgress?.({
            stage: 'optimising latents',
            done: first + (Math.min(size, tasks.length - first) * iteration) / total,
            total: tasks.length,
          }),
      );
      results.push(...done.slice(0, tasks.length - first));
    }
  } finally {
    await session.release();
  }
  return results;
}

async function optimiseBatch(
  session: Session,
  batch: readonly LatentTask[],
  { generator, objective }: Models,
  options: LatentOptimisationOptions,
  onIteration: (iteration: number, total: number) => void,
): Promise<OptimisedLatent[]> {
  const { iterations = 100, learningRate = 0.05, random } = options;
  const size = batch.length;
  const zeros = (): Tensor => float32(new Float32Array(size * generator.latentSize), [size, generator.latentSize]);
  const goal = float32(joinRows(batch.map((task) => task.goal)), [size, objective.goalSize]);
  let state: Record<string, Tensor> = {
    latent: float32(joinRows(batch.map(({ start }) => start)), [size, generator.latentSize]),
    mean: zeros(),
    square: zeros(),
  };
  const figures: number[][] = batch.map(() => []);
  const plain = viewTensors(
    objective.view,
    batch.map(() => PLAIN_VIEW),
  );
  const views = (): Record<'rows' | 'columns', Tensor> =>
    options.augmented
      ? viewTensors(
          objective.view,
          batch.map(() => randomView(STEP_VIEWS, random)),
        )
      : plain;
  for (let i = 0; i < iterations; i++) {
    throwIfAborted(options);
    // The step falls to a tenth, so that the end settles.
    const rate = learningRate * (0.1 + 0.9 * 0.5 * (1 + Math.cos((Math.PI * i) / iterations)));
    const feeds = { ...state, goal, ...views(), ...scalarFeeds(i + 1, rate) };
    const results = await session.run(feeds, ['next/latent', 'next/mean', 'next/square', 'figure']);
    state = {
      latent: tensor(results, 'next/latent'),
      mean: tensor(results, 'next/mean'),
      square: tensor(results, 'next/square'),
    };
    toNumbers(tensor(results, 'figure')).forEach((value, row) => {
      figures[row]?.push(value);
    });
    onIteration(i + 1, iterations);
  }
  const faces = tensor(await session.run({ ...state, goal, ...plain, ...scalarFeeds(1, 0) }, ['face']), 'face');
  const latents = tensor(state, 'latent');
  return batch.map((_, row) => ({
    latent: rowOf(latents, row),
    face: rowOf(faces, row),
    figures: figures[row] ?? [],
  }));
}

const scalarFeeds = (step: number, learningRate: number): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(OPTIMISER.scalars(step, learningRate)).map(([name, value]) => [name, scalar(value)]),
  );

/** One iteration for a batch of latents. */
function iterationGraph({ generator, objective }: Models, size: number, priorWeight: number): Graph {
  const builder = new GraphBuilder('latent-optimisation');
  const latent = builder.input('latent', [size, generator.latentSize]);
  const goal = builder.input('goal', [size, objective.goalSize]);
  const state = OPTIMISER.slots.map((slot) => builder.input(slot, latent.shape));
  const scalars = scalarInputs(builder, OPTIMISER);
  const { face } = builder.import(generator.graph, { inputs: { latent } });
  if (!face) throw new ShapeError(`the graph "${generator.graph.name}" has no output "face"`);
  const { rows, columns } = viewInputs(builder, objective.view, size);
  const { match, figure } = objective.build(sampleView(face, rows, columns), goal);
  const mismatch = neg(reduceSum(match));
  // Summed over latents: each one's gradient is as if it were alone.
  const loss = priorWeight > 0 ? add(mismatch, mul(reduceSum(reduceMean(square(latent), [1])), priorWeight)) : mismatch;
  const [gradient] = gradients(loss, [latent]) as [Value];
  const update = OPTIMISER.apply(latent, gradient, state, scalars);
  builder.output('next/latent', update.weight);
  update.state.forEach((value, i) => {
    builder.output(`next/${OPTIMISER.slots[i]}`, value);
  });
  builder.output('figure', figure);
  builder.output('face', face);
  return builder.build();
}

function tensor(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = tensors[name];
  if (!found) throw new ShapeError(`the graph gave no "${name}"`);
  return found;
}

/** A copy of row `row` of a float32 tensor. */
function rowOf(tensor: Tensor, row: number): Float32Array {
  if (tensor.dtype !== 'float32') throw new ShapeError(`wanted float32, got ${tensor.dtype}`);
  const width = tensor.data.length / (tensor.shape[0] as number);
  return tensor.data.slice(row * width, (row + 1) * width);
}
