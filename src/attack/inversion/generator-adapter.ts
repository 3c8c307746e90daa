import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { float32 } from '../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../runtime/session.ts';
import { ModelFileError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import { adaptEmbedding, fitAdapter } from './adapter.ts';
import { facePictures } from './face-pictures.ts';
import type { Generator } from './latent-optimisation.ts';
import { FACE_NUMBERS } from './pairs.ts';

/** Faces made at once. */
const BATCH_SIZE = 16;

/** Generated faces with what an encoder says of them. */
export interface Probes {
  readonly latents: readonly Float32Array[];
  readonly embeddings: readonly Float32Array[];
}

/** Sends `queries` (default 1,000) generated faces to the encoder, through its black-box interface. */
export async function probeEncoder(
  generator: Generator,
  encoder: Encoder,
  options: JobOptions & SessionOptions & { readonly queries?: number; readonly random: Random },
): Promise<Probes> {
  const { queries = 1000 } = options;
  const random = options.random.fork('probes');
  const latents = Array.from({ length: queries }, () => random.normals(generator.latentSize));
  const embeddings: Float32Array[] = [];
  const face = await openGenerator(generator, options);
  try {
    for (let first = 0; first < queries; first += BATCH_SIZE) {
      throwIfAborted(options);
      const images = facePictures(await face.generate(latents.slice(first, first + BATCH_SIZE)));
      embeddings.push(...(await encoder.embed(images.map((image) => cropView(image, encoder.view)))));
      options.onProgress?.({
        stage: `asking ${encoder.id} about generated faces`,
        done: embeddings.length,
        total: queries,
      });
    }
  } finally {
    await face.close();
  }
  return { latents, embeddings };
}

/** Maps templates to latents by a linear map learnt from probes, and latents to faces: planar [3,128,128], RGB, 0..1. */
export async function invertThroughGenerator(
  templates: readonly Float32Array[],
  generator: Generator,
  probes: Probes,
  options: SessionOptions = {},
): Promise<Float32Array[]> {
  const adapter = fitAdapter(probes.embeddings, probes.latents);
  const made = await openGenerator(generator, options);
  try {
    return await made.generate(templates.map((template) => adaptEmbedding(adapter, template, { fullNorm: false })));
  } finally {
    await made.close();
  }
}

/** A generator, ready to run. @param options.batchSize - faces made at once; default 16. */
export async function openGenerator(
  generator: Generator,
  options: SessionOptions & { readonly batchSize?: number } = {},
): Promise<{ generate(latents: readonly Float32Array[]): Promise<Float32Array[]>; close(): Promise<void> }> {
  const { latentSize } = generator;
  const { batchSize = BATCH_SIZE } = options;
  const builder = new GraphBuilder('generator');
  const { face } = builder.import(generator.graph, {
    inputs: { latent: builder.input('latent', [batchSize, latentSize]) },
  });
  if (!face) throw new ModelFileError('the generator has no output "face"');
  builder.output('face', face);
  const session = await createSession(builder.build(), options);
  return {
    close: () => session.release(),
    generate: async (latents) => {
      const faces: Float32Array[] = [];
      for (let first = 0; first < latents.length; first += batchSize) {
        const part = latents.slice(first, first + batchSize);
        const data = new Float32Array(batchSize * latentSize);
        part.forEach((latent, i) => {
          data.set(latent, i * latentSize);
        });
        const results = await session.run({ latent: float32(data, [batchSize, latentSize]) });
        const made = results.face;
        if (made?.dtype !== 'float32') throw new ModelFileError('the generator gives no float32 faces');
        for (let i = 0; i < part.length; i++) faces.push(made.data.slice(i * FACE_NUMBERS, (i + 1) * FACE_NUMBERS));
      }
      return faces;
    },
  };
}
