import type { FaceView } from '../../../face/alignment.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { float32, joinRows } from '../../../graph/tensor.ts';
import { FrozenParameters, scope, type Weights } from '../../../nn/parameters.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';
import { decodeFaces, encodeFaces, SWAP_PEOPLE, type SwapPerson, type SwapShape } from './networks.ts';
import { swapView } from './swap-view.ts';

/** Faces in one run of the network. */
const BATCH_SIZE = 64;

/** A trained swap, ready to run. */
export interface Swap {
  /** The crop of a face that it takes and gives. */
  readonly view: FaceView;
  /**
   * Faces as one person's decoder makes them of what both people have in common: the donor's of the wearer's faces is the swap, the wearer's what the networks lose.
   *
   * @param faces - planar [3,S,S] each, RGB, 0..1.
   * @returns the same of each.
   */
  render(faces: readonly Float32Array[], person: SwapPerson): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** The trained swap as a model: input `face` [N,3,S,S]; outputs `donor` and `wearer` of the same shape, that face as each one's decoder makes it; RGB, 0..1. */
export function swapGraph(
  weights: Weights,
  { shape, metadata = {} }: { readonly shape: SwapShape; readonly metadata?: Readonly<Record<string, string>> },
): Graph {
  const builder = new GraphBuilder('swap');
  const face = builder.input('face', [1, 3, shape.sizePx, shape.sizePx]);
  const parameters = new FrozenParameters(builder, weights);
  const code = encodeFaces(scope(parameters, 'encoder'), face, shape);
  for (const person of SWAP_PEOPLE)
    builder.output(person, decodeFaces(scope(parameters, `decoder.${person}`), code, shape));
  builder.describe({ kind: 'swap', ...metadata });
  return withFreeBatch(builder.build());
}

/** Opens what {@link swapGraph} made. @throws ModelFileError where the graph is none. */
export async function openSwap(graph: Graph, options: SessionOptions = {}): Promise<Swap> {
  const sizePx = graph.inputs.find(({ name }) => name === 'face')?.shape?.[3];
  if (graph.metadata.kind !== 'swap' || typeof sizePx !== 'number') {
    throw new ModelFileError(`graph "${graph.name}" is no swap of faces`, {
      hint: 'train one with `faceward train swap`',
    });
  }
  const session = await createSession(graph, options);
  const numbers = 3 * sizePx ** 2;
  return {
    view: swapView(sizePx),
    async render(faces, person) {
      const all: Float32Array[] = [];
      for (let start = 0; start < faces.length; start += BATCH_SIZE) {
        const part = faces.slice(start, start + BATCH_SIZE);
        const face = float32(joinRows(part), [part.length, 3, sizePx, sizePx]);
        const made = (await session.run({ face }, [person]))[person];
        if (made?.dtype !== 'float32') throw new ModelFileError(`the swap gives no float32 face of the ${person}`);
        all.push(...part.map((_, i) => made.data.slice(i * numbers, (i + 1) * numbers)));
      }
      return all;
    },
    close: () => session.release(),
  };
}
