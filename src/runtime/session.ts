import './telemetry.ts';

import * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.ts';
import { writeGraph } from '../graph/onnx-file.ts';
import { withQuickPrelu } from '../graph/quick-prelu.ts';
import type { DataType, Tensor } from '../graph/tensor.ts';
import { ModelFileError, ShapeError } from '../util/errors.ts';
import { type Device, executionProviders } from './device.ts';

/** Tensors by the name of the input or output. */
export type Tensors = Readonly<Record<string, Tensor>>;

export interface SessionOptions {
  /** Default 'cpu'. */
  readonly device?: Device;
  /** Threads inside one operator; default: one for each core. */
  readonly threads?: number;
}

/** A graph ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the graph; `outputs` limits what is computed and copied. @throws ShapeError where a feed is missing or does not fit. */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/**
 * Makes a session of a graph, or of a `.onnx` file's bytes as they are.
 *
 * @throws CapabilityError where the device is not offered here; ModelFileError where ONNX Runtime refuses the graph.
 */
export async function createSession(model: Graph | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const bytes = model instanceof Uint8Array ? model : writeGraph(withQuickPrelu(model));
  const providers = executionProviders(options.device ?? 'cpu');
  let session: ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(bytes, {
      executionProviders: [...providers],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Threads that wait for work sleep instead of spinning: on a machine that does anything else, spinning costs more than waking.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    });
  } catch (cause) {
    throw new ModelFileError(`ONNX Runtime refuses the model: ${messageOf(cause)}`, { cause });
  }
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, outputs = session.outputNames) {
      const inputs: Record<string, ort.Tensor> = {};
      for (const [name, tensor] of Object.entries(feeds)) inputs[name] = toOrt(tensor);
      let results: ort.InferenceSession.OnnxValueMapType;
      try {
        results = await session.run(inputs, [...outputs]);
      } catch (cause) {
        throw new ShapeError(`ONNX Runtime could not run the graph: ${messageOf(cause)}`, { cause });
      }
      const tensors: Record<string, Tensor> = {};
      for (const [name, value] of Object.entries(results)) tensors[name] = fromOrt(value as ort.Tensor);
      return tensors;
    },
    release: () => session.release(),
  };
}

function toOrt(tensor: Tensor): ort.Tensor {
  return new ort.Tensor(tensor.dtype, tensor.data as never, tensor.shape);
}

function fromOrt(value: ort.Tensor): Tensor {
  return { dtype: value.type as DataType, shape: value.dims, data: value.data } as Tensor;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
