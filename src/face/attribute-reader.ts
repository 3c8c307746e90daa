import type { Graph } from '../graph/graph.ts';
import type { Image } from '../image/image.ts';
import type { FaceView } from './alignment.ts';

/** Reads attributes off faces: a network of ours, or one that comes with a dependency. */
export interface AttributeReader {
  readonly id: string;
  /** SHA-256 of what it was opened from. */
  readonly hash: string;
  /** CelebA's names, such as "Male", "Young", "Eyeglasses". */
  readonly attributes: readonly string[];
  /** What it looks at; a face is cut out of its photo by this view. */
  readonly view: FaceView;
  /** Where its weights are at hand: input `portrait` [N,3,view.heightPx,view.widthPx] RGB 0..1, output `log_odds` [N,A], the batch free. */
  readonly graph?: Graph;
  /**
   * @param faces - pictures of the view.
   * @returns for each face the log-odds of each attribute: above 0 where it is seen.
   */
  read(faces: readonly Image[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}
