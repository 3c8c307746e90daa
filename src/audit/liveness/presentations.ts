import { createChannel } from '../../attack/presentation/channel/parameters.ts';
import { type Codecs, presentThrough } from '../../attack/presentation/channel/present.ts';
import type { ChannelSettings } from '../../attack/presentation/channel/settings.ts';
import {
  type ClipDriver,
  type FilmedDriver,
  type PlayedDriver,
  playDriver,
} from '../../attack/presentation/clip-driver.ts';
import { makePresentation } from '../../attack/presentation/presentation.ts';
import type { AttackSpecies, Maker } from '../../attack/presentation/species.ts';
import { type Performance, performedTrack } from '../../attack/presentation/warp/performed.ts';
import { CHALLENGE_TIMES, type Challenge, drawChallenge } from '../../defence/liveness/session/challenge.ts';
import { drawFlashes, type Flashes, sessionMs } from '../../defence/liveness/session/flashes.ts';
import type { CutHead } from '../../face/head-cut.ts';
import { landmarksOfMesh } from '../../face/landmarks68.ts';
import type { Clip } from '../../image/frames/clip.ts';
import { CapabilityError } from '../../util/errors.ts';
import type { Random } from '../../util/random.ts';
import type { LivenessPerson } from './liveness-person.ts';
import { drawSessionLight } from './session-light.ts';
import { headUnrest, simulatedPerson } from './simulated-person.ts';

/** Frames that a network made of a person's photo: moved as the head of whoever drives it is. */
export type NetworkFrames = (photo: CutHead, driver: FilmedDriver) => Promise<Clip>;

/** What presentations are made with. */
export interface PresentationKit {
  /** Frames a second that reach the verification. */
  readonly framesPerSecond: number;
  readonly codecs?: Codecs;
  /** By the network of a species; one that is not there cannot be presented. */
  readonly networks: Readonly<Partial<Record<'reenactment' | 'swap', NetworkFrames>>>;
  /** Somebody else, who drives what follows a challenge by a network. */
  readonly driver: CutHead;
  /** Who drives the swap instead: whom it was trained upon. */
  readonly swapDriver?: CutHead;
  /** Recordings of others, of which one drives what is driven by a clip; none: it cannot be presented. */
  readonly drivers?: readonly ClipDriver[];
  /** Makes a face that is nobody's, from noise; undefined where there is no generator. */
  readonly inventFace?: (random: Random) => Promise<CutHead>;
  /** Of the channel, where they are not the usual ones. */
  readonly settings?: ChannelSettings;
}

/** What a session asks for, and what its screen shows afterwards. */
export interface Asked {
  readonly challenge: Challenge;
  /** Empty where no light is shown. */
  readonly flashes: Flashes;
}

/** A session takes a while longer than all that it asks and shows. */
const SPARE_MS = 200;

/** From what is asked to where it begins to be done, and how long it is done; milliseconds, by eye. */
const REACTION_MS = { low: 250, high: 550 } as const;
const HELD_MS = 1400;

/** What somebody does who is asked for this. */
function performanceOf(challenge: Challenge, random: Random): Performance[] {
  return challenge.map(({ action, atMs }) => ({
    action,
    atMs: atMs + REACTION_MS.low + (REACTION_MS.high - REACTION_MS.low) * random.uniform(),
    durationMs: HELD_MS,
  }));
}

const lengthOf = ({ challenge, flashes }: Asked): number =>
  challenge.reduce((end, { atMs }) => Math.max(end, atMs + CHALLENGE_TIMES.step), sessionMs(flashes) + SPARE_MS);

/** A person before the camera who does what is asked, in the light of the room and the screen: simulated, of one of the other photos. */
export async function bonaFidePresentation(
  person: LivenessPerson,
  asked: Asked,
  kit: Pick<PresentationKit, 'framesPerSecond' | 'codecs' | 'settings'>,
  random: Random,
): Promise<Clip> {
  const clip = performed(person, asked, kit, random);
  return presentThrough(clip, createChannel('camera', kit.settings), presentOptions(kit, random));
}

function performed(
  { person, others }: LivenessPerson,
  asked: Asked,
  { framesPerSecond }: Pick<PresentationKit, 'framesPerSecond'>,
  random: Random,
): Clip {
  const photo = drawnPhoto(others, random);
  return simulatedPerson(photo, person).perform(
    performanceOf(asked.challenge, random.fork('reaction')),
    framesPerSecond,
    lengthOf(asked),
    random.fork('motion'),
    drawSessionLight(asked.flashes, random.fork('light')),
  );
}

