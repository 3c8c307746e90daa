import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { faceCrop } from '../attack/presentation/reenactment/face-crop.ts';
import type { MovingFaces, PhotoOfFace } from '../attack/presentation/reenactment/training-pairs.ts';
import { createAnimator } from '../attack/presentation/warp/animate.ts';
import { parseTrack, smoothTrack, type Track } from '../attack/presentation/warp/track.ts';
import { readPhotos } from '../audit/read-photos.ts';
import { loadDataset } from '../data/load.ts';
import { countPeople } from '../data/sample.ts';
import { refuseTestPeople, splitByPerson, splitOf } from '../data/splits.ts';
import type { Box } from '../face/face.ts';
import { landmarksOfMesh } from '../face/landmarks68.ts';
import { moveFace } from '../face/moved-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { readClip } from '../image/frames/read-clip.ts';
import type { Image } from '../image/image.ts';
import { findPayload, MIN_PAYLOAD_SIZE_PX } from '../image/payload.ts';
import { cropImage, resizeImage } from '../image/resize.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import type { SessionArgs } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote, someOf } from './print.ts';

/** Photos are kept at up to so many times the network's size: what is moved there and then made smaller is as sharp as what a camera sees. */
const PHOTO_SCALE = 2;

/** A face whose crop is smaller than this share of the network's size would teach it blur. */
const LEAST_SCALE = 2 / 3;

/** Frames of a clip, evenly apart, in which its face is looked for. */
const LOOKS = 8;

/** At which rate videos are read: neighbours that are nearer teach little. */
const FRAMES_PER_SECOND = 12.5;

/** Where a training's faces come from. */
export interface ReenactorData {
  readonly photos: string;
  /** The most photos that are used, chosen at random. */
  readonly mostPhotos: number;
  /** A folder of clips: folders of frames, or videos; each of one person, who is known by its name. */
  readonly clips: string | undefined;
  /** A folder of tracks of landmarks, `.json`. */
  readonly tracks: string | undefined;
  readonly sizePx: number;
  readonly seed: number;
}

/** What a training may draw from: people of the training side alone. @throws InputError where there is nobody, or something cannot be read. */
export async function reenactorFaces(
  data: ReenactorData,
  args: SessionArgs,
  job: JobOptions,
): Promise<MovingFaces & { readonly people: number }> {
  await using source = pipelineSource(args);
  // What is read quickly comes first, so that a wrong path is told before the photos are searched for faces.
  const tracks = data.tracks === undefined ? [] : await readTracks(data.tracks);
  const clips = data.clips === undefined ? [] : await readClips(data.clips, data.sizePx, source.openPipeline, job);
  const { photos, people } = await readFaces(data, source.openPipeline, job);
  return { photos, clips, tracks, people };
}

async function readFaces(
  { photos: folder, mostPhotos, sizePx, seed }: ReenactorData,
  openPipeline: () => Promise<FacePipeline>,
  job: JobOptions,
): Promise<{ readonly photos: readonly PhotoOfFace[]; readonly people: number }> {
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  printNote(dataset.description);
  const { train } = splitByPerson(dataset.samples);
  refuseTestPeople(train, 'training a reenactment network');
  const chosen = new Random(seed).fork('photos').sample(train, mostPhotos);
  const { faces, rejected } = await readPhotos(
    chosen,
    async (sample, image) => [{ person: sample.person, ...(await photoOfFace(image, sizePx, await openPipeline())) }],
    { ...job, openPipeline },
  );
  if (faces.length === 0)
    throw new InputError(`${folder} has no face of a person on the training side that can be moved`, {
      hint: '70 % of people are, by a hash of the name; photos must look about at the camera',
    });
  const people = countPeople(faces);
  printNote(`${faces.length} photos of ${people} people on the training side, ${rejected} left out`);
  return { photos: faces, people };
}

/** The largest face of a photo, cut out with its landmarks. @throws InputError where there is none, or the warp cannot move it. */
async function photoOfFace(image: Image, sizePx: number, pipeline: FacePipeline): Promise<PhotoOfFace> {
  const [face] = await pipeline.detect(image, { maxFaces: 1 });
  if (!face) throw new InputError('no face was found');
  const region = faceCrop(image, face.box);
  if (region.width < LEAST_SCALE * sizePx)
    throw new InputError(`the face with its surroundings is ${region.width} px wide, too little for ${sizePx} px`);
  const side = Math.min(region.width, PHOTO_SCALE * sizePx);
  const photo = resizeImage(cropImage(image, region), side, side);
  const scale = side / region.width;
  const landmarks = landmarksOfMesh(moveFace(face, { left: region.x, top: region.y, scale }).mesh);
  // It throws where a face cannot be moved.
  createAnimator(photo, landmarks);
  return { photo, landmarks };
}

