import { generatorModel } from '../attack/inversion/generator.ts';
import type { Generator } from '../attack/inversion/latent-optimisation.ts';
import type { ChannelSettings } from '../attack/presentation/channel/settings.ts';
import type { ClipDriver } from '../attack/presentation/clip-driver.ts';
import { reenact } from '../attack/presentation/reenactment/reenact.ts';
import { openReenactor, type Reenactor } from '../attack/presentation/reenactment/reenactor.ts';
import type { AttackSpecies } from '../attack/presentation/species.ts';
import { openSwap, type Swap } from '../attack/presentation/swap/swap.ts';
import { swapClip } from '../attack/presentation/swap/swap-face.ts';
import { readModel, shippedGenerator } from '../audit/inversion/shipped.ts';
import { openFaceInventor } from '../audit/liveness/invented-face.ts';
import { headOf } from '../audit/liveness/liveness-person.ts';
import { canDrive, type NetworkFrames, type PresentationKit } from '../audit/liveness/presentations.ts';
import { normaliseName, splitOf } from '../data/splits.ts';
import { trackFace } from '../face/face-track.ts';
import type { CutHead } from '../face/head-cut.ts';
import { fivePointsOf } from '../face/landmarks.ts';
import { createFacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import { throughH264 } from '../image/frames/h264.ts';
import type { Image } from '../image/image.ts';
import { throughJpeg } from '../image/through-jpeg.ts';
import type { FaceSessions } from '../runtime/bundled-sessions.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { readClipDrivers } from './clip-drivers.ts';
import type { PipelineSource } from './face-source.ts';
import type { LivenessSides } from './liveness-people.ts';
import { listOf, oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { OWN_REENACTOR, readReenactor } from './reenactor-model.ts';

/** Frames a second that reach the verification: the fewest that its sessions take. */
const FRAMES_PER_SECOND = 10;

/** What attacks are made with, as options. */
export const attackArgs = {
  drivers: {
    type: 'string',
    description:
      'folder of recordings of anybody who moves the head: folders of frames, videos, or tracks of landmarks (.json); may be given several times',
    valueHint: 'folder',
  },
  'driver-fps': {
    type: 'string',
    description: 'frames a second of drivers that are folders of frames and do not say it; videos are read at it',
    default: '25',
    valueHint: 'n',
  },
  reenactor: {
    type: 'string',
    description: `made by faceward train reenactor; or ${OWN_REENACTOR}: the one that comes along`,
    default: OWN_REENACTOR,
    valueHint: 'file.onnx',
  },
  swap: { type: 'string', description: 'made by faceward train swap; needs --swap-person', valueHint: 'file.onnx' },
  'swap-person': {
    type: 'string',
    description: 'whose face --swap puts on, as in --people: nobody else is attacked with it',
    valueHint: 'name',
  },
  'swap-driver': {
    type: 'string',
    description:
      'a photo of the person whom --swap was trained upon (train swap --onto), who then drives it and does it best; default: somebody of the training side, whom the network does not know',
    valueHint: 'photo',
  },
  generator: {
    type: 'string',
    description:
      'made by faceward train generator, for faces that are nobody’s; default: the one that comes with Faceward',
    valueHint: 'file.onnx',
  },
  codec: {
    type: 'string',
    description:
      'how all presentations, people’s own too, are compressed on their way: h264 (by the ffmpeg that is installed) or blocks (a stand-in for it), with H.264’s quantiser from 10 to 51, such as h264:28; default: not at all',
    valueHint: 'codec',
  },
} as const;

/** The values of {@link attackArgs}. */
type AttackFiles = Readonly<Partial<Record<keyof typeof attackArgs, string | undefined>>>;

/** What the files gave, and has to be closed. */
export interface OpenedAttackFiles extends AsyncDisposable {
  /** What the species are made with where these are the people. */
  kitFor(sides: LivenessSides): LivenessKit;
}

/** What presentations are made with. */
export interface LivenessKit {
  readonly kit: PresentationKit;
  /** Species that cannot be presented, with the reason. */
  readonly left: readonly { readonly species: AttackSpecies; readonly reason: string }[];
  /** Those that can. */
  readonly species: readonly AttackSpecies[];
  /** By the name of a species: whom alone it can be made of. */
  readonly attacked: Readonly<Record<string, string>>;
}

/** What {@link openAttackFiles} needs beside the files. */
export interface AttackSources {
  readonly source: PipelineSource;
  readonly options: SessionOptions;
  readonly job: JobOptions;
}

/**
 * Opens what the species are made with, where it is given; before people are read, so that what is wrong with it is told at once.
 *
 * @throws ModelFileError where a file is none; InputError where a folder has no driver, or a swap comes without its person, or --swap-driver shows nobody; CapabilityError for a video where there is no ffmpeg.
 */
export async function openAttackFiles(
  chosen: readonly AttackSpecies[],
  files: AttackFiles,
  { source, options, job }: AttackSources,
): Promise<OpenedAttackFiles> {
  const swapPerson = files['swap-person'];
  if ((files.swap === undefined) !== (swapPerson === undefined))
    throw new InputError('--swap and --swap-person are given together', {
      hint: 'a swap imitates one person, and its file does not say whom',
    });
  if (files['swap-driver'] !== undefined && files.swap === undefined)
    throw new InputError('there is no --swap that --swap-driver could drive', {
      hint: 'give --swap and --swap-person as well',
    });
  const side = swapPerson === undefined ? 'test' : splitOf(swapPerson);
  if (side !== 'test')
    throw new InputError(`nobody can be attacked with --swap: ${swapPerson} is on the ${side} side`, {
      hint: 'a hash of the name decides; train a swap for the face of somebody on the test side, 15 % of people',
    });
  const codec = await codecOf(files.codec, job);
  const sessions = await source.openSessions();
  const reenactor = files.reenactor && (await openReenactor(await readReenactor(files.reenactor), options));
  const swap = files.swap && (await openSwap(await readModel(files.swap), options));
  const generator = chosen.some(({ inventsFace }) => inventsFace) && (await openedGenerator(files.generator));
  const inventor = generator && (await openFaceInventor(generator, createFacePipeline(sessions), options));
  const means: Omit<PresentationKit, 'driver'> = {
    framesPerSecond: FRAMES_PER_SECOND,
    codecs: {
      jpeg: (frame, quality) => throughJpeg(frame, Math.round(quality)),
      h264: (clip, settings) => throughH264(clip, settings, job),
    },
    ...(codec ? { settings: { codec } } : {}),
    networks: {
      ...(reenactor ? { reenactment: reenactedBy(reenactor, sessions) } : {}),
      ...(swap ? { swap: swappedBy(swap, sessions) } : {}),
    },
    ...(files['swap-driver'] === undefined ? {} : { swapDriver: await readDriver(files['swap-driver'], source) }),
    drivers: await openDrivers(chosen, files, { source, job }),
    ...(inventor ? { inventFace: inventor.invent } : {}),
  };
  return {
    kitFor: (sides) => kitOf(chosen, means, swapPerson, sides),
    [Symbol.asyncDispose]: async () => {
      for (const one of [reenactor, swap, inventor]) if (one) await one.close();
    },
  };
}

/** How presentations are compressed. @throws InputError where the words are none; CapabilityError where there is no ffmpeg. */
async function codecOf(text: string | undefined, job: JobOptions): Promise<ChannelSettings['codec']> {
  if (text === undefined) return undefined;
  const [word, number, ...more] = text.split(':');
  const kind = oneOf(word, '--codec', ['h264', 'blocks']);
  const quantiser = wholeNumber(number, '--codec', { min: 10, max: 51 });
  if (!kind || quantiser === undefined || more.length > 0)
    throw new InputError(`--codec ${text} is no codec`, { hint: 'write it like h264:28 or blocks:28' });
  // Told now, and not at the first presentation.
  const frame = { widthPx: 16, heightPx: 16, data: new Uint8Array(3 * 16 * 16) };
  if (kind === 'h264')
    await throughH264({ framesPerSecond: FRAMES_PER_SECOND, frames: [frame] }, { quantiser, keyframeEvery: 1 }, job);
  return { kind, quantiser };
}

function kitOf(
  chosen: readonly AttackSpecies[],
  means: Omit<PresentationKit, 'driver'>,
  swapPerson: string | undefined,
  { test, driver }: LivenessSides,
): LivenessKit {
  const kit = { ...means, driver: driver.others[0] };
  const swapped = swapPerson && test.find(({ person }) => normaliseName(person) === normaliseName(swapPerson));
  const left = chosen.flatMap((species) => {
    const reason = lackOf(species, kit, swapPerson !== undefined && !swapped);
    return reason === undefined ? [] : [{ species, reason }];
  });
  return {
    kit,
    left,
    species: chosen.filter((one) => !left.some(({ species }) => species === one)),
    attacked: swapped
      ? Object.fromEntries(chosen.flatMap((one) => (isSwap(one) ? [[one.name, swapped.person]] : [])))
      : {},
  };
}

const openedGenerator = async (path: string | undefined): Promise<Generator | undefined> =>
  path === undefined ? shippedGenerator() : generatorModel(await readModel(path));

const isSwap = ({ maker }: AttackSpecies): boolean => maker.kind === 'network' && maker.network === 'swap';

/** Why a species cannot be presented; undefined where it can. */
function lackOf(species: AttackSpecies, kit: PresentationKit, isElsewhere: boolean): string | undefined {
  const { maker, drivenByClip, inventsFace } = species;
  if (maker.kind === 'network' && !kit.networks[maker.network]) return NO_NETWORK[maker.network];
  if (isSwap(species) && isElsewhere) return 'the person of --swap-person is not among those who are attacked';
  if (drivenByClip && !kit.drivers?.some((driver) => canDrive(driver, maker)))
    return kit.drivers?.length ? 'no driver shows frames, which a network needs' : 'no clips were given (--drivers)';
  if (inventsFace && !kit.inventFace) return 'there is no generator (--generator, by faceward train generator)';
  return undefined;
}

const NO_NETWORK = {
  reenactment: 'no network was given (--reenactor, by faceward train reenactor)',
  swap: 'no network was given (--swap, by faceward train swap)',
} as const;

/** The head of somebody who drives a face. @throws InputError where the photo shows nobody who looks at the camera. */
async function readDriver(path: string, source: PipelineSource): Promise<CutHead> {
  const { image } = await decodeImage(path);
  const head = await headOf(image, await source.openPipeline());
  if (head) return head;
  throw new InputError(`${path} shows nobody who looks at the camera`, {
    hint: 'give an uncropped photo of the person, from the front',
  });
}

async function openDrivers(
  chosen: readonly AttackSpecies[],
  files: AttackFiles,
  { source, job }: Pick<AttackSources, 'source' | 'job'>,
): Promise<ClipDriver[]> {
  const wanted = chosen.filter(({ drivenByClip }) => drivenByClip);
  if (files.drivers === undefined || wanted.length === 0) return [];
  return readClipDrivers(listOf(files.drivers), source, {
    ...job,
    framesPerSecond: positiveNumber(files['driver-fps'] ?? attackArgs['driver-fps'].default, '--driver-fps'),
    keepFilms: files.reenactor !== undefined && wanted.some(({ maker }) => maker.kind === 'network'),
  });
}

/** The photo moved by the driver's frames. */
function reenactedBy(reenactor: Reenactor, sessions: FaceSessions): NetworkFrames {
  const pipeline = createFacePipeline(sessions);
  return async (photo, driver) => {
    const [first] = driver.frames;
    const face = driver.face ?? (first && (await pipeline.detect(first))[0]?.box);
    if (!face) throw new InputError('the driver’s first frame shows no face');
    const { framesPerSecond, reference } = driver;
    const frames: Image[] = [];
    const driving = { frames: driver.frames, face, ...(reference ? { reference } : {}) };
    for await (const { picture } of reenact(reenactor, photo.image, photo.face, driving)) frames.push(picture);
    return { framesPerSecond, frames };
  };
}

/** The driver's frames with the face that the swap has learnt. */
const swappedBy =
  (swap: Swap, sessions: FaceSessions): NetworkFrames =>
  async (_, driver) => {
    const meshes = await trackFace(sessions, driver.frames);
    const faces = meshes.map((mesh) => mesh && { mesh: mesh.points, landmarks: fivePointsOf(mesh.points) });
    return swapClip(driver, faces, swap);
  };
