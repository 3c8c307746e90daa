import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { withFreeBatch } from '../../../graph/graph.ts';
import { sigmoid } from '../../../graph/ops/activation.ts';
import { add, mul } from '../../../graph/ops/arithmetic.ts';
import { gather } from '../../../graph/ops/indexing.ts';
import { unsqueeze } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { Random } from '../../../util/random.ts';
import { generatorModel } from '../generator.ts';
import { FACE_SIZE_PX } from '../inverse-dcgan.ts';
import { boundaryRepulsion } from './boundary-repulsion.ts';

/** Faces of one grey, which is the first of four numbers of the latent. */
function greyGenerator() {
  const builder = new GraphBuilder('grey');
  const latent = builder.input('latent', [1, 4]);
  const nothing = builder.constant(
    float32(new Float32Array(3 * FACE_SIZE_PX ** 2), [1, 3, FACE_SIZE_PX, FACE_SIZE_PX]),
  );
  const grey = unsqueeze(gather(sigmoid(mul(latent, 1)), [0], 1), [2, 3]);
  builder.output('face', add(nothing, grey));
  return generatorModel(withFreeBatch(builder.build()));
}

test('walks away from the boundary, by labels alone, as far as latents may go', async () => {
  let queries = 0;
  const oracle = {
    classCount: 2,
    get queries() {
      return queries;
    },
    /** The class begins at a latent of 0.2. */
    ask: async (faces: readonly Float32Array[]) => {
      queries += faces.length;
      return faces.map((face) => ((face[0] as number) > 1 / (1 + Math.exp(-0.2)) ? 1 : 0));
    },
  };
  const depth = async (maxQueries: number): Promise<number> => {
    const [result] = await boundaryRepulsion.invert(
      [1],
      { generator: greyGenerator(), oracle },
      {
        random: new Random(4),
        maxQueries,
        threads: 1,
      },
    );
    const grey = result?.faces[0]?.[0] as number;
    return Math.log(grey / (1 - grey));
  };
  const start = await depth(0);
  expect(start).toBeGreaterThan(0.2);
  expect(start).toBeLessThan(1.2);
  // Latents are kept within 1.5 of nought; the class goes on for ever.
  expect(await depth(33 * 60)).toBeGreaterThan(1.4);
});
