import { differentiate } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { FacewardError, UnsupportedOpError } from '../util/errors.ts';
import type { Encoder } from './encoder.ts';

/** What is known of an encoder, and so which attacks its operator has to reckon with. */
export interface Judgement {
  readonly access: 'white-box' | 'black-box';
  /** One clause that goes on from "white-box, because …". */
  readonly reason: string;
}

/** How {@link judgeEncoder} judges. */
export interface JudgeOptions {
  /** Build the gradient to be sure that every operator has one (tens of milliseconds). Default true; false believes any graph. */
  readonly tryGradient?: boolean;
}

/**
 * The judging module: white-box where architecture and weights are at hand and the gradient can be built, else black-box, and why.
 *
 * Source: the patent's choice of the restoring module (reference/inversion.md, "Choice").
 */
export function judgeEncoder(encoder: Pick<Encoder, 'graph'>, options: JudgeOptions = {}): Judgement {
  const { graph } = encoder;
  if (!graph) return { access: 'black-box', reason: 'only its answers can be had, not its weights' };
  const obstacle = options.tryGradient === false ? undefined : gradientObstacle(graph);
  if (obstacle !== undefined) return { access: 'black-box', reason: `its weights are at hand, but ${obstacle}` };
  return {
    access: 'white-box',
    reason:
      options.tryGradient === false ? 'its weights are at hand' : 'its weights are at hand and it is differentiable',
  };
}

/** What stands in the way of the gradient of the embedding with respect to the face; undefined where nothing does. */
function gradientObstacle(graph: Graph): string | undefined {
  try {
    const differentiated = differentiate(graph, { of: 'embedding', wrt: ['face'], batch: 1, seeded: true });
    if (dependsOn(differentiated, 'gradient_face', 'seed_embedding')) return undefined;
    const quantised = graph.nodes.some(({ op }) => isRounding(op)) ? 'it is quantised: ' : '';
    return `${quantised}no gradient flows from its embedding to its image`;
  } catch (error) {
    if (error instanceof UnsupportedOpError) {
      return `${isRounding(error.op) ? 'it is quantised: ' : ''}its operator ${error.op} (node "${error.node}") has no gradient here`;
    }
    if (error instanceof FacewardError) return `its gradient cannot be built: ${error.message}`;
    throw error;
  }
}

/** Whether an operator is one of those that compute with rounded numbers. */
const isRounding = (op: string): boolean => /quantize|QLinear|Integer/i.test(op);

/** Whether output `name` is computed from input `from`: a gradient of plain zeros is not. */
function dependsOn(graph: Graph, name: string, from: string): boolean {
  const needed = new Set([name]);
  for (const node of graph.nodes.toReversed()) {
    if (node.outputs.some((output) => needed.has(output))) for (const input of node.inputs) needed.add(input);
  }
  return needed.has(from);
}
