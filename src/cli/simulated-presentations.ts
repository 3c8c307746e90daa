import { drawnSettings } from '../attack/presentation/channel/drawn-settings.ts';
import { CHANNEL_PARAMETERS, createChannel } from '../attack/presentation/channel/parameters.ts';
import { presentFrames } from '../attack/presentation/channel/present.ts';
import type { ScreenLight } from '../attack/presentation/channel/screen-light.ts';
import { HEAD_PX, looksAtCamera } from '../audit/liveness/liveness-person.ts';
import { drawSessionLight } from '../audit/liveness/session-light.ts';
import { simulatedPerson } from '../audit/liveness/simulated-person.ts';
import { ACTIONS, type Action } from '../defence/liveness/session/challenge.ts';
import { drawFlashes, sessionMs } from '../defence/liveness/session/flashes.ts';
import type { Box, Face } from '../face/face.ts';
import { cutHead } from '../face/head-cut.ts';
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

/** Share of the presentations that are a session's: a head that does what is asked, or a photo of one, in the light of a screen that flashes; the others are photos as they are. */
const IN_SESSION = 0.5;

/** Share of a session's presentations that show a rendered head, which stands for people in audits: as many of each kind, so that rendering tells nothing of it. */
const RENDERED = 0.5;

/** How long an action is done, milliseconds. */
const ACTION_MS = 1400;

/**
 * A photo as a camera sees the person, a print of it, or a screen that shows it: one frame, in memory alone. How large the face is, whether its head is rendered, how it is compressed, and the camera are drawn
 * alike for all three, so that they tell nothing of the kind; settings of print and screen are nearer to the usual than to what is possible.
 *
 * @param person - whose shape a rendered head has.
 */
export async function simulatePresentation(
  photo: Image,
  face: Face,
  kind: SimulatedKind,
  { person, seed }: { readonly person: string; readonly seed: string },
): Promise<Image> {
  const random = new Random(seed);
  const drawn = drawnSettings(CHANNEL_PARAMETERS, random);
  const { shown, sizePx, fill, screenLight } =
    random.fork('in session').uniform() < IN_SESSION
      ? inSession(photo, face, person, drawn.hold?.fill ?? 1, random.fork('session'))
      : framed(photo, face.box, kind, random);
  const settings = {
    ...{ print: { ...drawn.print }, screen: { ...drawn.screen } },
    hold: { ...drawn.hold, fill },
    camera: { ...drawn.camera, jpegQuality: random.uniform() < JPEG.share ? Math.round(between(JPEG, random)) : 0 },
  };
  const frames = presentFrames(
    [shown],
    FRAMES_PER_SECOND,
    createChannel(kind === 'bona-fide' ? 'camera' : kind, settings),
    { seed, size: { widthPx: sizePx, heightPx: sizePx }, screenLight, codecs: { jpeg: throughJpeg } },
  );
  for await (const frame of frames) return frame;
  return photo;
}

/** What is before the camera. */
interface Shown {
  readonly shown: Image;
  /** Side of the camera's frame. */
  readonly sizePx: number;
  /** How much of its width a print or a screen takes. */
  readonly fill: number;
  readonly screenLight?: ScreenLight;
}

/** A part of the photo. What is printed or shown holds more than the frame does where it is larger than the frame. */
function framed(photo: Image, box: Box, kind: SimulatedKind, random: Random): Shown {
  const side = Math.max(box.width, box.height);
  const most = Math.min(photo.widthPx, photo.heightPx) / side;
  const reach = Math.min(most, between(REACH, random));
  const held = kind === 'bona-fide' ? reach : Math.min(most, reach * between(FILL, random));
  return {
    shown: squareAround(photo, box, held * side, random),
    sizePx: Math.round(Math.min(FRAME_PX.high, Math.max(FRAME_PX.low, reach * side))),
    fill: held / reach,
  };
}

/** A moment of a session as an audit simulates it: of the head, or of a photo of it, as often for people themselves as for prints and screens. A photo before the camera bears no light of the screen, though its print does. */
function inSession(photo: Image, face: Face, person: string, fill: number, random: Random): Shown {
  const cut = cutHead(photo, face, HEAD_PX);
  const flashes = drawFlashes(random.fork('flashes'));
  const whole = drawSessionLight(flashes, random.fork('light'));
  const momentMs = sessionMs(flashes) * random.uniform();
  const screenLight: ScreenLight = {
    ...whole.screen,
    coloursAt: (timeMs) => whole.screen.coloursAt(timeMs + momentMs),
  };
  const rendered = random.uniform() < RENDERED && looksAtCamera(face);
  if (!rendered) return { shown: cut.image, sizePx: HEAD_PX, fill, screenLight };
  const action = ACTIONS[random.integer(ACTIONS.length)] as Action;
  const done = { action, atMs: -ACTION_MS * random.uniform(), durationMs: ACTION_MS };
  const light = { ...whole, screen: screenLight };
  const { frames } = simulatedPerson(cut, person).perform([done], 1, 1000, random.fork('motion'), light);
  return { shown: frames[0] ?? cut.image, sizePx: HEAD_PX, fill, screenLight };
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

const between = ({ low, high }: { readonly low: number; readonly high: number }, random: Random): number =>
  low + (high - low) * random.uniform();
