import type { GraphBuilder, Value } from './builder.ts';
import type { Node } from './graph.ts';

/** Adds a node of operator set `opset` in the form of operator set 17. */
export function upgradeNode(
  builder: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
  _opset: number,
): readonly (Value | undefined)[] {
  const { attributes, name, domain } = node;
  return builder.apply(node.op, inputs, { attributes, outputCount: node.outputs.length, name, domain });
}
