import { ShapeError } from '../util/errors.ts';
import { GraphBuilder, inputShape, type Value } from './builder.ts';
import type { Graph } from './graph.ts';
import type { Shape } from './tensor.ts';
import { validateGraph } from './validate.ts';

export interface CompileOptions {
  /** Extent of the first dimension of every input; default: what the file says, 1 where it is free. */
  readonly batch?: number;
  /** Shapes by input name, for those with other free dimensions. */
  readonly shapes?: Readonly<Record<string, Shape>>;
}

/**
 * The same graph with static shapes and in operator set 17: shape arithmetic folded, unused nodes gone, inputs, outputs and metadata
 * kept. Weights are shared with `graph`, not copied.
 *
 * @throws ModelFileError, UnsupportedOpError as `validateGraph` does; ShapeError where a dimension is still free or does not fit.
 */
export function compile(graph: Graph, options: CompileOptions = {}): Graph {
  validateGraph(graph);
  const { batch, shapes = {} } = options;
  const builder = new GraphBuilder(graph.name);
  const inputs: Record<string, Value> = {};
  for (const info of graph.inputs) {
    const shape = Object.hasOwn(shapes, info.name) ? shapes[info.name] : undefined;
    const wanted = { ...(batch === undefined ? {} : { batch }), ...(shape ? { shape } : {}) };
    inputs[info.name] = builder.input(info.name, inputShape(info, wanted), info.dtype);
  }
  for (const name of Object.keys(shapes)) {
    if (!Object.hasOwn(inputs, name)) {
      throw new ShapeError(`graph "${graph.name}" has no input "${name}"`, {
        hint: `its inputs: ${Object.keys(inputs).join(', ')}`,
      });
    }
  }
  const outputs = builder.import(graph, { inputs, batchIsFree: batch !== undefined || Object.keys(shapes).length > 0 });
  for (const [name, value] of Object.entries(outputs)) builder.output(name, value);
  builder.describe(graph.metadata);
  return builder.build();
}
