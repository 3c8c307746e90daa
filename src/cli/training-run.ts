import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Graph } from '../graph/graph.ts';
import { readGraph, writeGraph } from '../graph/onnx-file.ts';
import { quantiseWeights } from '../graph/quantisation.ts';
import { readCheckpoint, writeCheckpoint } from '../nn/checkpoint.ts';
import type { TrainingState } from '../nn/training.ts';
import { InputError, ModelFileError } from '../util/errors.ts';
import { positiveNumber, wholeNumber } from './option-values.ts';

/** Options of every command that trains. */
export const trainingArgs = {
  steps: { type: 'string', description: 'training steps', default: '3000', valueHint: 'n' },
  batch: { type: 'string', description: 'faces in a step', default: '32', valueHint: 'n' },
  'learning-rate': { type: 'string', description: 'peak of the learning rate', default: '0.001', valueHint: 'x' },
  seed: { type: 'string', description: 'seed of everything random', default: '1', valueHint: 'n' },
  out: { type: 'string', description: 'the model to write', required: true, valueHint: 'file.onnx' },
  'checkpoint-every': { type: 'string', description: 'steps between two checkpoints', default: '100', valueHint: 'n' },
  resume: { type: 'boolean', description: 'go on from the checkpoint beside --out' },
  int8: { type: 'boolean', description: 'keep large weights as int8: a quarter of the size' },
} as const;

/** The numbers of {@link trainingArgs}. @throws InputError where one is none. */
export function trainingNumbers(
  args: Readonly<Record<'steps' | 'batch' | 'learning-rate' | 'seed' | 'checkpoint-every', string>>,
  { leastBatch }: { readonly leastBatch: number },
) {
  return {
    steps: wholeNumber(args.steps, '--steps', { min: 1 }),
    batchSize: wholeNumber(args.batch, '--batch', { min: leastBatch }),
    learningRate: positiveNumber(args['learning-rate'], '--learning-rate'),
    seed: wholeNumber(args.seed, '--seed'),
    checkpointSteps: wholeNumber(args['checkpoint-every'], '--checkpoint-every', { min: 1 }),
  };
}

/** The checkpoint of an unfinished training, beside the model that it will write. */
export interface TrainingRun {
  /** Whether `out` already holds the finished model of this very problem, so that there is nothing to train. */
  readonly finished: boolean;
  readonly resume: TrainingState | undefined;
  readonly onCheckpoint: (state: TrainingState) => Promise<void>;
  /** Writes the finished model, with the hash of its problem as `metadata.training`, and removes the checkpoint. */
  finish(graph: Graph): Promise<void>;
}

/**
 * Opens the run of a training.
 *
 * @param out - of the model, in a folder that is there.
 * @param problem - everything that decides the weights; a checkpoint of another problem is not resumed.
 * @param options.optional - with `resume`, begin where there is nothing to go on from.
 * @throws InputError where there is nothing to resume, or something is in the way that was not asked to be resumed.
 */
export async function openTrainingRun(
  out: string,
  problem: string,
  options: {
    readonly resume: boolean;
    readonly int8: boolean;
    readonly optional?: boolean;
  },
): Promise<TrainingRun> {
  const path = `${out}.checkpoint`;
  const bytes = await readFile(path).catch(() => undefined);
  const training = createHash('sha256').update(problem).digest('hex');
  const finished = options.resume && !bytes && (await trainingOf(out)) === training;
  if (options.resume && !bytes && !finished && !options.optional)
    throw new InputError(`there is no ${path} to go on from`, { hint: 'leave out --resume to begin' });
  if (!options.resume && bytes) {
    throw new InputError(`${path} holds an unfinished training`, {
      hint: 'add --resume to go on, or delete it to begin anew',
    });
  }
  return {
    finished,
    resume: bytes && checkpointIn(bytes, path, problem),
    onCheckpoint: async (state) => {
      // Written aside and renamed: a checkpoint that is there is whole, whenever the process was killed.
      await writeFile(`${path}.part`, writeCheckpoint(state, { problem }));
      await rename(`${path}.part`, path);
    },
    finish: async (graph) => {
      const marked = { ...graph, metadata: { ...graph.metadata, training } };
      await writeFile(out, writeGraph(options.int8 ? quantiseWeights(marked) : marked));
      await rm(path, { force: true });
    },
  };
}

/** {@link readCheckpoint} of a file, which its errors name. */
function checkpointIn(bytes: Uint8Array, path: string, problem: string): TrainingState {
  try {
    return readCheckpoint(bytes, { problem });
  } catch (cause) {
    if (!(cause instanceof ModelFileError)) throw cause;
    throw new ModelFileError(`${path}: ${cause.message}`, {
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    });
  }
}

/** What training a model that is there says it came from. */
async function trainingOf(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && readGraph(bytes).metadata.training;
}
