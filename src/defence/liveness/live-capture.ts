import { boundsOf, type FaceMesh } from '../../face/mesh.ts';
import { type Clip, frameTimeMs } from '../../image/frames/clip.ts';
import type { Image } from '../../image/image.ts';
import { findPayload } from '../../image/payload.ts';
import type { FaceSessions } from '../../runtime/bundled-sessions.ts';
import { evenly } from '../../util/evenly.ts';
import type { JobOptions } from '../../util/progress.ts';
import { captureOfFrames, type TimedFrame } from './capture/capture-of-frames.ts';
import type { Observations } from './checks/check.ts';
import { observeLight } from './light/observe-light.ts';
import { observePresentation, PRESENTATION_CHECK } from './network/observation.ts';
import type { PresentationNetwork } from './network/presentation-network.ts';
import type { CaptureMessage } from './session/capture-message.ts';
import type { Flashes } from './session/flashes.ts';
import type { RestFrame } from './tracking/face-patches.ts';

/** What a capture is looked at with; nothing of it is closed. */
export interface LiveCaptureTools {
  readonly sessions: FaceSessions;
  /** Looks for traces of print and screen; without one that check does not apply. */
  readonly network?: PresentationNetwork | undefined;
}

/** All that a judgement needs of a capture's frames, which need not be kept. */
export interface LiveCapture {
  readonly message: CaptureMessage;
  readonly observations: Observations;
  /** Whether our own mark was found: then we made it ourselves. */
  readonly marked: boolean;
  /** The frame in which the person is recognised, and its face's mesh. */
  readonly rest: { readonly image: Image; readonly mesh: RestFrame['mesh'] };
}

/** Options of {@link lookAtCapture}. */
export interface LookOptions extends JobOptions {
  /** The colours that the session showed: of `openSession`, or `flashesOf` its nonce. Default none. */
  readonly flashes?: Flashes;
}

/** Frames that networks look at, and in which our mark is looked for, evenly: neighbours are nearly the same. */
const LOOKED_AT = 12;

/**
 * Looks at the frames of a capture, on the server: landmarks and patches, the light on the face, what the network sees, and whether we made it ourselves.
 *
 * About 10 ms of one core a frame of 320x320 px.
 *
 * @param frames - of one size, in the order in which they came; all in memory.
 * @param client - what the client sent beside its frames.
 * @throws as {@link captureOfFrames}.
 */
export async function lookAtCapture(
  frames: readonly TimedFrame[],
  client: Pick<CaptureMessage, 'session' | 'nonce' | 'camera'>,
  { sessions, network }: LiveCaptureTools,
  { flashes = [], ...job }: LookOptions = {},
): Promise<LiveCapture> {
  const { message, meshes, rest } = await captureOfFrames(frames, client, sessions, job);
  const some = evenly(frames.length, LOOKED_AT);
  const faces = some.map((index) => faceIn(frames[index], meshes[index]));
  const observations = {
    ...observeLight({ frames, meshes, message, flashes }),
    ...(network ? { [PRESENTATION_CHECK]: await observePresentation(network, faces) } : {}),
  };
  const marked = some.some((index) => {
    const image = frames[index]?.image;
    return image !== undefined && findPayload(image) !== undefined;
  });
  // It is one of the frames.
  const { image } = frames[rest.index] as TimedFrame;
  return { message, observations, marked, rest: { image, mesh: rest.mesh } };
}

/** Ids that belong to nobody. */
const NO_SESSION = { session: '0'.repeat(32), nonce: '' } as const;

/** The same of a clip that belongs to no session: its frames come at their steady rate from 0 on. */
export function lookAtClip(clip: Clip, tools: LiveCaptureTools, options: LookOptions = {}): Promise<LiveCapture> {
  const frames = clip.frames.map((image, f) => ({ image, timeMs: frameTimeMs(f, clip.framesPerSecond) }));
  return lookAtCapture(frames, NO_SESSION, tools, options);
}

function faceIn(frame: TimedFrame | undefined, mesh: FaceMesh | undefined) {
  return frame && mesh ? { image: frame.image, face: { box: boundsOf(mesh.points) } } : undefined;
}
