import type { Landmarks68 } from '../../face/landmarks68.ts';
import { type Clip, requireClip, requireFramesPerSecond } from '../../image/frames/clip.ts';
import type { Image } from '../../image/image.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import { createChannel } from './channel/parameters.ts';
import { type PresentOptions, presentThrough } from './channel/present.ts';
import type { Channel, ChannelSettings } from './channel/settings.ts';
import { type AttackSpecies, USUAL_BEND_PER_METRE } from './species.ts';
import { animate } from './warp/animate.ts';
import { relight } from './warp/relight.ts';
import type { Track } from './warp/track.ts';

/** What presentations are made of; each species needs a part of it. */
export interface PresentationSource {
  /** For stills and warps: the photo, and for warps its face's landmarks. */
  readonly photo?: Image;
  readonly landmarks?: Landmarks68;
  /** For warps: how the face moves; for stills its rate and length alone. */
  readonly track?: Track;
  /** The driver's landmarks at rest; default: {@link ./warp/retarget.ts}'s `neutralFrame` of the track. */
  readonly reference?: Landmarks68;
  /** For replays, what was recorded; for networks, the frames that they made. */
  readonly clip?: Clip;
}

/** How {@link makePresentation} presents. */
export interface PresentationOptions extends PresentOptions {
  /** Of the channel, where they are not the usual ones. */
  readonly settings?: ChannelSettings;
}

/**
 * An attack as the camera of a verification would deliver it, or an injector in its place: as many frames as the track or the clip has, at their rate.
 *
 * The clip is in memory and not marked: it goes into a measurement, or through `writeMarkedClip`.
 *
 * @throws CapabilityError where the source lacks what the species is made of; otherwise as {@link presentThrough}.
 */
export async function makePresentation(
  species: AttackSpecies,
  source: PresentationSource,
  options: PresentationOptions,
): Promise<Clip> {
  const frames = framesOf(species, source);
  const { screenLight } = options;
  const lit = species.relit && screenLight ? relight(frames, middleOf(source, frames), screenLight) : frames;
  return presentThrough(lit, channelOf(species, options.settings), options);
}

/** The channel of a species with these settings. @throws InputError where a setting is out of its range. */
export function channelOf(
  { instrument, bent, imitatesCamera }: AttackSpecies,
  settings: ChannelSettings = {},
): Channel {
  const print = { ...(bent ? { bendPerMetre: USUAL_BEND_PER_METRE } : {}), ...settings.print };
  return createChannel(imitatesCamera ? 'camera' : instrument, { ...settings, print });
}

/** What is shown, before any channel. */
function framesOf({ name, maker }: AttackSpecies, source: PresentationSource): Clip {
  const { photo, landmarks, track, reference, clip } = source;
  switch (maker.kind) {
    case 'still': {
      if (!photo || !track) throw lacking(name, 'a photo, and a track for its length');
      requireFramesPerSecond(track.framesPerSecond);
      // One picture, named many times: nothing is copied.
      return { framesPerSecond: track.framesPerSecond, frames: track.frames.map(() => photo) };
    }
    case 'warp': {
      if (!photo || !landmarks || !track) throw lacking(name, 'a photo, its landmarks and a driver’s track');
      if (track.frames.length === 0) throw new InputError('a driver’s track without frames');
      const { mode } = maker;
      const frames = [...animate(photo, landmarks, track, { mode, ...(reference ? { reference } : {}) })];
      return { framesPerSecond: track.framesPerSecond, frames };
    }
    case 'network':
    case 'recording': {
      if (!clip) {
        throw lacking(name, maker.kind === 'recording' ? 'a recording' : `frames that a ${maker.network} network made`);
      }
      requireClip(clip, name);
      return clip;
    }
  }
}

/** Where the halves of the face meet: at the bridge of the nose in the photo. */
const middleOf = ({ landmarks }: PresentationSource, { frames }: Clip): number =>
  landmarks?.[2 * 27] ?? (frames[0]?.widthPx ?? 0) / 2;

const lacking = (name: string, what: string): CapabilityError =>
  new CapabilityError(`${name} needs ${what}`, { hint: 'hand it over, or leave this species out' });
