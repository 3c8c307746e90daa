import { createHash } from 'node:crypto';
import { SWAP_PEOPLE, type SwapPerson } from '../attack/presentation/swap/networks.ts';
import type { SwapExample } from '../attack/presentation/swap/random-view.ts';
import { faceMask, mapLandmarks, meanLandmarks } from '../attack/presentation/swap/swap-mask.ts';
import { trainingView } from '../attack/presentation/swap/swap-view.ts';
import { shippedCalibration, thresholdsOf } from '../audit/calibration.ts';
import { readPhotos } from '../audit/read-photos.ts';
import { VERDICT_FMR } from '../audit/verdict.ts';
import { loadFolder } from '../data/folder.ts';
import type { FaceSample } from '../data/sample.ts';
import { alignedFace, type FacePlace } from '../encoder/aligned-face.ts';
import { openBundledEncoder } from '../encoder/bundled.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { alignmentMatrix, invertAffine } from '../face/alignment.ts';
import { type Landmarks68, landmarksOfMesh } from '../face/landmarks68.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import type { Image } from '../image/image.ts';
import { toPlanarBytes } from '../image/tensor.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { cacheDirectory } from './cache-directory.ts';
import { requireUnmarkedPhoto } from './clip-files.ts';
import { type SessionArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { medianSimilarity, strangersAmong } from './one-person.ts';
import { printNote } from './print.ts';

/** Faces of one person below which a swap is refused, and below which it is said that more would help. */
const LEAST_FACES = 20;
const ENOUGH_FACES = 200;

const HINT = `give a folder of ${LEAST_FACES} photos of one person at least, in different light, poses and expressions; ${ENOUGH_FACES} are a good number`;

/** Faces of a folder, spread over it, that the encoder looks at: whether they are one person's. */
const FACES_COMPARED = 40;

/** From this share of strangers on, and from two, they are spoken of: the encoder is wrong about a face now and then. */
const STRANGERS_TOLD = 0.1;

/** Training uses a mask this much wider than what will be pasted, so that no edge of what was learnt shows. */
const MASK_REACH = 1.1;

/** One person's faces for a training. */
export interface SwapFaces {
  readonly examples: readonly SwapExample[];
  /** SHA-256 of the pictures: tells two sets of faces apart and says nothing of whose they are. */
  readonly hash: string;
}

/** The two folders of a swap, each with the option that named it. */
export type SwapFolders = Readonly<Record<SwapPerson, { readonly folder: string; readonly option: string }>>;

/** The photos of two people. */
export type SwapPhotos = Readonly<Record<SwapPerson, readonly FaceSample[]>>;

/** The photos of two folders; of both at once, so that what is wrong with either is told before the work. @throws InputError where one has fewer than 20. */
export async function findSwapPhotos({ donor, wearer }: SwapFolders): Promise<SwapPhotos> {
  return { donor: await samplesOf(donor), wearer: await samplesOf(wearer) };
}

/**
 * Cuts the largest face out of every photo of two people; a photo without one is left out and counted. Folders that seem to hold several people, or both the same one, are warned
 * about, where the bundled encoder `dlib` says so.
 *
 * @param options.sizePx - side of the swap's faces.
 * @throws InputError where somebody has fewer than 20 photos with a face, or one bears our mark.
 */
export async function loadSwapFaces(
  samples: SwapPhotos,
  folders: SwapFolders,
  options: { readonly sizePx: number; readonly args: SessionArgs; readonly job: JobOptions },
): Promise<Readonly<Record<SwapPerson, SwapFaces>>> {
  await using source = pipelineSource(options.args);
  const encoder = await openBundledEncoder('dlib', { ...sessionOptions(options.args), cacheDir: cacheDirectory() });
  try {
    const load = { ...options, openPipeline: source.openPipeline, encoder };
    const donor = await loadPerson(samples.donor, folders.donor.option, load);
    const wearer = await loadPerson(samples.wearer, folders.wearer.option, load);
    await warnOfPeople({ donor: donor.compared, wearer: wearer.compared }, folders, encoder);
    return { donor, wearer };
  } finally {
    await encoder.close();
  }
}

interface PersonLoad {
  readonly sizePx: number;
  readonly job: JobOptions;
  readonly openPipeline: () => Promise<FacePipeline>;
  readonly encoder: Encoder;
}

/** A face, and the crop that the encoder compares, of some. */
interface LoadedFace {
  readonly example: SwapExample;
  readonly crop: Image | undefined;
}

async function samplesOf({ folder, option }: SwapFolders[SwapPerson]): Promise<readonly FaceSample[]> {
  const { samples } = await loadFolder(folder, { readSize: readPhotoSize }).catch((cause: unknown) => {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(`${option}: ${cause.message}`, { hint: HINT, cause });
  });
  if (samples.length < LEAST_FACES) throw tooFew(option, `there are ${samples.length} photos in this folder`);
  return samples;
}

async function loadPerson(
  samples: readonly FaceSample[],
  option: string,
  { sizePx, job, openPipeline, encoder }: PersonLoad,
): Promise<SwapFaces & { readonly compared: readonly Float32Array[] }> {
  const step = Math.max(1, Math.floor(samples.length / FACES_COMPARED));
  const compared = new Set(samples.filter((_, i) => i % step === 0));
  const { faces, rejected } = await readPhotos<LoadedFace>(
    samples,
    async (sample, image, open) => {
      const { place, landmarks } = await placeOf(sample, image, open);
      const crop = compared.has(sample) ? alignedFace(image, place, encoder.view) : undefined;
      return [{ example: exampleOf(image, place, landmarks, sizePx), crop }];
    },
    {
      ...{ ...job, openPipeline },
      require: ({ path }, image) =>
        requireUnmarkedPhoto(image, path, 'learn from photos of real people, not from imitated ones'),
    },
  );
  if (faces.length < LEAST_FACES) {
    const showing = faces.length === 0 ? 'none shows' : `${faces.length} show`;
    throw tooFew(option, `of ${samples.length} photos ${showing} a face that can be found`);
  }
  const without = rejected === 0 ? '' : `; ${rejected} photos show none, or cannot be read`;
  printNote(`${option}: ${faces.length} faces${without}`);
  if (faces.length < ENOUGH_FACES) {
    printNote(`${option}: with ${ENOUGH_FACES} faces or more a swap holds expressions and light better`);
  }
  const examples = faces.map(({ example }) => example);
  const hash = createHash('sha256');
  for (const { picture } of examples) hash.update(picture);
  return {
    examples,
    hash: hash.digest('hex'),
    compared: await encoder.embed(faces.flatMap(({ crop }) => crop ?? [])),
  };
}

function tooFew(option: string, found: string): InputError {
  return new InputError(`${option}: ${found}, and a swap needs ${LEAST_FACES} at least`, { hint: HINT });
}

/** Where the face is in its photo: as the pipeline finds it, or where an aligned face's is. */
async function placeOf(
  { path, aligned }: FaceSample,
  image: Image,
  openPipeline: () => Promise<FacePipeline>,
): Promise<{ readonly place: FacePlace; readonly landmarks: Landmarks68 | undefined }> {
  if (aligned) return { place: 'canonical', landmarks: undefined };
  const [face] = await (await openPipeline()).detect(image, { maxFaces: 1 });
  if (!face) throw new InputError(`${path}: no face was found`);
  return { place: face.landmarks, landmarks: landmarksOfMesh(face.mesh) };
}

function exampleOf(image: Image, place: FacePlace, landmarks: Landmarks68 | undefined, sizePx: number): SwapExample {
  const view = trainingView(sizePx);
  const inView =
    place === 'canonical' || !landmarks
      ? meanLandmarks(view)
      : mapLandmarks(landmarks, invertAffine(alignmentMatrix(place, view)));
  return {
    picture: toPlanarBytes(alignedFace(image, place, view)),
    mask: Uint8Array.from(faceMask(inView, view, MASK_REACH).data, (value) => Math.round(255 * value)),
  };
}

/** Where the encoder's shipped threshold says that a folder holds several people, or that both hold the same one. */
async function warnOfPeople(
  compared: Readonly<Record<SwapPerson, readonly Float32Array[]>>,
  folders: SwapFolders,
  encoder: Encoder,
): Promise<void> {
  const calibration = await shippedCalibration(encoder);
  const threshold = calibration && thresholdsOf(calibration).find(({ fmr }) => fmr === VERDICT_FMR)?.similarity;
  if (threshold === undefined) return;
  for (const person of SWAP_PEOPLE) {
    const { length: count } = compared[person];
    const { length: strangers } = strangersAmong(compared[person], threshold);
    if (strangers < 2 || strangers < STRANGERS_TOLD * count) continue;
    printNote(
      `${folders[person].option} seems to show several people: ${strangers} of the ${count} faces that ${encoder.id} compared are unlike most of the others; the swap will mix them`,
    );
  }
  if (medianSimilarity(compared.donor, compared.wearer) >= threshold) {
    printNote(`${folders.donor.option} and ${folders.wearer.option} seem to show the same person`);
  }
}
