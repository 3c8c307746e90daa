import { drawnSettings } from '../attack/presentation/channel/drawn-settings.ts';
import { CHANNEL_PARAMETERS, createChannel } from '../attack/presentation/channel/parameters.ts';
import { presentFrames } from '../attack/presentation/channel/present.ts';
import type { Box } from '../face/face.ts';
import type { Image } from '../image/image.ts';
import { cropImage } from '../image/resize.ts';
import { throughJpeg } from '../image/through-jpeg.ts';
import { Random } from '../util/random.ts';

/** The kinds of presentation that are simulated; the first is the person before the camera. */
export const SIMULATED_KINDS = ['bona-fide', 'print', 'screen'] as const;

export type SimulatedKind = (typeof SIMULATED_KINDS)[number];

/** Side of the camera's frame by that of the face: drawn between these, as far as the photo reaches. */
const REACH = { low: 1.6, high: 3 } as const;

/** How much of the frame's width a print or a screen takes: often more than all of it, since whoever attacks keeps edges out of sight. */
const FILL = { low: 0.9, high: 1.6 } as const;

/** Side of the camera's frame in pixels. */
const FRAME_PX = { low: 96, high: 480 } as const;

/** Greatest shift of the face from the middle, as a share of the frame. */
const SHIFT = 0.1;

/** Share of the frames that come as JPEG, and their qualities. */
const JPEG = { share: 0.7, low: 60, high: 95 } as const;

/** One frame has no rate, but its camera asks for one. */
const FRAMES_PER_SECOND = 25;

/**
 * A photo as a camera sees the person, a print of it, or a screen that shows it: one frame, in memory alone. How large the face is, how it is compressed, and the camera are drawn alike for all three, so that
 * they tell nothing of the kind; settings of print and screen are nearer to the usual than to what is possible.
 */
export async function simulatePresentation(photo: Image, face: Box, kind: SimulatedKind, seed: string): Promise<Image> {
  const random = new Random(seed);
  const between = ({ low, high }: { readonly low: number; readonly high: number }): number =>
    low + (high - low) * random.uniform();
  const side = Math.max(face.width, face.height);
  const most = Math.min(photo.widthPx, photo.heightPx) / side;
  const reach = Math.min(most, between(REACH));
  // What is printed or shown holds more than the frame does where it is larger than the frame.
  const shown = kind === 'bona-fide' ? reach : Math.min(most, reach * between(FILL));
  const sizePx = Math.round(Math.min(FRAME_PX.high, Math.max(FRAME_PX.low, reach * side)));
  const drawn = drawnSettings(CHANNEL_PARAMETERS, random);
  const settings = {
    ...{ print: { ...drawn.print }, screen: { ...drawn.screen } },
    hold: { ...drawn.hold, fill: shown / reach },
    camera: { ...drawn.camera, jpegQuality: random.uniform() < JPEG.share ? Math.round(between(JPEG)) : 0 },
  };
  const frames = presentFrames(
    [squareAround(photo, face, shown * side, random)],
    FRAMES_PER_SECOND,
    createChannel(kind === 'bona-fide' ? 'camera' : kind, settings),
    { seed, size: { widthPx: sizePx, heightPx: sizePx }, codecs: { jpeg: throughJpeg } },
  );
  for await (const frame of frames) return frame;
  return photo;
}

/** A square of the photo with the face near its middle. */
function squareAround(photo: Image, { x, y, width, height }: Box, sidePx: number, random: Random): Image {
  const side = Math.max(1, Math.min(Math.round(sidePx), photo.widthPx, photo.heightPx));
  const start = (centre: number, length: number): number => {
    const shift = SHIFT * side * (2 * random.uniform() - 1);
    return Math.max(0, Math.min(length - side, Math.round(centre + shift - side / 2)));
  };
  return cropImage(photo, {
    x: start(x + width / 2, photo.widthPx),
    y: start(y + height / 2, photo.heightPx),
    width: side,
    height: side,
  });
}
