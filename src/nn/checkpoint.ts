import { type Graph, OPSET } from '../graph/graph.ts';
import { readGraph, writeGraph } from '../graph/onnx-file.ts';
import type { Tensor, TypedTensor } from '../graph/tensor.ts';
import { ModelFileError } from '../util/errors.ts';
import type { TrainingState } from './training.ts';

/** Says of a file that it is a checkpoint, and in which form. */
const KIND = 'faceward-checkpoint/1';

/** Before the name of a tensor of the state, and of one of the average. */
const STATE = 'state:';
const AVERAGE = 'average:';

/** Names what a checkpoint belongs to. */
export interface CheckpointOptions {
  /** What is trained, on what, and how: a training is to be resumed from its own checkpoints alone. Default ''. */
  readonly problem?: string;
}

/**
 * The bytes of a training's state: an `.onnx` file without nodes, whose weights are the state's tensors, so that any ONNX viewer shows them.
 *
 * Every bit comes back from {@link readCheckpoint}. Cost: one copy of each tensor; about 0.1 s for the 8.5 M-parameter inverter with Adam (136 MB).
 *
 * @throws ModelFileError where it exceeds 2 GB.
 */
export function writeCheckpoint(state: TrainingState, options: CheckpointOptions = {}): Uint8Array {
  const { problem = '' } = options;
  const named = (prefix: string, tensors: ReadonlyMap<string, Tensor>) =>
    Array.from(tensors, ([name, tensor]) => [`${prefix}${name}`, tensor] as const);
  const graph: Graph = {
    name: 'checkpoint',
    opset: OPSET,
    inputs: [],
    outputs: [],
    nodes: [],
    initializers: new Map([...named(STATE, state.tensors), ...named(AVERAGE, state.average)]),
    metadata: { kind: KIND, step: String(state.step), problem },
  };
  return writeGraph(graph);
}

/**
 * Reads a training's state.
 *
 * @throws ModelFileError where the bytes are cut off, are no checkpoint, or are that of another problem.
 */
export function readCheckpoint(bytes: Uint8Array, options: CheckpointOptions = {}): TrainingState {
  const { initializers, metadata } = readGraph(bytes);
  const step = Number(metadata.step);
  if (metadata.kind !== KIND || !Number.isSafeInteger(step) || step < 0) {
    throw new ModelFileError('the file is no checkpoint of a training', { hint: 'start again without --resume' });
  }
  const { problem = '' } = options;
  if (metadata.problem !== problem) {
    // Neither is shown: what decides the weights of a private training is a secret.
    throw new ModelFileError('the checkpoint is of a training with other options, or other data', {
      hint: 'resume with the options that the training was started with, or start again without --resume',
    });
  }
  const tensors = new Map<string, Tensor>();
  const average = new Map<string, TypedTensor<'float32'>>();
  for (const [name, tensor] of initializers) {
    if (name.startsWith(STATE)) tensors.set(name.slice(STATE.length), tensor);
    else if (name.startsWith(AVERAGE) && tensor.dtype === 'float32') average.set(name.slice(AVERAGE.length), tensor);
    else throw new ModelFileError(`the checkpoint holds "${name}", which belongs to no part of it`);
  }
  return { step, tensors, average };
}
