import type { ClipDriver } from '../attack/presentation/clip-driver.ts';
import { resizeImage } from '../image/resize.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { clipsIn } from './clip-files.ts';
import { readRecordedDriver } from './driver-track.ts';
import type { PipelineSource } from './face-source.ts';

/** Larger frames of a driver are made so small: networks see less, and many clips are kept at once. */
const FILM_PX = 256;

/** How {@link readClipDrivers} reads. */
export interface ClipDriversOptions extends JobOptions {
  /** Of folders of frames that do not say it themselves, and at which videos are read. */
  readonly framesPerSecond: number;
  /** Whether a network is to see the frames; otherwise only motion is kept. */
  readonly keepFilms: boolean;
}

/**
 * Reads the recorded drivers in folders: folders of frames, videos, tracks of landmarks.
 *
 * @throws InputError where a folder has none, or one shows no face.
 */
export async function readClipDrivers(
  folders: readonly string[],
  source: PipelineSource,
  options: ClipDriversOptions,
): Promise<ClipDriver[]> {
  const drivers: ClipDriver[] = [];
  for (const path of (await Promise.all(folders.map((folder) => clipsIn(folder, { tracks: true })))).flat()) {
    throwIfAborted(options);
    const { track, film } = await readRecordedDriver(path, source, options);
    drivers.push(options.keepFilms && film ? { track, film: smallFilm(film) } : { track });
  }
  return drivers;
}

function smallFilm({ frames, face }: NonNullable<ClipDriver['film']>): ClipDriver['film'] {
  const [first] = frames;
  const scale = first ? Math.min(1, FILM_PX / Math.max(first.widthPx, first.heightPx)) : 1;
  if (scale === 1) return { frames, face };
  const { x, y, width, height } = face;
  return {
    frames: frames.map((frame) =>
      resizeImage(frame, Math.round(scale * frame.widthPx), Math.round(scale * frame.heightPx)),
    ),
    face: { x: scale * x, y: scale * y, width: scale * width, height: scale * height },
  };
}
