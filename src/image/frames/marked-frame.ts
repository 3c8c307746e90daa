import { InputError } from '../../util/errors.ts';
import type { Image } from '../image.ts';
import { markSynthetic, type Provenance, type SyntheticKind } from '../mark.ts';
import { BAND_EIGHTHS, embedPayload, MIN_PAYLOAD_SIZE_PX, type Payload } from '../payload.ts';

/** What a clip with imitated faces says of itself, in the open and hidden. */
export interface SyntheticMark {
  readonly provenance: Provenance;
  readonly payload: Payload;
}

/** Where picture and band lie in a marked frame; all even, as video wants it. */
export interface FrameLayout {
  readonly widthPx: number;
  /** Of the picture and the band below it. */
  readonly heightPx: number;
  /** The frame's own, or up to five rows more. */
  readonly pictureHeightPx: number;
}

type Size = Pick<Image, 'widthPx' | 'heightPx'>;

/**
 * Makes what marks the frames of one size: the payload in the picture, and the band with its words below the picture, so that no
 * face crop holds the band and no cut that takes the band away takes the payload.
 *
 * The band's height is one, two or three eighths of the picture's, so that a reader of a resized frame still knows where the
 * picture ends. A picture of odd width gets its last column twice, and one whose height has no such eighths its last row up to five times more.
 *
 * About 5 ms a frame at 256x256 px.
 *
 * @throws InputError where frames are below 64x64 px, or the payload is out of range (by the returned function).
 */
export function frameMarker(size: Size, mark: SyntheticMark): { layout: FrameLayout; markFrame(frame: Image): Image } {
  const layout = layOut(size, mark.provenance.kind);
  return {
    layout,
    markFrame(frame) {
      const picture = embedPayload(extended(frame, layout.widthPx, layout.pictureHeightPx), mark.payload);
      const data = new Uint8Array(3 * layout.widthPx * layout.heightPx);
      data.set(picture.data);
      return markSynthetic({ widthPx: layout.widthPx, heightPx: layout.heightPx, data }, mark.provenance);
    },
  };
}

function layOut({ widthPx, heightPx }: Size, kind: SyntheticKind): FrameLayout {
  if (Math.min(widthPx, heightPx) < MIN_PAYLOAD_SIZE_PX) {
    throw new InputError(`frames of ${widthPx}x${heightPx} px are too small to be marked`, {
      hint: `make them at least ${MIN_PAYLOAD_SIZE_PX}x${MIN_PAYLOAD_SIZE_PX} px`,
    });
  }
  for (const eighths of BAND_EIGHTHS) {
    const layout = { widthPx: widthPx + (widthPx % 2), ...heightsFor(heightPx, eighths) };
    if (bandHeight(layout, kind) <= layout.heightPx - layout.pictureHeightPx) return layout;
  }
  throw new InputError(`frames of ${widthPx}x${heightPx} px leave no room for a legible mark`, {
    hint: 'make them higher',
  });
}

/** By how much the picture may end beside the place where a reader takes it to end, before the payload's finest frequencies are lost: pixels, and a share of the height. */
const READ_WITHIN = { px: 0.25, share: 1 / 512 } as const;

/** The least even height of a frame, and the height of its picture, of which a reader who knows the frame's alone finds the picture's. */
function heightsFor(heightPx: number, eighths: number): Pick<FrameLayout, 'heightPx' | 'pictureHeightPx'> {
  for (let whole = 2 * Math.ceil((heightPx * (8 + eighths)) / 16); ; whole += 2) {
    const read = (8 * whole) / (8 + eighths);
    const pictureHeightPx = Math.round(read);
    const within = Math.max(READ_WITHIN.px, READ_WITHIN.share * heightPx);
    if (pictureHeightPx >= heightPx && Math.abs(read - pictureHeightPx) <= within) {
      return { heightPx: whole, pictureHeightPx };
    }
  }
}

/** How many rows the words take at the foot of a frame of this size. */
function bandHeight({ widthPx, heightPx }: FrameLayout, kind: SyntheticKind): number {
  const white = { widthPx, heightPx, data: new Uint8Array(3 * widthPx * heightPx).fill(255) };
  return heightPx - markSynthetic(white, { kind, method: '' }).data.indexOf(0) / (3 * widthPx);
}

/** The picture, with its last column and row repeated up to a size. */
function extended(image: Image, widthPx: number, heightPx: number): Image {
  if (image.widthPx === widthPx && image.heightPx === heightPx) return image;
  const data = new Uint8Array(3 * widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const from = 3 * image.widthPx * Math.min(y, image.heightPx - 1);
    const row = image.data.subarray(from, from + 3 * image.widthPx);
    data.set(row, 3 * widthPx * y);
    if (widthPx > image.widthPx) data.set(row.subarray(-3), 3 * widthPx * (y + 1) - 3);
  }
  return { widthPx, heightPx, data };
}
