import type { Image } from '../image/image.ts';
import { InputError, ShapeError } from '../util/errors.ts';
import type { EncoderView } from './encoder.ts';
import { CANONICAL_EXTENT } from './view.ts';

/** What a caller may know of an encoder that only answers. */
export interface BlackBoxOptions {
  /** The crop that is sent. Default: the canonical frame, 112x112 px; give a wider box to an encoder that looks for the face itself. */
  readonly view?: EncoderView;
  /** Default: found by one query with `probe`. */
  readonly embeddingSize?: number;
  /** A face, as `view` has it, for that query. Default: plain grey, which an encoder that looks for a face may refuse. */
  readonly probe?: Image;
}

/** The whole canonical frame, pixel for pixel. */
export const CANONICAL_CROP: EncoderView = {
  box: { x: 0, y: 0, width: CANONICAL_EXTENT, height: CANONICAL_EXTENT },
  widthPx: CANONICAL_EXTENT,
  heightPx: CANONICAL_EXTENT,
};

/** The picture for the query that shows the embedding's size. */
export function probeOf({ probe, view = CANONICAL_CROP }: BlackBoxOptions): Image {
  const { widthPx, heightPx } = view;
  return probe ?? { widthPx, heightPx, data: new Uint8Array(3 * widthPx * heightPx).fill(128) };
}

/** @throws ShapeError where a face is not of the view's size. */
export function requireFaceSize(id: string, { widthPx, heightPx }: EncoderView, faces: readonly Image[]): void {
  const wrong = faces.find((face) => face.widthPx !== widthPx || face.heightPx !== heightPx);
  if (!wrong) return;
  throw new ShapeError(`encoder "${id}" takes ${widthPx}x${heightPx} px, not ${wrong.widthPx}x${wrong.heightPx}`, {
    hint: 'cut the encoder’s view out of the photo first (face/alignment)',
  });
}

/** @throws InputError where an option is no positive finite number. */
export function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new InputError(`${name} is ${value}: it must be a number above 0`);
  }
}

/** The end of a foreign text, on one line, without control characters: safe to show in a terminal. */
export function excerpt(text: string, length: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(-length);
}
