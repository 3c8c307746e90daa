import { createChannel } from '../../attack/presentation/channel/parameters.ts';
import { type Codecs, presentThrough } from '../../attack/presentation/channel/present.ts';
import type { ChannelSettings } from '../../attack/presentation/channel/settings.ts';
import { makePresentation } from '../../attack/presentation/presentation.ts';
import type { AttackSpecies, Maker } from '../../attack/presentation/species.ts';
import { type Performance, performedTrack } from '../../attack/presentation/warp/performed.ts';
import {
  CHALLENGE_MS,
  CHALLENGE_TIMES,
  type Challenge,
  drawChallenge,
} from '../../defence/liveness/session/challenge.ts';
import type { CutHead } from '../../face/head-cut.ts';
import { landmarksOfMesh } from '../../face/landmarks68.ts';
import type { Clip } from '../../image/frames/clip.ts';
import type { Random } from '../../util/random.ts';
import type { LivenessPerson } from './liveness-person.ts';
import { headUnrest, simulatedPerson } from './simulated-person.ts';

/** Frames that a network made of a person's photo: the head of whoever drives it, doing what is asked. */
export type NetworkFrames = (photo: CutHead, driver: Clip) => Promise<Clip>;

/** What presentations are made with. */
export interface PresentationKit {
  /** Frames a second that reach the verification. */
  readonly framesPerSecond: number;
  readonly codecs?: Codecs;
  /** By the network of a species; one that is not there cannot be presented. */
  readonly networks: Readonly<Partial<Record<'reenactment' | 'swap' | 'gan', NetworkFrames>>>;
  /** Somebody else, who drives what follows a challenge by a network. */
  readonly driver: CutHead;
  /** Of the channel, where they are not the usual ones. */
  readonly settings?: ChannelSettings;
}

/** A session asks for a while longer than its last answer takes. */
const LENGTH_MS = CHALLENGE_MS + 200;

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

const lengthOf = (challenge: Challenge): number =>
  challenge.reduce((end, { atMs }) => Math.max(end, atMs + CHALLENGE_TIMES.step), LENGTH_MS);

/** A person before the camera who does what is asked: simulated, of one of the other photos. */
export async function bonaFidePresentation(
  person: LivenessPerson,
  challenge: Challenge,
  kit: Pick<PresentationKit, 'framesPerSecond' | 'codecs' | 'settings'>,
  random: Random,
): Promise<Clip> {
  const clip = performed(person, challenge, kit, random);
  return presentThrough(clip, createChannel('camera', kit.settings), presentOptions(kit, random));
}

function performed(
  { person, others }: LivenessPerson,
  challenge: Challenge,
  { framesPerSecond }: Pick<PresentationKit, 'framesPerSecond'>,
  random: Random,
): Clip {
  const photo = drawnPhoto(others, random);
  return simulatedPerson(photo, person).perform(
    performanceOf(challenge, random.fork('reaction')),
    framesPerSecond,
    lengthOf(challenge),
    random.fork('motion'),
  );
}

/**
 * An attack on a person, as the verification’s camera delivers it or an injector in its place. What follows challenges does what is asked; a recording does what another session asked for; a still does nothing.
 *
 * @throws CapabilityError where the species needs a network that the kit has not.
 */
export async function attackPresentation(
  species: AttackSpecies,
  person: LivenessPerson,
  challenge: Challenge,
  kit: PresentationKit,
  random: Random,
): Promise<Clip> {
  const photo = drawnPhoto(person.others, random.fork('photo'));
  const done = species.followsChallenge ? performanceOf(challenge, random.fork('reaction')) : [];
  // Whoever drives a face live is no stiller than a person before the camera.
  const track = performedTrack(done, kit.framesPerSecond, lengthOf(challenge), headUnrest(random.fork('unrest')));
  const clip = await framesFor(species.maker, person, photo, { done, lengthMs: lengthOf(challenge) }, kit, random);
  return makePresentation(
    species,
    { photo: photo.image, landmarks: landmarksOfMesh(photo.face.mesh), track, ...(clip ? { clip } : {}) },
    { ...presentOptions(kit, random), ...(kit.settings ? { settings: kit.settings } : {}) },
  );
}

/** The frames that a species is handed; undefined for one that makes its own. */
async function framesFor(
  maker: Maker,
  person: LivenessPerson,
  photo: CutHead,
  { done, lengthMs }: { readonly done: readonly Performance[]; readonly lengthMs: number },
  kit: PresentationKit,
  random: Random,
): Promise<Clip | undefined> {
  if (maker.kind === 'recording') {
    const before = drawChallenge(random.fork('the recorded session'));
    return performed(person, before, kit, random.fork('recording'));
  }
  const make = maker.kind === 'network' ? kit.networks[maker.network] : undefined;
  if (!make) return undefined;
  const driver = simulatedPerson(kit.driver, 'the driver');
  return make(photo, driver.perform(done, kit.framesPerSecond, lengthMs, random.fork('driver')));
}

const presentOptions = ({ codecs }: Pick<PresentationKit, 'codecs'>, random: Random) => ({
  seed: random.fork('channel').uint32(),
  ...(codecs ? { codecs } : {}),
});

const drawnPhoto = (photos: LivenessPerson['others'], random: Random): CutHead =>
  photos[random.integer(photos.length)] ?? photos[0];
