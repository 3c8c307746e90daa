import { ModelFileError, UnsupportedOpError } from '../util/errors.ts';
import { type Graph, type Node, namesRead } from './graph.ts';
import { isReadable } from './opsets.ts';
import { sizeOf } from './tensor.ts';

/**
 * Checks that a graph holds together: names are unique, each is made before it is used, outputs exist, weights fill their shapes,
 * operators are known. Shapes are checked where they become static, by `compile`.
 *
 * @throws ModelFileError naming the node and the value; UnsupportedOpError naming every operator that is not known.
 */
export function validateGraph(graph: Graph): void {
  checkOperators(graph);
  const made = new Set<string>();
  const make = (name: string, what: string): void => {
    if (made.has(name))
      throw new ModelFileError(`graph "${graph.name}": "${name}" is made twice, the second time as ${what}`);
    made.add(name);
  };
  for (const [name, tensor] of graph.initializers) {
    make(name, 'a weight');
    if (tensor.data.length !== sizeOf(tensor.shape)) {
      throw new ModelFileError(
        `weight "${name}": ${tensor.data.length} values do not fill shape [${tensor.shape.join(',')}]`,
      );
    }
  }
  for (const { name } of graph.inputs) make(name, 'an input');
  for (const node of graph.nodes) {
    for (const name of namesRead(node)) {
      if (!made.has(name)) throw new ModelFileError(`${describe(node)} uses "${name}", which nothing before it makes`);
    }
    for (const name of node.outputs) if (name !== '') make(name, `an output of ${describe(node)}`);
  }
  if (graph.outputs.length === 0) throw new ModelFileError(`graph "${graph.name}" has no output`);
  const declared = new Set<string>();
  for (const { name } of graph.outputs) {
    if (!made.has(name)) throw new ModelFileError(`graph "${graph.name}" has an output "${name}" that no node makes`);
    if (declared.has(name)) throw new ModelFileError(`graph "${graph.name}" has two outputs called "${name}"`);
    declared.add(name);
  }
}

const describe = (node: Node): string => `${node.op} (node "${node.name}")`;

const qualified = (node: Node): string => (node.domain ? `${node.domain}.${node.op}` : node.op);

function checkOperators(graph: Graph): void {
  const unknown = graph.nodes.filter((node) => !isReadable(node));
  const [first] = unknown;
  if (!first) return;
  const others = [...new Set(unknown.map(qualified))].slice(1);
  const reason = `this operator is not known${others.length ? `, nor are ${others.join(', ')}` : ''}`;
  throw new UnsupportedOpError(
    { op: qualified(first), opset: graph.opset, node: first.name, reason },
    { hint: 'docs/operators.md tells how to add an operator' },
  );
}
