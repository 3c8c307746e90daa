import { clone } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type NodeProto,
  NodeProtoSchema,
} from 'onnx-buf';
import { ModelFileError } from '../util/errors.ts';

/** Calls of calls deeper than this are taken for a function that calls itself, which ONNX forbids. */
const DEEPEST_CALL = 64;

/**
 * The nodes with the body of each function that the model defines in place of its calls (newer exporters keep a function for each layer). Names inside a
 * body get the call's name before them.
 *
 * @throws ModelFileError where a function calls itself, or a body holds a graph.
 */
export function inlineFunctions(
  nodes: readonly NodeProto[],
  functions: readonly FunctionProto[],
): readonly NodeProto[] {
  if (functions.length === 0) return nodes;
  const table = new Map(functions.map((definition) => [keyOf(definition.domain, definition.name), definition]));
  const inline = (given: readonly NodeProto[], depth: number): NodeProto[] =>
    given.flatMap((node, index) => {
      const definition = table.get(keyOf(node.domain, node.opType));
      if (!definition) return [node];
      if (depth > DEEPEST_CALL) throw new ModelFileError(`the function "${definition.name}" calls itself`);
      return inline(bodyOf(node, definition, `${node.name || `${node.opType}_${index}`}/`), depth + 1);
    });
  return inline(nodes, 0);
}

const keyOf = (domain: string, name: string): string => `${domain === 'ai.onnx' ? '' : domain}:${name}`;

function bodyOf(call: NodeProto, definition: FunctionProto, prefix: string): NodeProto[] {
  const names = new Map<string, string>([['', '']]);
  definition.input.forEach((name, i) => {
    names.set(name, call.input[i] ?? '');
  });
  definition.output.forEach((name, i) => {
    if (call.output[i]) names.set(name, call.output[i]);
  });
  const rename = (name: string): string => names.get(name) ?? prefix + name;
  const given = new Map(
    [...definition.attributeProto, ...call.attribute].map((attribute) => [attribute.name, attribute]),
  );
  return definition.node.map((node, index) =>
    // A message's defaults are not its own properties, so that it has to be cloned whole.
    Object.assign(clone(NodeProtoSchema, node), {
      name: `${prefix}${node.name || `${node.opType}_${index}`}`,
      input: node.input.map(rename),
      output: node.output.map(rename),
      attribute: node.attribute.flatMap((attribute) => resolveAttribute(attribute, given, definition)),
    }),
  );
}

/** An attribute of a body's node may stand for one of the call; where the call has it not, the node goes without. */
function resolveAttribute(
  attribute: AttributeProto,
  given: ReadonlyMap<string, AttributeProto>,
  { name }: FunctionProto,
): AttributeProto[] {
  if (attribute.g || attribute.graphs.length > 0) {
    throw new ModelFileError(`the function "${name}" holds a graph of its own`, {
      hint: 'inline its functions (onnx.inliner)',
    });
  }
  if (attribute.refAttrName === '') return [attribute];
  const value = given.get(attribute.refAttrName);
  return value ? [Object.assign(clone(AttributeProtoSchema, value), { name: attribute.name })] : [];
}
