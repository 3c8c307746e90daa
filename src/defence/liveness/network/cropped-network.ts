import type { Session } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';
import { cropTensor, type PixelFormat } from './crops.ts';
import type { FaceFrame, PresentationNetwork } from './presentation-network.ts';

/** Frames in one run. */
const BATCH_SIZE = 32;

/** How a session scores faces. */
export interface CropScoring extends PixelFormat {
  readonly input: string;
  readonly output: string;
  /** The part of a frame that the network sees. */
  readonly cropOf: (frame: FaceFrame) => Parameters<typeof cropTensor>[0][number];
  /** Numbers that the network gives for a face, at least. */
  readonly leastClasses: number;
  /** The score of what it gave for a face. */
  readonly scoreOf: (classes: Float32Array) => number;
}

/** A network that gives a row of numbers for each face, [N,classes], run in batches; it closes the session. Scoring throws ModelFileError where the session gives something else. */
export function croppedNetwork(name: string, session: Session, scoring: CropScoring): PresentationNetwork {
  const { input, output, cropOf, leastClasses, scoreOf, ...format } = scoring;
  return {
    name,
    score: async (frames) => {
      const scores: number[] = [];
      for (let start = 0; start < frames.length; start += BATCH_SIZE) {
        const crops = frames.slice(start, start + BATCH_SIZE).map(cropOf);
        const { [output]: result } = await session.run({ [input]: cropTensor(crops, format) });
        const classes = (result?.data.length ?? 0) / crops.length;
        if (result?.dtype !== 'float32' || !Number.isInteger(classes) || classes < leastClasses)
          throw new ModelFileError(
            `"${name}" gave [${result?.shape}], not ${leastClasses} numbers or more for each of ${crops.length} faces`,
          );
        for (let i = 0; i < crops.length; i++)
          scores.push(scoreOf(result.data.subarray(i * classes, (i + 1) * classes)));
      }
      return scores;
    },
    close: () => session.release(),
  };
}
