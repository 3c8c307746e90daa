import { type Clip, frameTimeMs, requireClip, requireFramesPerSecond } from '../../../image/frames/clip.ts';
import type { Image } from '../../../image/image.ts';
import { requireImage } from '../../../image/image-shape.ts';
import { resizeImage } from '../../../image/resize.ts';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { drawRoom } from './background.ts';
import { createBlockCodec } from './block-codec.ts';
import { createCamera } from './camera.ts';
import { createHold } from './hold.ts';
import type { Instrument } from './instrument.ts';
import { darkness, type FrameSize, type Light, writeLight } from './light.ts';
import { requireChannel } from './parameters.ts';
import { createPrint } from './print.ts';
import { createScreen } from './screen.ts';
import type { ScreenLight } from './screen-light.ts';
import type { Channel, CodecSettings } from './settings.ts';
import { emptyView, lensOf, writeSurface } from './surface.ts';

/** Encoders that are there on some machines alone, each there and back in memory. */
export interface Codecs {
  readonly jpeg?: (frame: Image, quality: number) => Promise<Image> | Image;
  readonly h264?: (clip: Clip, settings: CodecSettings) => Promise<Clip>;
}

/** How a presentation is made. */
export interface PresentOptions {
  /** The same seed gives the same frames. */
  readonly seed: number | string;
  /** Of the frames that the camera delivers; default: the size of the first frame shown. */
  readonly size?: FrameSize | undefined;
  /** What is behind a print or a screen; default: a room drawn from the seed. */
  readonly background?: Image | undefined;
  readonly codecs?: Codecs | undefined;
  /** What the verification's own screen shows meanwhile: it lights a print, and is mirrored a little by a display. A scene before the camera brings its light along, and what is injected has none. */
  readonly screenLight?: ScreenLight | undefined;
}

/**
 * A clip as the verification's camera delivers it when the frames are shown to it through a channel: as many frames, at the same rate. A print shows the first frame alone.
 *
 * The clip may hold an imitated face: it is written to a file by `writeMarkedClip` or not at all. Twenty seconds at 12.5 frames a second and 256 px take 49 MB; {@link presentFrames} needs a frame.
 *
 * @throws InputError where the clip or a setting is not possible; CapabilityError where the channel needs an encoder that was not handed over.
 */
export async function presentThrough(clip: Clip, channel: Channel, options: PresentOptions): Promise<Clip> {
  requireClip(clip);
  const { framesPerSecond } = clip;
  const { codec } = channel;
  if (codec?.kind !== 'h264') {
    const frames: Image[] = [];
    for await (const frame of presentFrames(clip.frames, framesPerSecond, channel, options)) frames.push(frame);
    return { framesPerSecond, frames };
  }
  const h264 = options.codecs?.h264;
  if (!h264) throw missing('H.264', 'h264');
  const { codec: _, ...uncoded } = channel;
  return h264(await presentThrough(clip, uncoded, options), codec);
}

/**
 * The same frame by frame, for clips that are not to be held in memory; without H.264, which codes a clip at a time.
 *
 * @throws as {@link presentThrough}.
 */
export async function* presentFrames(
  frames: Iterable<Image>,
  framesPerSecond: number,
  channel: Channel,
  options: PresentOptions,
): AsyncGenerator<Image, void, void> {
  requireFramesPerSecond(framesPerSecond);
  requireChannel(channel);
  const { codec } = channel;
  if (codec?.kind === 'h264') throw missing('H.264 frame by frame', 'h264');
  const quality = channel.kind === 'injected' ? 0 : channel.camera.jpegQuality;
  const jpeg = options.codecs?.jpeg;
  if (quality > 0 && !jpeg) throw missing('JPEG', 'jpeg');
  let look: ((frame: Image, timeMs: number) => Image) | undefined;
  let code: ((frame: Image) => Image) | undefined;
  let index = 0;
  for (const frame of frames) {
    requireImage(frame);
    look ??= createLook(frame, channel, options);
    const seen = look(frame, frameTimeMs(index++, framesPerSecond));
    const photographed = quality > 0 && jpeg ? await jpeg(seen, quality) : seen;
    if (codec) code ??= createBlockCodec(codec, photographed);
    yield code ? code(photographed) : photographed;
  }
}

