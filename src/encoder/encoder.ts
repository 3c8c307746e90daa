import type { Box } from '../face/face.ts';
import type { Graph } from '../graph/graph.ts';
import type { Image } from '../image/image.ts';

/**
 * The part of the canonical aligned face that an encoder looks at.
 *
 * The canonical frame is ArcFace's 112x112 template ({@link ../face/alignment.ts}); `box` is in its units and may reach beyond 0..112.
 */
export interface EncoderView {
  readonly box: Box;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What can be known of an encoder before an attack. */
export interface EncoderDescription {
  /** Stable name, unique among encoders: 'dlib', 'faceres', or a file's name and hash. */
  readonly id: string;
  /** Hash of the weights where they are at hand, else of the address. */
  readonly hash: string;
  readonly embeddingSize: number;
  readonly view: EncoderView;
}

/** Image in, embedding out: the black-box face of every encoder. All attacks that claim to be black-box use this alone. */
export interface Encoder extends EncoderDescription {
  /**
   * Embeds faces that are already aligned.
   *
   * @param faces - crops of `view`: view.widthPx x view.heightPx each.
   * @returns one embedding per face, `embeddingSize` numbers, as the encoder gives them (not normalised).
   */
  embed(faces: readonly Image[]): Promise<Float32Array[]>;
  /** Images sent to the encoder so far, cache hits not counted. */
  readonly queries: number;
  /**
   * The encoder as a graph where its weights are at hand (white-box): input `face` float32 [N,3,view.heightPx,view.widthPx], RGB, 0..1;
   * output `embedding` float32 [N,embeddingSize]. N is chosen when compiling.
   */
  readonly graph?: Graph;
  close(): Promise<void>;
}
