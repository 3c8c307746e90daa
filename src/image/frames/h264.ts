import { CapabilityError, InputError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Image } from '../image.ts';
import { cropImage } from '../resize.ts';
import { type Clip, requireClip } from './clip.ts';
import { throughFfmpeg } from './ffmpeg.ts';
import { readPpmFrames } from './ppm-frames.ts';

/** How a clip is compressed. */
export interface H264Settings {
  /** H.264's quantisation parameter, 1 (hardly changed) to 51; calls have about 24 to 36. */
  readonly quantiser: number;
  /** Every so many frames one is coded without its predecessors. */
  readonly keyframeEvery: number;
}

/** As a call does it: nothing is looked ahead, no frame waits for a later one; BT.709, as cameras have it. */
const CALL = [
  ...['-vf', 'scale=out_color_matrix=bt709:out_range=tv', '-color_range', 'tv'],
  ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-threads', '1'],
];

/**
 * A clip as it comes out of H.264, by the system's ffmpeg: encoded and decoded in memory, so that frames without a mark reach no file. Same size, rate and number of frames.
 *
 * @throws InputError where the clip or a setting is not possible; CapabilityError where there is no ffmpeg, or one without libx264; InterruptedError.
 */
export async function throughH264(
  clip: Clip,
  { quantiser, keyframeEvery }: H264Settings,
  { signal }: Pick<JobOptions, 'signal'> = {},
): Promise<Clip> {
  const { widthPx, heightPx } = requireClip(clip);
  const fine = quantiser >= 1 && quantiser <= 51 && keyframeEvery >= 1;
  if (!fine) {
    throw new InputError(`H.264 with a quantiser of ${quantiser} and a key frame every ${keyframeEvery}`, {
      hint: 'give a quantiser from 1 to 51, and a key frame every 1 or more frames',
    });
  }
  const options = {
    signal,
    failure: (said: string) =>
      new CapabilityError(`ffmpeg cannot send a clip through H.264 (${said})`, {
        hint: 'see that this ffmpeg has libx264',
      }),
  };
  const size = `${even(widthPx)}x${even(heightPx)}`;
  const encoded = throughFfmpeg(
    [
      ...['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', size],
      ...['-framerate', String(clip.framesPerSecond), '-i', 'pipe:0', ...CALL],
      ...['-qp', String(Math.round(quantiser)), '-g', String(Math.round(keyframeEvery)), '-f', 'h264'],
    ],
    rawFrames(clip.frames),
    options,
  );
  const decoded = throughFfmpeg(
    ['-f', 'h264', '-i', 'pipe:0', '-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24'],
    encoded,
    options,
  );
  const frames: Image[] = [];
  for await (const frame of readPpmFrames(decoded)) {
    frames.push(cropImage(frame, { x: 0, y: 0, width: widthPx, height: heightPx }));
  }
  if (frames.length !== clip.frames.length) throw options.failure(`${frames.length} of ${clip.frames.length} frames`);
  return { framesPerSecond: clip.framesPerSecond, frames };
}

/** Colours are coded at half the size: sizes must be even. */
const even = (length: number): number => length + (length % 2);

/** The frames' bytes, at even sizes: the last column and row are repeated where there is one missing. */
async function* rawFrames(frames: readonly Image[]): AsyncGenerator<Uint8Array> {
  for (const { data, widthPx, heightPx } of frames) {
    const stride = 3 * even(widthPx);
    const out = new Uint8Array(stride * even(heightPx));
    for (let y = 0; y < even(heightPx); y++) {
      const start = 3 * widthPx * Math.min(y, heightPx - 1);
      const row = data.subarray(start, start + 3 * widthPx);
      out.set(row, y * stride);
      if (stride > row.length) out.set(row.subarray(-3), y * stride + row.length);
    }
    yield out;
  }
}