/** What the verification's camera, or the injector in its place, delivers of what is shown. */
function createLook(first: Image, channel: Channel, options: PresentOptions): (frame: Image, timeMs: number) => Image {
  const size: FrameSize = options.size ?? { widthPx: first.widthPx, heightPx: first.heightPx };
  const fitted = createResizer(size);
  if (channel.kind === 'injected') return fitted;
  const random = new Random(options.seed);
  const scene = darkness(size);
  const camera = createCamera(channel.camera, size, random.fork('camera'));
  if (channel.kind === 'camera') {
    return (frame) => {
      writeLight(fitted(frame), scene);
      return camera.take(scene);
    };
  }
  const lens = lensOf(size, channel.hold.viewAngleDegrees);
  const { widthMm } = channel.kind === 'print' ? channel.print : channel.screen;
  const pixelMm = widthMm / (channel.hold.fill * size.widthPx);
  const hold = createHold(channel.hold, pixelMm * lens.focalPx, random.fork('hold'));
  const room = roomOf(options, size, random.fork('room'));
  const view = emptyView(size);
  const instrument: Instrument =
    channel.kind === 'print'
      ? createPrint(first, channel.print, pixelMm, random.fork('print'), options.screenLight)
      : createScreen(
          channel.screen,
          first.heightPx / first.widthPx,
          channel.camera,
          random.fork('screen'),
          options.screenLight,
        );
  const shown =
    channel.kind === 'screen' ? createResizer(shownSize(first, channel.hold.fill * size.widthPx)) : undefined;
  return (frame, timeMs) => {
    if (frame.widthPx !== first.widthPx || frame.heightPx !== first.heightPx) {
      throw new InputError(
        `a frame of ${frame.widthPx}x${frame.heightPx} px after ${first.widthPx}x${first.heightPx} px`,
        {
          hint: 'bring all frames to one size',
        },
      );
    }
    const pose = hold(timeMs);
    writeSurface(view, lens, pose, instrument.bendPerMm);
    scene.data.set(room.data);
    instrument.draw(shown?.(frame) ?? frame, view, lens, pose, scene, timeMs);
    return camera.take(scene);
  };
}

/** A display that shows frames twice as fine as the camera sees them would alias where no real one does: they are brought to the camera's grid. */
function shownSize({ widthPx, heightPx }: Image, seenPx: number): FrameSize {
  const shrink = widthPx > 1.5 * seenPx ? widthPx / seenPx : 1;
  return { widthPx: Math.round(widthPx / shrink), heightPx: Math.max(1, Math.round(heightPx / shrink)) };
}

/** Resizes frames; one that is shown again, as a still is, only once. */
function createResizer({ widthPx, heightPx }: FrameSize): (frame: Image) => Image {
  let [last, resized]: [Image?, Image?] = [];
  return (frame) => {
    if (frame.widthPx === widthPx && frame.heightPx === heightPx) return frame;
    if (last !== frame || !resized) [last, resized] = [frame, resizeImage(frame, widthPx, heightPx)];
    return resized;
  };
}

function roomOf({ background }: PresentOptions, size: FrameSize, random: Random): Light {
  if (!background) return drawRoom(size, random);
  const out = darkness(size);
  writeLight(resizeImage(background, size.widthPx, size.heightPx), out);
  return out;
}

const missing = (what: string, name: keyof Codecs): CapabilityError =>
  new CapabilityError(`this channel codes frames as ${what}, and no encoder for that was handed over`, {
    hint: `hand it over as codecs.${name}, or take the channel without it`,
  });
