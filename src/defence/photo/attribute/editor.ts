import type { FaceView } from '../../../face/alignment.ts';
import { portraitView } from '../../../face/portrait.ts';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { clip } from '../../../graph/ops/activation.ts';
import { add, div, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { float32, joinRows, type TypedTensor } from '../../../graph/tensor.ts';
import { FrozenParameters, scope, type Weights } from '../../../nn/parameters.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';
import type { AttributeValues } from './attribute-values.ts';
import { type EditorShape, editFaces } from './networks.ts';

/** Faces in one run of the network. */
const BATCH_SIZE = 64;

/** An editor of attributes, ready to run. */
export interface AttributeEditor {
  /** CelebA's names, in the order of the values. */
  readonly attributes: readonly string[];
  /** The portraits that it edits. */
  readonly view: FaceView;
  /**
   * What an edit adds to each portrait: nothing where the target is the face's own.
   *
   * @param portraits - planar [3,S,S] each, RGB, 0..1.
   * @param own - what each face has, as a reader sees it.
   * @param target - what it is to have; beyond -1..1 the edit is stronger than in training.
   * @returns planar [3,S,S] each, about -1..1.
   */
  change(
    portraits: readonly Float32Array[],
    own: readonly AttributeValues[],
    target: readonly AttributeValues[],
  ): Promise<Float32Array[]>;
  /** The portraits as the network gives them back with their own attributes: what it loses. */
  reconstruct(portraits: readonly Float32Array[], own: readonly AttributeValues[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/**
 * The trained editor as a model: inputs `portrait` [N,3,S,S] RGB 0..1, `own` and `target` [N,A]; outputs `change` = G(portrait, target) - G(portrait, own), and
 * `reconstruction` = G(portrait, own), 0..1.
 */
export function editorGraph(
  weights: Weights,
  model: {
    readonly shape: EditorShape;
    readonly attributes: readonly string[];
    readonly metadata?: Readonly<Record<string, string>>;
  },
): Graph {
  const { shape, attributes, metadata = {} } = model;
  const builder = new GraphBuilder('attribute-editor');
  const portrait = builder.input('portrait', [1, 3, shape.sizePx, shape.sizePx]);
  const own = builder.input('own', [1, attributes.length]);
  const target = builder.input('target', [1, attributes.length]);
  const face = sub(mul(portrait, 2), 1);
  const parameters = scope(new FrozenParameters(builder, weights), 'editor');
  const given = (values: Value): Value => (shape.condition === 'target' ? div(values, 2) : div(sub(values, own), 2));
  const [made, again] = [
    editFaces(parameters, face, given(target), shape),
    editFaces(parameters, face, given(own), shape),
  ];
  builder.output('change', div(sub(made, again), 2));
  builder.output('reconstruction', clip(div(add(again, 1), 2), 0, 1));
  builder.describe({ kind: 'attribute-editor', attributes: attributes.join(','), ...metadata });
  return withFreeBatch(builder.build());
}

/** Opens what {@link editorGraph} made. @throws ModelFileError where the graph is none. */
export async function openEditor(graph: Graph, options: SessionOptions = {}): Promise<AttributeEditor> {
  const sizePx = graph.inputs.find(({ name }) => name === 'portrait')?.shape?.[3];
  const { kind, attributes: names } = graph.metadata;
  if (kind !== 'attribute-editor' || names === undefined || typeof sizePx !== 'number') {
    throw new ModelFileError(`graph "${graph.name}" is no editor of attributes`, {
      hint: 'train one with `faceward train editor`',
    });
  }
  const attributes = names.split(',');
  const session = await createSession(graph, options);
  const numbers = 3 * sizePx ** 2;
  const run = async (
    output: 'change' | 'reconstruction',
    portraits: readonly Float32Array[],
    own: readonly AttributeValues[],
    target: readonly AttributeValues[],
  ): Promise<Float32Array[]> => {
    const all: Float32Array[] = [];
    for (let start = 0; start < portraits.length; start += BATCH_SIZE) {
      const part = portraits.slice(start, start + BATCH_SIZE);
      const count = part.length;
      const values = (rows: readonly AttributeValues[]): TypedTensor<'float32'> =>
        float32(joinRows(rows.slice(start, start + count)), [count, attributes.length]);
      const feeds = {
        portrait: float32(joinRows(part), [count, 3, sizePx, sizePx]),
        own: values(own),
        target: values(target),
      };
      const made = (await session.run(feeds, [output]))[output];
      if (made?.dtype !== 'float32') throw new ModelFileError(`the editor gives no float32 ${output}`);
      all.push(...part.map((_, i) => made.data.slice(i * numbers, (i + 1) * numbers)));
    }
    return all;
  };
  return {
    attributes,
    view: portraitView(sizePx),
    change: (portraits, own, target) => run('change', portraits, own, target),
    reconstruct: (portraits, own) => run('reconstruction', portraits, own, own),
    close: () => session.release(),
  };
}
