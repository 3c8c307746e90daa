import { GraphBuilder, type Value } from '../graph/builder.ts';
import { gradients } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { type DataType, type Shape, scalar, type Tensor, type TypedTensor, toNumbers } from '../graph/tensor.ts';
import { createSession, type SessionOptions, type Tensors } from '../runtime/session.ts';
import { ShapeError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { clipByGlobalNorm, freshState, type Optimiser, scalarInputs } from './optimisers.ts';
import { type Parameters, TrainableParameters, type Weights } from './parameters.ts';

/** Name, shape and element type (default float32) of what a batch feeds. */
export type BatchShape = Readonly<Record<string, { readonly shape: Shape; readonly dtype?: DataType }>>;

/** What a training graph computes from a batch: the loss, and figures worth watching. */
export interface Objective {
  readonly loss: Value;
  /**
   * Of a game of several players, such as a generator and its critics: what moves the weights whose names begin with this prefix, instead of `loss`. All move at once,
   * each from where the others stood before the step.
   */
  readonly players?: Readonly<Record<string, Value>>;
  /** Prefixes of the weights and buffers that change at all; default: all of them. */
  readonly moving?: readonly string[];
  readonly figures?: Readonly<Record<string, Value>>;
  /** Tensors of a step that are worth keeping, such as what a policy chose: {@link TrainOptions.onObserved} gets them. */
  readonly observed?: Readonly<Record<string, Value>>;
}

/** A training problem: how a batch becomes a loss. */
export interface Problem {
  readonly name: string;
  readonly batch: BatchShape;
  /** @param turn - one of {@link Problem.turns}. */
  readonly build: (parameters: Parameters, batch: Readonly<Record<string, Value>>, turn: string) => Objective;
  /** Of a game whose players do not all move in every step: the turns that there are, each a graph of its own, and which one a step (counted from 0) is. Default: one, ''. */
  readonly turns?: { readonly names: readonly string[]; readonly at: (step: number) => string };
  readonly optimiser: Optimiser;
  /** Upper bound of the gradients' common norm; default: none. */
  readonly clipNorm?: number;
  readonly seed: number;
}

/** A whole step as one graph: forward, backward, optimiser. State goes in under its name and comes out under `next/<name>`. */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly initial: ReadonlyMap<string, Tensor>;
  /** Names of the weights and buffers: what makes up the model. The rest of the state is the optimiser's. */
  readonly modelNames: readonly string[];
  readonly figureNames: readonly string[];
}

/** Builds the training graph of a problem, of one of its turns. */
export function buildTrainingGraph(problem: Problem, turn = ''): TrainingGraph {
  const builder = new GraphBuilder(problem.name);
  const parameters = new TrainableParameters(builder, new Random(problem.seed).fork('weights'));
  const batch: Record<string, Value> = {};
  for (const [name, { shape, dtype }] of Object.entries(problem.batch)) batch[name] = builder.input(name, shape, dtype);
  const objective = problem.build(parameters, batch, turn);
  const { loss, figures = {}, observed = {}, moving } = objective;
  const moves = (name: string): boolean => moving?.some((prefix) => name.startsWith(prefix)) ?? true;
  const scalars = scalarInputs(builder, problem.optimiser);
  const weights = new Map([...parameters.weights].filter(([name]) => moves(name)));
  const names = [...weights.keys()];
  const raw = gradientsOf(objective, weights);
  const bounded = problem.clipNorm === undefined ? raw : clipByGlobalNorm(raw, problem.clipNorm);

  const initial = new Map<string, Tensor>(parameters.initial);
  names.forEach((name, i) => {
    const weight = weights.get(name);
    const start = parameters.initial.get(name);
    const gradient = bounded[i];
    if (!weight || !start || !gradient) throw new ShapeError(`weight "${name}" has no gradient`);
    const slots = problem.optimiser.slots.map((slot) => `${slot}/${name}`);
    freshState(problem.optimiser, start).forEach((tensor, k) => {
      initial.set(slots[k] as string, tensor);
    });
    const state = slots.map((slot) => builder.input(slot, weight.shape));
    const update = problem.optimiser.apply(weight, gradient, state, scalars);
    builder.output(`next/${name}`, update.weight);
    update.state.forEach((value, k) => {
      builder.output(`next/${slots[k]}`, value);
    });
  });
  for (const [name, buffer] of parameters.buffers) {
    if (moves(name)) builder.output(`next/${name}`, parameters.updates.get(name) ?? buffer);
  }
  const watched: Record<string, Value> = { loss, ...figures };
  for (const [name, value] of Object.entries(watched)) builder.output(`figure/${name}`, value);
  for (const [name, value] of Object.entries(observed)) builder.output(`observed/${name}`, value);
  return {
    graph: builder.build(),
    initial,
    modelNames: [...parameters.weights.keys(), ...parameters.buffers.keys()],
    figureNames: Object.keys(watched),
  };
}