/**
 * An attack on a person, as the verification’s camera delivers it or an injector in its place. What follows challenges does what is asked; a recording does what another session asked for; what a clip
 * drives does what somebody else once did; a still does nothing.
 *
 * Light: the screen of this session lights paper and is mirrored by a display a little ({@link presentThrough}); what is relit is painted with its colours ({@link makePresentation}); a recording bears the light of the
 * session in which it was made; nothing else that is injected bears any, and what drives it sits before another screen. Photos that are warped keep their shading.
 *
 * @throws CapabilityError where the species needs a network, a clip or a generator that the kit has not.
 */
export async function attackPresentation(
  species: AttackSpecies,
  person: LivenessPerson,
  asked: Asked,
  kit: PresentationKit,
  random: Random,
): Promise<Clip> {
  const photo = await photoFor(species, person, kit, random.fork('photo'));
  const lengthMs = lengthOf(asked);
  const done = species.followsChallenge ? performanceOf(asked.challenge, random.fork('reaction')) : [];
  const played = species.drivenByClip ? playedFor(species, kit, lengthMs, random.fork('recorded driver')) : undefined;
  // Whoever drives a face live is no stiller than a person before the camera.
  const driven = played ?? {
    track: performedTrack(done, kit.framesPerSecond, lengthMs, headUnrest(random.fork('unrest'))),
  };
  const made = { done, lengthMs, film: played?.film, flashed: asked.flashes.length > 0 };
  const clip = await framesFor(species.maker, person, photo, made, kit, random);
  const screenLight = drawSessionLight(asked.flashes, random.fork('light')).screen;
  return makePresentation(
    species,
    { photo: photo.image, landmarks: landmarksOfMesh(photo.face.mesh), ...driven, ...(clip ? { clip } : {}) },
    { ...presentOptions(kit, random), screenLight, ...(kit.settings ? { settings: kit.settings } : {}) },
  );
}

/** The photo that an attack is made of. */
async function photoFor(
  { name, inventsFace }: AttackSpecies,
  { others }: LivenessPerson,
  { inventFace }: PresentationKit,
  random: Random,
): Promise<CutHead> {
  if (!inventsFace) return drawnPhoto(others, random);
  if (inventFace) return inventFace(random);
  throw new CapabilityError(`${name} needs a generator of faces`);
}

/** One of the recordings, from somewhere on. */
function playedFor(
  { name, maker }: AttackSpecies,
  { drivers = [], framesPerSecond }: PresentationKit,
  lengthMs: number,
  random: Random,
): PlayedDriver {
  const usable = drivers.filter((driver) => canDrive(driver, maker));
  const driver = usable[random.integer(Math.max(1, usable.length))];
  if (!driver) throw new CapabilityError(`${name} needs a clip of somebody who drives it`);
  const recordedMs = (1000 * driver.track.frames.length) / driver.track.framesPerSecond;
  return playDriver(driver, { framesPerSecond, lengthMs, startMs: recordedMs * random.uniform() });
}

/** Whether a recording is enough for what is made so: a network wants to see the driver. */
export const canDrive = ({ film }: ClipDriver, { kind }: Maker): boolean => kind !== 'network' || film !== undefined;

/** The frames that a species is handed; undefined for one that makes its own. */
async function framesFor(
  maker: Maker,
  person: LivenessPerson,
  photo: CutHead,
  {
    done,
    lengthMs,
    film,
    flashed,
  }: {
    readonly done: readonly Performance[];
    readonly lengthMs: number;
    readonly film: FilmedDriver | undefined;
    /** Whether sessions show colours; then earlier ones did. */
    readonly flashed: boolean;
  },
  kit: PresentationKit,
  random: Random,
): Promise<Clip | undefined> {
  if (maker.kind === 'recording') {
    const session = random.fork('the recorded session');
    const before = { challenge: drawChallenge(session), flashes: flashed ? drawFlashes(session) : [] };
    return performed(person, before, kit, random.fork('recording'));
  }
  if (maker.kind !== 'network') return undefined;
  const make = kit.networks[maker.network];
  if (!make) return undefined;
  if (film) return make(photo, film);
  const drives = (maker.network === 'swap' && kit.swapDriver) || kit.driver;
  const driver = simulatedPerson(drives, 'the driver');
  return make(photo, driver.perform(done, kit.framesPerSecond, lengthMs, random.fork('driver')));
}

const presentOptions = ({ codecs }: Pick<PresentationKit, 'codecs'>, random: Random) => ({
  seed: random.fork('channel').uint32(),
  ...(codecs ? { codecs } : {}),
});

const drawnPhoto = (photos: LivenessPerson['others'], random: Random): CutHead =>
  photos[random.integer(photos.length)] ?? photos[0];
