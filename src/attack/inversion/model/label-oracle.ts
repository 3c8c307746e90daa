import { cropView } from '../../../encoder/canonical-face.ts';
import type { Encoder } from '../../../encoder/encoder.ts';
import { facePictures } from '../face-pictures.ts';
import { type ClassHead, checkHead, classCountOf, labelOf } from './target.ts';

/** A system that says whom it takes a face for, and nothing else. Each face asked about is a query. */
export interface LabelOracle {
  readonly classCount: number;
  /** Queries spent. */
  readonly queries: number;
  /** @param faces - planar [3,128,128], RGB, 0..1; the system gets them as 8-bit pictures. @returns the class of each. */
  ask(faces: readonly Float32Array[]): Promise<number[]>;
}

/** Asks a model through its black-box interface, and keeps the label alone. @throws InputError, ShapeError where head and model do not fit. */
export function labelOracle(model: Encoder, head: ClassHead): LabelOracle {
  checkHead(head, model.embeddingSize);
  let queries = 0;
  return {
    classCount: classCountOf(head, model.embeddingSize),
    get queries() {
      return queries;
    },
    async ask(faces) {
      queries += faces.length;
      const answers = await model.embed(facePictures(faces).map((image) => cropView(image, model.view)));
      return answers.map((answer) => labelOf(head, answer));
    },
  };
}
