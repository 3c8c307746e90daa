import { sampleView, type ViewJitter } from '../../../encoder/view.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import type { Graph } from '../../../graph/graph.ts';
import { softmax } from '../../../graph/ops/activation.ts';
import { gather } from '../../../graph/ops/indexing.ts';
import { float32, joinRows } from '../../../graph/tensor.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ShapeError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import { FACE_SIZE_PX } from '../inverse-dcgan.ts';
import { viewInputs, viewTensors } from '../random-views.ts';
import { classLogits, type ModelTarget } from './target.ts';

/** Faces seen at once. */
const BATCH_SIZE = 16;

/** How sure a model is of classes when it sees faces. */
export interface ClassScorer {
  /**
   * @param faces - planar [3,128,128], RGB, 0..1.
   * @param views - how each face is looked at; all faces in the same ways, so that they can be compared.
   * @returns for each face its mean confidence, 0..1, in each of the scorer's classes.
   */
  score(faces: readonly Float32Array[], views: readonly ViewJitter[], job?: JobOptions): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Opens a scorer of some classes of a model. */
export async function openClassScorer(
  target: ModelTarget,
  classes: readonly number[],
  options: SessionOptions = {},
): Promise<ClassScorer> {
  const session = await createSession(scoringGraph(target, classes), options);
  const scoreBatch = async (faces: readonly Float32Array[], views: readonly ViewJitter[]): Promise<Float32Array[]> => {
    const full = Array.from({ length: BATCH_SIZE }, (_, i) => faces[Math.min(i, faces.length - 1)] as Float32Array);
    const face = float32(joinRows(full), [BATCH_SIZE, 3, FACE_SIZE_PX, FACE_SIZE_PX]);
    const sums = faces.map(() => new Float32Array(classes.length));
    for (const view of views) {
      const { confidence } = await session.run({ face, ...viewTensors(target.view, [view]) });
      if (confidence?.dtype !== 'float32') throw new ShapeError('the model gives no float32 answers');
      for (const [i, sum] of sums.entries())
        for (let k = 0; k < sum.length; k++)
          sum[k] = (sum[k] as number) + (confidence.data[i * classes.length + k] as number) / views.length;
    }
    return sums;
  };
  return {
    close: () => session.release(),
    async score(faces, views, job = {}) {
      const scores: Float32Array[] = [];
      for (let first = 0; first < faces.length; first += BATCH_SIZE) {
        throwIfAborted(job);
        scores.push(...(await scoreBatch(faces.slice(first, first + BATCH_SIZE), views)));
        job.onProgress?.({ stage: 'looking at faces', done: scores.length, total: faces.length });
      }
      return scores;
    },
  };
}

function scoringGraph(target: ModelTarget, classes: readonly number[]): Graph {
  const builder = new GraphBuilder('class-scoring');
  const face = builder.input('face', [BATCH_SIZE, 3, FACE_SIZE_PX, FACE_SIZE_PX]);
  const { rows, columns } = viewInputs(builder, target.view, 1);
  const confidences = softmax(classLogits(target, sampleView(face, rows, columns)), 1);
  builder.output('confidence', gather(confidences, classes, 1));
  return builder.build();
}
