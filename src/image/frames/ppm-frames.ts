import { CapabilityError } from '../../util/errors.ts';
import type { Image } from '../image.ts';

/** 8K. */
const MAX_PIXELS = 7680 * 4320;
/** Longest header of a picture within that limit, and some. */
const MAX_HEADER = 24;

/**
 * Parts a stream of binary PPM pictures, as ffmpeg's "image2pipe" writes it, into images.
 *
 * @param chunks - of any length; pictures may begin and end anywhere in them.
 * @throws CapabilityError where the stream is something else, or ends within a picture.
 * Source: ppm(5), in the one layout that libavcodec writes ("P6", size and 255, a line each).
 */
export async function* readPpmFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Image> {
  let header = '';
  let frame: Image | undefined;
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (!frame) {
        header += String.fromCharCode(chunk[at++] as number);
        frame = emptyFrame(header);
        filled = 0;
        continue;
      }
      const part = chunk.subarray(at, at + frame.data.length - filled);
      frame.data.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < frame.data.length) continue;
      yield frame;
      frame = undefined;
      header = '';
    }
  }
  if (frame || header !== '') throw notFrames('it ended within a frame');
}

/** An image of the header's size, black as yet; undefined where the header is not whole. */
function emptyFrame(header: string): Image | undefined {
  const match = /^P6\n(\d+) (\d+)\n255\n$/.exec(header);
  if (!match) {
    if (header.length >= MAX_HEADER || !'P6'.startsWith(header.slice(0, 2))) throw notFrames('it is no PPM');
    return undefined;
  }
  const [widthPx, heightPx] = [Number(match[1]), Number(match[2])];
  if (!(widthPx >= 1 && heightPx >= 1 && widthPx * heightPx <= MAX_PIXELS)) {
    throw notFrames(`a frame of ${widthPx}x${heightPx} px`);
  }
  return { widthPx, heightPx, data: new Uint8Array(3 * widthPx * heightPx) };
}

function notFrames(reason: string): CapabilityError {
  return new CapabilityError(`what ffmpeg sends cannot be read as frames: ${reason}`, {
    hint: 'see that the "ffmpeg" on the PATH is ffmpeg 4 or later, or give a folder of frames',
  });
}
