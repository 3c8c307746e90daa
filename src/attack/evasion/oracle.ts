import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { fromPlanar } from '../../image/tensor.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';

/** A system that is asked about one face: how like the reference it finds it. Each face asked about is a query. */
export interface SimilarityOracle {
  readonly sizePx: number;
  /** Queries spent. */
  readonly queries: number;
  /** @param faces - planar [3,S,S], RGB, 0..1; the system gets them as 8-bit pictures. @returns a similarity for each. */
  ask(faces: readonly Float32Array[]): Promise<number[]>;
}

/** A system that only says whether it accepts a face as the reference's person. */
export interface DecisionOracle {
  readonly sizePx: number;
  readonly queries: number;
  ask(faces: readonly Float32Array[]): Promise<boolean[]>;
}

/** Asks an encoder, through its black-box interface alone, how like a reference it finds faces. */
export function similarityOracle(encoder: Encoder, reference: Float32Array, sizePx: number): SimilarityOracle {
  let queries = 0;
  return {
    sizePx,
    get queries() {
      return queries;
    },
    async ask(faces) {
      queries += faces.length;
      const images = faces.flatMap((face) => fromPlanar(face, { widthPx: sizePx, heightPx: sizePx }));
      const embeddings = await encoder.embed(images.map((image) => cropView(image, encoder.view)));
      return embeddings.map((embedding) => cosineSimilarityOr(-1, embedding, reference));
    },
  };
}

/** The same system where it gives its decision alone. */
export function decisionOracle(oracle: SimilarityOracle, threshold: Pick<Threshold, 'similarity'>): DecisionOracle {
  return {
    sizePx: oracle.sizePx,
    get queries() {
      return oracle.queries;
    },
    ask: async (faces) => (await oracle.ask(faces)).map((similarity) => similarity >= threshold.similarity),
  };
}
