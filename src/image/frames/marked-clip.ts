import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { FacewardError, InputError } from '../../util/errors.ts';
import { mapParallel } from '../../util/parallel.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { encodeMarked } from '../mark.ts';
import type { WrittenFormat } from '../written-format.ts';
import { type Clip, frameTimeMs, requireClip } from './clip.ts';
import { CLIP_FILE, clipFileText } from './clip-file.ts';
import { feedFfmpeg } from './ffmpeg.ts';
import { type FrameLayout, frameMarker, type SyntheticMark } from './marked-frame.ts';

/** How {@link writeMarkedClip} writes. */
export interface WriteClipOptions extends JobOptions {
  /** Of the frames of a folder; default 'png'. */
  readonly frameFormat?: WrittenFormat;
}

const STAGE = 'writing frames';
const WORKERS = 2;

const H264 = ['-c:v', 'libx264', '-preset', 'medium', '-crf', '12', '-pix_fmt', 'yuv420p'];
const VP9 = ['-c:v', 'libvpx-vp9', '-crf', '16', '-b:v', '0', '-pix_fmt', 'yuv420p'];

/** The videos that can be written, by the ending of their name. */
const CODECS: Readonly<Record<string, readonly string[]>> = {
  '.mp4': [...H264, '-movflags', '+faststart'],
  '.mov': [...H264, '-movflags', '+faststart'],
  '.mkv': H264,
  '.webm': VP9,
};

/** Without these a player takes the colours of small videos for those of old television. */
const COLOUR = [
  ...['-vf', 'scale=out_color_matrix=bt709:out_range=tv', '-color_range', 'tv'],
  ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
];

/**
 * Writes a clip with imitated faces: the one way by which moving ones leave the program.
 *
 * Every frame is marked here, by a band below the picture and by a payload within it ({@link ./marked-frame.ts}), and a JSON
 * file tells what the clip is: "clip.json" among the frames of a folder, NAME.json beside a video. Frames that are
 * files carry their provenance inside as well. There is no option that leaves any of this out.
 *
 * Nothing is written over, and what failed halfway leaves nothing.
 *
 * @param target - a video (.mp4, .mov, .mkv or .webm, by the system's ffmpeg), else a folder, new or empty.
 * @throws InputError where the target is there already or cannot be written, or the clip is empty or below 64x64 px; CapabilityError
 * for a video where there is no ffmpeg; InterruptedError.
 */
export async function writeMarkedClip(
  clip: Clip,
  target: string,
  mark: SyntheticMark,
  options: WriteClipOptions = {},
): Promise<void> {
  const first = requireClip(clip);
  const marker = frameMarker(first, mark);
  const { path, codec } = await requireClipTarget(target);
  const partial = join(dirname(path), `.${basename(path)}.partial-${process.pid}`);
  try {
    await mkdir(partial, { recursive: true });
    const job = { clip, mark, partial, layout: marker.layout, markFrame: marker.markFrame, options };
    if (codec) await writeVideo(job, path, codec);
    else await writeFolder(job, path);
  } catch (error) {
    throw error instanceof FacewardError ? error : unwritable(target, error);
  } finally {
    // What cannot be taken away has been told, or was never there.
    await rm(partial, { recursive: true, force: true }).catch(() => {});
  }
}

/**
 * Makes sure that {@link writeMarkedClip} may write to a place, before the work that is to be written there.
 *
 * @throws InputError where something is there already, or its ending is none of a video that can be written.
 */
export async function requireClipTarget(
  target: string,
): Promise<{ readonly path: string; readonly codec: readonly string[] | undefined }> {
  const path = resolve(target);
  const codec = codecOf(path);
  const places = codec ? [path, `${path}.json`] : [path];
  for (const place of places) await requireFree(place, codec === undefined);
  return { path, codec };
}

/** A clip on its way into the folder `partial`, from where it takes its place when it is whole. */
interface WriteJob extends ReturnType<typeof frameMarker> {
  readonly clip: Clip;
  readonly mark: SyntheticMark;
  readonly partial: string;
  readonly options: WriteClipOptions;
}

