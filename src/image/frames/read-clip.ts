import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError } from '../../util/errors.ts';
import { mapParallel } from '../../util/parallel.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { decodeImage } from '../decode.ts';
import type { Image } from '../image.ts';
import { type Clip, requireClip, requireFramesPerSecond } from './clip.ts';
import { CLIP_FILE, readClipRate } from './clip-file.ts';
import { ffmpegOutput } from './ffmpeg.ts';
import { readPpmFrames } from './ppm-frames.ts';

/** How {@link readClip} reads. */
export interface ReadClipOptions extends JobOptions {
  /** At which rate a video is sampled, or the frames of a folder that does not say so itself were taken; default 25. */
  readonly framesPerSecond?: number;
  /** Longer clips are refused; default 1,500. */
  readonly maxFrames?: number;
  /** So are larger ones, in bytes of decoded pixels; default 2 GiB. */
  readonly maxBytes?: number;
}

const DEFAULT_FRAMES_PER_SECOND = 25;
const DEFAULT_MAX_FRAMES = 1500;
const DEFAULT_MAX_BYTES = 2 ** 31;
const WORKERS = 2;
const STAGE = 'reading frames';

/** The containers that ffmpeg may open: none of them names further files or addresses, as playlists do. */
const CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif';

/**
 * Reads a clip: a folder of JPEG or PNG frames in the order of their names ("2" before "10"), or a video through the system's ffmpeg.
 *
 * A video is sampled at a steady rate and turned as its metadata says; its sound is not read. A folder that
 * {@link ./marked-clip.ts} wrote tells its rate by its "clip.json".
 *
 * @throws InputError where the source is missing, unreadable, too long or too large, or its frames differ in size; CapabilityError
 * for a video where there is no ffmpeg; InterruptedError.
 */
export async function readClip(source: string, options: ReadClipOptions = {}): Promise<Clip> {
  const { framesPerSecond = DEFAULT_FRAMES_PER_SECOND } = options;
  requireFramesPerSecond(framesPerSecond);
  const status = await stat(source).catch((cause: unknown) => {
    throw new InputError(`${source}: there is no such file or folder`, { hint: 'check the path', cause });
  });
  if (!status.isDirectory() && !status.isFile()) {
    throw new InputError(`${source}: it is a device or a pipe`, { hint: 'give a video file or a folder of frames' });
  }
  const clip = status.isDirectory()
    ? await readFolder(source, framesPerSecond, options)
    : await readVideo(source, framesPerSecond, options);
  requireClip(clip, source);
  return clip;
}

async function readFolder(folder: string, fallbackRate: number, options: ReadClipOptions): Promise<Clip> {
  const names = (await readdir(folder))
    .filter((name) => /\.(jpe?g|png)$/i.test(name) && !name.startsWith('.'))
    .sort(new Intl.Collator('en', { numeric: true }).compare);
  if (names.length === 0) {
    throw new InputError(`${folder}: no frames in this folder`, {
      hint: 'a folder of frames holds .jpg or .png files; for a set of clips name one of them',
    });
  }
  const room = frameRoom(folder, options);
  let done = 0;
  const frames = await mapParallel(names, WORKERS, async (name) => {
    throwIfAborted(options);
    const { image } = await decodeImage(join(folder, name));
    room(image, ++done);
    options.onProgress?.({ stage: STAGE, done, total: names.length });
    return image;
  });
  return { framesPerSecond: (await rateOf(folder)) ?? fallbackRate, frames };
}

/** Of a folder, by the file beside its frames; undefined where there is none. */
async function rateOf(folder: string): Promise<number | undefined> {
  const path = join(folder, CLIP_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readClipRate(text, path);
}

async function readVideo(path: string, framesPerSecond: number, options: ReadClipOptions): Promise<Clip> {
  const room = frameRoom(path, options);
  const pipe = ffmpegOutput(decodeArguments(path, framesPerSecond), {
    signal: options.signal,
    failure: (said) =>
      new InputError(`${path}: ffmpeg cannot read it (${said})`, {
        hint: 'give an MP4, MOV, MKV, WebM or AVI file, or a folder of frames',
      }),
  });
  const frames: Image[] = [];
  for await (const frame of readPpmFrames(pipe)) {
    throwIfAborted(options);
    frames.push(frame);
    room(frame, frames.length);
    // How many will come is not known before they have come.
    options.onProgress?.({ stage: STAGE, done: frames.length, total: frames.length });
  }
  return { framesPerSecond, frames };
}

/** "file:" keeps a name such as "concat:a" or "-i" a name. */
const decodeArguments = (path: string, framesPerSecond: number): string[] => [
  ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', CONTAINERS],
  ...['-i', `file:${resolve(path)}`, '-map', '0:v:0', '-an', '-sn', '-dn'],
  ...['-vf', `fps=${framesPerSecond}`, '-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24', 'pipe:1'],
];

/** Says of each frame whether it still finds room. */
function frameRoom(name: string, options: ReadClipOptions): (frame: Image, count: number) => void {
  const { maxFrames = DEFAULT_MAX_FRAMES, maxBytes = DEFAULT_MAX_BYTES } = options;
  let bytes = 0;
  return (frame, count) => {
    bytes += frame.data.length;
    if (count > maxFrames) {
      throw new InputError(`${name}: more than ${maxFrames} frames`, { hint: 'cut the clip, or take a lower rate' });
    }
    if (bytes > maxBytes) {
      throw new InputError(`${name}: its frames take more than ${maxBytes} bytes`, {
        hint: 'cut the clip, or make its frames smaller',
      });
    }
  };
}
