import type { SessionOptions } from '../../../runtime/session.ts';
import type { JobOptions } from '../../../util/progress.ts';
import type { MaskedShape } from '../../masked-shape.ts';
import type { RowFunction } from '../attribute/row-function.ts';

/** A photo behind a masking, and what an encoder says of it in the open. */
export interface MaskedFace {
  readonly person: string;
  /** What the masking made of it: [C,h,w], of one shape for all. */
  readonly masked: Float32Array;
  /** Of a mix: the other people in it. */
  readonly company?: readonly string[];
  /** The encoder's embedding of the photo as it was before. */
  readonly template: Float32Array;
  /** The encoder's embedding of the masked face shown as a picture, where it can be shown: what an attacker has who has learnt nothing. */
  readonly shown?: Float32Array;
}

export interface StudentOptions extends JobOptions, SessionOptions {
  readonly shape: MaskedShape;
  /** Of everything random: the same pairs, seed and steps give the same student. */
  readonly seed: number;
  /** Training steps of a student that learns in steps; default: its own. The others do not heed it. */
  readonly steps?: number;
}

/** A way to learn from pairs of masked face and template what the encoder would say of a masked face. */
export interface LinkageStudent {
  /** Stable, as rows of results have it. */
  readonly name: string;
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /**
   * @returns masked face [C,h,w] -> the direction [D] of its template about the mean template, in a length of its own.
   * @throws InputError for pairs of fewer than three people; ShapeError where a masked face has not the shape's numbers.
   */
  train(pairs: readonly MaskedFace[], options: StudentOptions): Promise<RowFunction>;
}