async function writeFolder({ clip, mark, partial, layout, markFrame, options }: WriteJob, path: string): Promise<void> {
  const { frameFormat: format = 'png' } = options;
  const ending = format === 'jpeg' ? 'jpg' : 'png';
  const digits = Math.max(4, String(clip.frames.length).length);
  const files = clip.frames.map((_, i) => `${String(i + 1).padStart(digits, '0')}.${ending}`);
  let done = 0;
  await mapParallel(clip.frames, WORKERS, async (frame, i) => {
    throwIfAborted(options);
    const file = await encodeMarked(markFrame(frame), mark.provenance, { format, extent: 'face' });
    await writeFile(join(partial, files[i] ?? ''), file, { flag: 'wx' });
    options.onProgress?.({ stage: STAGE, done: ++done, total: clip.frames.length });
  });
  await writeFile(join(partial, CLIP_FILE), clipFileText(mark, factsOf(clip, layout, files)), { flag: 'wx' });
  // An empty folder may stand there; one that was filled meanwhile stays as it is.
  await rmdir(path).catch(() => {});
  await requireFree(path, true);
  await rename(partial, path);
}

async function writeVideo(job: WriteJob, path: string, codec: readonly string[]): Promise<void> {
  const { clip, mark, partial, layout, options } = job;
  const video = join(partial, `video${extname(path).toLowerCase()}`);
  await feedFfmpeg(encodeArguments(job, video, codec), markedFrames(job), {
    signal: options.signal,
    failure: (said) =>
      new InputError(`${path}: ffmpeg cannot write it (${said})`, {
        hint: 'see that this ffmpeg has libx264 (for .webm libvpx-vp9) and that the disk has room, or name a folder instead',
      }),
  });
  const sidecar = join(partial, 'video.json');
  await writeFile(sidecar, clipFileText(mark, factsOf(clip, layout)), { flag: 'wx' });
  await requireFree(path, false);
  // The words first: a video never stands there without them.
  await rename(sidecar, `${path}.json`);
  await rename(video, path);
}

async function* markedFrames({ clip, markFrame, options }: WriteJob): AsyncGenerator<Uint8Array> {
  for (const [i, frame] of clip.frames.entries()) {
    throwIfAborted(options);
    yield markFrame(frame).data;
    options.onProgress?.({ stage: STAGE, done: i + 1, total: clip.frames.length });
  }
}

function encodeArguments({ clip, mark, layout }: WriteJob, video: string, codec: readonly string[]): string[] {
  const { kind, method } = mark.provenance;
  return [
    ...['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${layout.widthPx}x${layout.heightPx}`],
    ...['-framerate', String(clip.framesPerSecond), '-i', 'pipe:0', '-an', ...COLOUR, ...codec],
    ...['-metadata', `comment=synthetic face (${kind}, ${method}), made by Faceward`, '-n', `file:${video}`],
  ];
}

const factsOf = ({ frames, framesPerSecond }: Clip, layout: FrameLayout, files?: readonly string[]) => ({
  framesPerSecond,
  ...layout,
  frames: frames.map((_, i) => ({
    timeMs: frameTimeMs(i, framesPerSecond),
    ...(files?.[i] === undefined ? {} : { file: files[i] }),
  })),
});

/** ffmpeg's arguments for a video of this name; undefined for a folder's. */
function codecOf(path: string): readonly string[] | undefined {
  const ending = extname(path).toLowerCase();
  const codec = CODECS[ending];
  if (codec || !/^\.[a-z][a-z0-9]{1,4}$/.test(ending)) return codec;
  throw new InputError(`${path}: clips are not written as "${ending}"`, {
    hint: `name a folder, or a video that ends in ${Object.keys(CODECS).join(', ')}`,
  });
}

/** Throws {@link InputError} where something stands at this place; `folder`: unless it is an empty folder. */
async function requireFree(path: string, folder: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return;
  const empty = folder && found.isDirectory() && (await readdir(path)).length === 0;
  if (empty) return;
  throw new InputError(`${path} is there already`, { hint: 'name another place, or take it away first' });
}

function unwritable(target: string, cause: unknown): InputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InputError(`${target}: it cannot be written (${reason})`, {
    hint: 'check the path, its permissions and the room on the disk',
    cause,
  });
}