/** For each weight the gradient of what moves it. */
function gradientsOf({ loss, players = {} }: Objective, weights: ReadonlyMap<string, Value>): Value[] {
  const losses = new Map(
    [...weights.keys()].map((name) => {
      const player = Object.keys(players).find((prefix) => name.startsWith(prefix));
      return [name, player === undefined ? loss : (players[player] as Value)];
    }),
  );
  const found = new Map<string, Value>();
  for (const [moving, names] of Map.groupBy(weights.keys(), (name) => losses.get(name) as Value)) {
    gradients(
      moving,
      names.map((name) => weights.get(name) as Value),
    ).forEach((gradient, i) => {
      found.set(names[i] as string, gradient);
    });
  }
  return [...weights.keys()].map((name) => found.get(name) as Value);
}

/** Everything that a training needs to go on exactly where it was. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Running average of the weights and buffers, which makes the finished model. */
  readonly average: ReadonlyMap<string, TypedTensor<'float32'>>;
}

/** A learning rate that rises to `peak` over the first 2 % of the steps, and falls along half a cosine to a hundredth of it. */
export function cosineSchedule(peak: number, steps: number): (step: number) => number {
  const warmup = Math.max(1, Math.round(steps * 0.02));
  return (step) =>
    peak * Math.min(1, (step + 1) / warmup) * (0.01 + 0.99 * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
}

/** Why a state is handed out: it was due, or the training is about to stop on request, at a step that nobody planned. */
export type CheckpointReason = 'due' | 'interrupted';

/** How a training runs. */
export interface TrainOptions extends JobOptions, SessionOptions {
  readonly steps: number;
  /** The batch of a step, counted from 0. It must depend on the step alone (and a seed), so that a resumed training sees the same batches. */
  readonly batch: (step: number) => Tensors | Promise<Tensors>;
  /** Learning rate at a step, counted from 0. */
  readonly learningRate: (step: number) => number;
  /** Steps over which weights are averaged, about; default 200. 0: no average, the last weights are the model. */
  readonly averageSteps?: number;
  /** Weights of another model to begin with; those that are missing there or have another shape begin fresh. */
  readonly startFrom?: Weights;
  /** A state to go on from, instead of the beginning. */
  readonly resume?: TrainingState;
  /** Called every `checkpointSteps` (default 100), at the end and where the signal is aborted in between, with a state that {@link TrainOptions.resume} takes. */
  readonly onCheckpoint?: (state: TrainingState, why: CheckpointReason) => Promise<void>;
  readonly checkpointSteps?: number;
  /** Called with {@link Objective.observed} of each step, counted from 0. */
  readonly onObserved?: (observed: Tensors, step: number) => void;
}

/** The average is brought up to date every this many steps: it is 10 ms of copying, and the weights move little between. */
const AVERAGE_EVERY = 8;

/**
 * Trains until `steps`, and gives the model's averaged weights. The same problem, seed and steps give the same weights, resumed or not.
 *
 * @throws InterruptedError where the signal was aborted, after a checkpoint of the last step.
 */
export async function train(problem: Problem, options: TrainOptions): Promise<Weights> {
  const { names, at } = problem.turns ?? { names: [''], at: () => '' };
  const graphs = new Map(names.map((turn) => [turn, buildTrainingGraph(problem, turn)]));
  const initial = new Map([...graphs.values()].flatMap((turn) => [...turn.initial]));
  const modelNames = [...new Set([...graphs.values()].flatMap((turn) => turn.modelNames))];
  const { averageSteps = 200, checkpointSteps = 100 } = options;
  await using turns = await openTurns(graphs, options);
  const tensors = new Map(options.resume?.tensors ?? withWeights(initial, options.startFrom));
  let average = new Map(options.resume?.average ?? floatTensors(tensors, modelNames));
  let step = options.resume?.step ?? 0;
  let keptAt = step;
  const checkpoint = async (why: CheckpointReason): Promise<void> => {
    if (step === keptAt) return;
    await options.onCheckpoint?.({ step, tensors: new Map(tensors), average }, why);
    keptAt = step;
  };
  const keep = averageSteps > 0 ? Math.exp(-AVERAGE_EVERY / averageSteps) : 0;
  const moves = new Map<string, number>();
  const nextMove = (turn: string): number => moves.set(turn, (moves.get(turn) ?? 0) + 1).get(turn) as number;
  for (let before = 0; before < step; before++) nextMove(at(before));
  while (step < options.steps) {
    if (options.signal?.aborted) await checkpoint('interrupted');
    throwIfAborted(options);
    const turn = at(step);
    // An optimiser's first steps are special, and a player's are those of its own turns.
    const scalars = problem.optimiser.scalars(nextMove(turn), options.learningRate(step));
    const feeds: Record<string, Tensor> = { ...(await options.batch(step)), ...Object.fromEntries(tensors) };
    for (const [name, value] of Object.entries(scalars)) feeds[name] = scalar(value);
    const { next, figures, observed } = await turns.run(turn, feeds);
    for (const [name, tensor] of next) tensors.set(name, tensor);
    options.onObserved?.(observed, step);
    step++;
    if (step % AVERAGE_EVERY === 0 || step === options.steps) {
      // Early on the average follows quickly, so that it does not remember the first random weights.
      average = blend(average, floatTensors(tensors, modelNames), Math.min(keep, step / (step + 10 * AVERAGE_EVERY)));
    }
    options.onProgress?.({ stage: `training ${problem.name}`, done: step, total: options.steps, figures });
    if (step % checkpointSteps === 0 || step === options.steps) await checkpoint('due');
  }
  return average;
}

/** What a step gave: the state that it changed, its figures, and what was to be observed. */
interface StepResult {
  readonly next: ReadonlyMap<string, Tensor>;
  readonly figures: Readonly<Record<string, number>>;
  readonly observed: Tensors;
}

/** A session for each turn of a training. */
interface Turns extends AsyncDisposable {
  run(turn: string, feeds: Tensors): Promise<StepResult>;
}

async function openTurns(graphs: ReadonlyMap<string, TrainingGraph>, options: SessionOptions): Promise<Turns> {
  const sessions = new Map<string, Awaited<ReturnType<typeof createSession>>>();
  for (const [turn, { graph }] of graphs) sessions.set(turn, await createSession(graph, options));
  return {
    async run(turn, feeds) {
      const [session, training] = [sessions.get(turn), graphs.get(turn)];
      if (!session || !training) throw new ShapeError(`the problem has no turn "${turn}"`);
      const own = training.graph.inputs.flatMap(({ name }) => (feeds[name] ? [[name, feeds[name]] as const] : []));
      const results = await session.run(Object.fromEntries(own));
      const under = (prefix: string): (readonly [string, Tensor])[] =>
        Object.entries(results).flatMap(([name, tensor]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
        );
      const figures = training.figureNames.map((name): [string, number] => [
        name,
        toNumbers(results[`figure/${name}`] as Tensor)[0] as number,
      ]);
      return {
        next: new Map(under('next/')),
        figures: Object.fromEntries(figures),
        observed: Object.fromEntries(under('observed/')),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions.values()) await session.release();
    },
  };
}

function withWeights(initial: ReadonlyMap<string, Tensor>, weights: Weights = new Map()): Map<string, Tensor> {
  return new Map(
    [...initial].map(([name, tensor]) => {
      const given = weights.get(name);
      return [name, given && given.shape.join() === tensor.shape.join() ? given : tensor];
    }),
  );
}

function floatTensors(
  tensors: ReadonlyMap<string, Tensor>,
  names: readonly string[],
): Map<string, TypedTensor<'float32'>> {
  return new Map(
    names.map((name) => {
      const tensor = tensors.get(name);
      if (tensor?.dtype !== 'float32')
        throw new ShapeError(`"${name}" is missing from the training state, or is not float32`);
      return [name, tensor];
    }),
  );
}

/** keep * old + (1 - keep) * now, in new arrays. */
function blend(old: Weights, now: Weights, keep: number): Map<string, TypedTensor<'float32'>> {
  const out = new Map<string, TypedTensor<'float32'>>();
  for (const [name, { shape, data }] of now) {
    const before = old.get(name)?.data ?? data;
    const mixed = new Float32Array(data.length);
    for (let i = 0; i < mixed.length; i++) mixed[i] = keep * (before[i] as number) + (1 - keep) * (data[i] as number);
    out.set(name, { dtype: 'float32', shape, data: mixed });
  }
  return out;
}