async function readClips(
  folder: string,
  sizePx: number,
  openPipeline: () => Promise<FacePipeline>,
  job: JobOptions,
): Promise<Image[][]> {
  const found = await clipsIn(folder);
  const chosen = found.filter((path) => splitOf(parse(path).name) === 'train');
  const left = found.filter((path) => !chosen.includes(path)).map((path) => basename(path));
  if (chosen.length === 0)
    throw new InputError(`${folder} has no clip of a person on the training side`, {
      hint: `70 % of people are, by a hash of the clip’s name; there is ${someOf(left)}`,
    });
  const clips: Image[][] = [];
  for (const path of chosen) {
    throwIfAborted(job);
    const { frames } = await readClip(path, { ...job, framesPerSecond: FRAMES_PER_SECOND });
    requireUnmarked(frames[0] as Image, path);
    const region = faceCrop(frames[0] as Image, await faceIn(frames, path, await openPipeline()));
    clips.push(frames.map((frame) => resizeImage(cropImage(frame, region), sizePx, sizePx)));
  }
  const kept = left.length === 0 ? '' : `; kept for tests: ${someOf(left)}`;
  printNote(`${clips.length} clips of ${clips.flat().length} frames on the training side${kept}`);
  return clips;
}

/** @throws InputError where a clip is one of ours: a network would learn the mark, and a face that never was there. */
function requireUnmarked(frame: Image, path: string): void {
  if (Math.min(frame.widthPx, frame.heightPx) < MIN_PAYLOAD_SIZE_PX || !findPayload(frame)) return;
  throw new InputError(`${path}: its frames carry Faceward’s mark`, {
    hint: 'learn from clips of real people, not from imitated ones',
  });
}

/** The clips in a folder, or the folder itself where it holds frames. @throws InputError where there is none. */
async function clipsIn(folder: string): Promise<string[]> {
  const root = resolve(folder);
  const names = await readdir(root).catch((cause: unknown) => {
    throw new InputError(`${folder}: the folder cannot be read`, { hint: 'check the path', cause });
  });
  if (names.some((name) => /\.(jpe?g|png)$/i.test(name))) return [root];
  const paths: string[] = [];
  for (const name of names.filter((name) => !name.startsWith('.')).sort()) {
    const path = join(root, name);
    if (/\.(mp4|m4v|mov|mkv|webm|avi)$/i.test(name) || (await stat(path).catch(() => undefined))?.isDirectory())
      paths.push(path);
  }
  if (paths.length > 0) return paths;
  throw new InputError(`${folder}: there is no clip`, { hint: 'give a folder with folders of frames or videos in it' });
}

/** The mean box of a clip's face over some of its frames. @throws InputError where it is found in none. */
async function faceIn(frames: readonly Image[], name: string, pipeline: FacePipeline): Promise<Box> {
  const boxes: Box[] = [];
  const step = Math.max(1, Math.floor(frames.length / LOOKS));
  for (let i = 0; i < frames.length; i += step) {
    const [face] = await pipeline.detect(frames[i] as Image, { maxFaces: 1 });
    if (face) boxes.push(face.box);
  }
  if (boxes.length === 0) throw new InputError(`${name}: no face was found`);
  const mean = (of: keyof Box): number => boxes.reduce((sum, box) => sum + box[of], 0) / boxes.length;
  return { x: mean('x'), y: mean('y'), width: mean('width'), height: mean('height') };
}

/** The tracks of the training side in a folder: a face's motion is its owner's too. @throws InputError where there is none. */
async function readTracks(folder: string): Promise<Track[]> {
  const found = await readdir(folder).catch((cause: unknown) => {
    throw new InputError(`${folder}: the folder cannot be read`, { hint: 'check the path', cause });
  });
  const names = found.filter((name) => name.endsWith('.json') && splitOf(parse(name).name) === 'train').sort();
  if (names.length === 0)
    throw new InputError(`${folder}: there is no track of landmarks (.json) of a person on the training side`);
  return Promise.all(names.map((name) => readTrack(join(folder, name))));
}

async function readTrack(path: string): Promise<Track> {
  const text = await readFile(path, 'utf8');
  try {
    return smoothTrack(parseTrack(JSON.parse(text)));
  } catch (cause) {
    throw new InputError(`${path} is no track of landmarks`, {
      hint: 'a track is { "fps": 30, "frames": [{ "lm68": [[x, y], ...] }] }',
      cause,
    });
  }
}
