import type { Encoder } from '../../encoder/encoder.ts';
import { encoderFromGraph } from '../../encoder/onnx-encoder.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { ints, withFreeBatch } from '../../graph/graph.ts';
import { sub } from '../../graph/ops/arithmetic.ts';
import { flatten } from '../../graph/ops/shape.ts';
import { hashBytes, Random } from '../../util/random.ts';

const FRAME = { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 112, heightPx: 112 } as const;

/** Names of the planted encoders, as reports show them. */
export const PLANTED = { weak: 'planted-weak', strong: 'planted-strong' } as const;

/** An encoder that gives everything away: its embedding is the image shrunk to 16x16 px, about grey. An audit must find it leaking. */
export async function plantedWeakEncoder(): Promise<Encoder> {
  const builder = new GraphBuilder('planted-weak');
  const face = builder.input('face', [1, 3, FRAME.heightPx, FRAME.widthPx]);
  const shrunken = builder.op('AveragePool', [face], { kernel_shape: ints([7, 7]), strides: ints([7, 7]) });
  builder.output('embedding', flatten(sub(shrunken, 0.5)));
  const graph = withFreeBatch(builder.build());
  return encoderFromGraph({ id: PLANTED.weak, hash: 'planted-weak/1', graph, view: FRAME, embeddingSize: 768 });
}

/** An encoder that gives nothing away: its embedding is 128 normal numbers seeded by a hash of the pixels. An audit must not find it leaking. */
export function plantedStrongEncoder(): Encoder {
  let queries = 0;
  return {
    id: PLANTED.strong,
    hash: 'planted-strong/1',
    embeddingSize: 128,
    view: FRAME,
    get queries() {
      return queries;
    },
    embed: async (faces) => {
      queries += faces.length;
      return faces.map((face) => new Random(hashBytes(face.data)).normals(128));
    },
    close: async () => {},
  };
}
