import type { Graph } from '../../../graph/graph.ts';
import { float32, sizeOf } from '../../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ModelFileError, ShapeError } from '../../../util/errors.ts';
import type { AttributeModel } from './attack.ts';

/** Rows in one run. */
const BATCH_SIZE = 128;

/** A graph as a function of one row at a time. */
export interface RowFunction {
  /** @throws ShapeError where an input has not the graph's numbers. */
  apply(inputs: readonly Float32Array[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Opens a graph of one input [N,...] and one output [N,M], both float32, N free. */
export async function openRowFunction(graph: Graph, options: SessionOptions): Promise<RowFunction> {
  const [input, output] = [graph.inputs[0], graph.outputs[0]];
  const extents = (input?.shape ?? []).slice(1).map(Number);
  if (!input || !output) throw new ModelFileError(`graph "${graph.name}" has no input or no output`);
  const size = sizeOf(extents);
  const session = await createSession(graph, options);
  const applyBatch = async (rows: readonly Float32Array[]): Promise<Float32Array[]> => {
    const data = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      if (row.length !== size) throw new ShapeError(`"${graph.name}" takes ${size} numbers, got ${row.length}`);
      data.set(row, i * size);
    });
    const result = (await session.run({ [input.name]: float32(data, [rows.length, ...extents]) }))[output.name];
    if (result?.dtype !== 'float32') throw new ModelFileError(`graph "${graph.name}" gives no float32 rows`);
    const width = result.data.length / rows.length;
    return rows.map((_, i) => result.data.slice(i * width, (i + 1) * width));
  };
  return {
    apply: async (inputs) => {
      const rows: Float32Array[] = [];
      for (let start = 0; start < inputs.length; start += BATCH_SIZE) {
        rows.push(...(await applyBatch(inputs.slice(start, start + BATCH_SIZE))));
      }
      return rows;
    },
    close: () => session.release(),
  };
}

/** What an attack has learnt, where that is a graph as {@link openRowFunction} takes it. */
export async function openAttributeModel(graph: Graph, options: SessionOptions): Promise<AttributeModel> {
  const { apply, close } = await openRowFunction(graph, options);
  return { score: apply, close };
}
