import { readdir, readFile } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { faceCrop } from '../attack/presentation/reenactment/face-crop.ts';
import type { MovingFaces, PhotoOfFace } from '../attack/presentation/reenactment/training-pairs.ts';
import { createAnimator } from '../attack/presentation/warp/animate.ts';
import { parseTrack, smoothTrack, type Track } from '../attack/presentation/warp/track.ts';
import { readPhotos } from '../audit/read-photos.ts';
import { loadDataset } from '../data/load.ts';
import { countPeople, type FaceSample } from '../data/sample.ts';
import { refuseTestPeople, splitByPerson, splitOf } from '../data/splits.ts';
import type { Box } from '../face/face.ts';
import { landmarksOfMesh } from '../face/landmarks68.ts';
import { meanBox } from '../face/mean-box.ts';
import { moveFace } from '../face/moved-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { readClip } from '../image/frames/read-clip.ts';
import type { Image } from '../image/image.ts';
import { cropImage, resizeImage } from '../image/resize.ts';
import { InputError } from '../util/errors.ts';
import { evenly } from '../util/evenly.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { clipsIn, requireUnmarkedClip, requireUnmarkedPhoto } from './clip-files.ts';
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

/** A network would learn the mark, and a face that never was there. */
const REAL = 'learn from photos and clips of real people, not from imitated ones';

/** Where a training's faces come from. */
export interface ReenactorData {
  readonly photos: string;
  /** The most photos that are used, chosen at random. */
  readonly mostPhotos: number;
  /** A folder of clips: folders of frames, or videos; each of one person, who is known by its name. */
  readonly clips: string | undefined;
  /** A folder of tracks of landmarks, `.json`. */
  readonly tracks: string | undefined;
  readonly seed: number;
}

/** The files that a training is made of: of people of the training side alone. */
export interface ReenactorFiles {
  readonly photos: readonly FaceSample[];
  /** Videos, and folders of frames. */
  readonly clips: readonly string[];
  readonly tracks: readonly string[];
}

/** What a training may draw from. @throws InputError where there is nobody, or something cannot be read. */
export async function findReenactorFiles({
  photos: folder,
  clips,
  tracks,
  mostPhotos,
  seed,
}: ReenactorData): Promise<ReenactorFiles> {
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  printNote(dataset.description);
  const { train } = splitByPerson(dataset.samples);
  refuseTestPeople(train, 'training a reenactment network');
  return {
    photos: new Random(seed).fork('photos').sample(train, mostPhotos),
    clips: clips === undefined ? [] : await trainingClips(clips),
    tracks: tracks === undefined ? [] : await trainingTracks(tracks),
  };
}

/** Reads them. @throws InputError where there is no face, something cannot be read, or bears our mark. */
export async function reenactorFaces(
  files: ReenactorFiles,
  { sizePx, args, job }: { readonly sizePx: number; readonly args: SessionArgs; readonly job: JobOptions },
): Promise<MovingFaces & { readonly people: number }> {
  await using source = pipelineSource(args);
  // What is read quickly comes first, so that what is wrong with it is told before the photos are searched for faces.
  const tracks = await Promise.all(files.tracks.map(readTrack));
  const clips = await readClips(files.clips, sizePx, source.openPipeline, job);
  const { photos, people } = await readFaces(files.photos, sizePx, source.openPipeline, job);
  return { photos, clips, tracks, people };
}

async function readFaces(
  samples: readonly FaceSample[],
  sizePx: number,
  openPipeline: () => Promise<FacePipeline>,
  job: JobOptions,
): Promise<{ readonly photos: readonly PhotoOfFace[]; readonly people: number }> {
  const { faces, rejected } = await readPhotos(
    samples,
    async (sample, image) => [{ person: sample.person, ...(await photoOfFace(image, sizePx, await openPipeline())) }],
    { ...job, openPipeline, require: ({ path }, image) => requireUnmarkedPhoto(image, path, REAL) },
  );
  if (faces.length === 0)
    throw new InputError(`--data has no face of a person on the training side that can be moved`, {
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

/** The clips of the training side in a folder. @throws InputError where there is none. */
async function trainingClips(folder: string): Promise<string[]> {
  const found = await clipsIn(folder);
  const chosen = found.filter((path) => splitOf(parse(path).name) === 'train');
  const left = found.filter((path) => !chosen.includes(path)).map((path) => basename(path));
  if (chosen.length === 0)
    throw new InputError(`${folder} has no clip of a person on the training side`, {
      hint: `70 % of people are, by a hash of the clip’s name; there is ${someOf(left)}`,
    });
  if (left.length > 0) printNote(`clips kept for tests: ${someOf(left)}`);
  return chosen;
}

async function readClips(
  paths: readonly string[],
  sizePx: number,
  openPipeline: () => Promise<FacePipeline>,
  job: JobOptions,
): Promise<Image[][]> {
  const clips: Image[][] = [];
  for (const path of paths) {
    throwIfAborted(job);
    const { frames } = await readClip(path, { ...job, framesPerSecond: FRAMES_PER_SECOND });
    requireUnmarkedClip(frames, path, REAL);
    const region = faceCrop(frames[0] as Image, await faceIn(frames, path, await openPipeline()));
    clips.push(frames.map((frame) => resizeImage(cropImage(frame, region), sizePx, sizePx)));
  }
  if (clips.length > 0) printNote(`${clips.length} clips of ${clips.flat().length} frames on the training side`);
  return clips;
}

/** The mean box of a clip's face over some of its frames. @throws InputError where it is found in none. */
async function faceIn(frames: readonly Image[], name: string, pipeline: FacePipeline): Promise<Box> {
  const boxes: Box[] = [];
  for (const place of evenly(frames.length, LOOKS)) {
    const [face] = await pipeline.detect(frames[place] as Image, { maxFaces: 1 });
    if (face) boxes.push(face.box);
  }
  if (boxes.length === 0) throw new InputError(`${name}: no face was found`);
  return meanBox(boxes);
}

/** The tracks of the training side in a folder: a face's motion is its owner's too. @throws InputError where there is none. */
async function trainingTracks(folder: string): Promise<string[]> {
  const found = await readdir(folder).catch((cause: unknown) => {
    throw new InputError(`${folder}: the folder cannot be read`, { hint: 'check the path', cause });
  });
  const names = found.filter((name) => name.endsWith('.json') && splitOf(parse(name).name) === 'train').sort();
  if (names.length === 0)
    throw new InputError(`${folder}: there is no track of landmarks (.json) of a person on the training side`);
  return names.map((name) => join(folder, name));
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
