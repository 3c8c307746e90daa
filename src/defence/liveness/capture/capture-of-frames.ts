import { trackFace } from '../../../face/face-track.ts';
import { landmarksOfMesh } from '../../../face/landmarks68.ts';
import type { FaceMesh } from '../../../face/mesh.ts';
import type { Image } from '../../../image/image.ts';
import type { FaceSessions } from '../../../runtime/bundled-sessions.ts';
import { InputError } from '../../../util/errors.ts';
import { toHex } from '../../../util/hex.ts';
import type { JobOptions } from '../../../util/progress.ts';
import type { GappedTracks } from '../geometry/gapped-tracks.ts';
import { type CaptureFrame, type CaptureMessage, MOST_FRAMES } from '../session/capture-message.ts';
import { CHALLENGE_TIMES } from '../session/challenge.ts';
import { type RestFrame, trackFacePatches } from '../tracking/face-patches.ts';
import { restFrame } from './rest-frame.ts';

/** A frame of a session as the server has it. */
export interface TimedFrame {
  readonly image: Image;
  /** Since the session was given. */
  readonly timeMs: number;
}

/** What the server made of the frames of a capture. */
export interface MeasuredCapture {
  readonly message: CaptureMessage;
  /** Of each frame that was handed in; undefined where no face was found. */
  readonly meshes: readonly (FaceMesh | undefined)[];
  /** The most frontal frame before the first step: where the person is recognised, and where points are followed from. */
  readonly rest: RestFrame;
}

/**
 * Makes the message of a capture on the server, out of its frames: 68 landmarks of the mesh, patches followed from the most frontal frame of the rest before the first step, and the SHA-256 of each
 * frame's size and pixels. Frames without a face are left out; where they are many, the gap in time speaks for itself.
 *
 * All frames are held in memory. About 9 ms of one core a frame of 320x320 px.
 *
 * @param frames - of one size, in the order in which they came.
 * @param client - what the client sent beside its frames.
 * @throws InputError where fewer than two frames show a face, or there are more than a message may hold; ShapeError where frames differ in size; InterruptedError.
 */
export async function captureOfFrames(
  frames: readonly TimedFrame[],
  client: Pick<CaptureMessage, 'session' | 'nonce' | 'camera'>,
  sessions: FaceSessions,
  job: JobOptions = {},
): Promise<MeasuredCapture> {
  if (frames.length > MOST_FRAMES)
    throw new InputError(`${frames.length} frames are more than the ${MOST_FRAMES} of a capture`, {
      hint: 'take fewer a second',
    });
  const images = frames.map(({ image }) => image);
  const meshes = await trackFace(sessions, images, job);
  const rest = restFrame(meshes, (index) => (frames[index]?.timeMs ?? 0) < CHALLENGE_TIMES.rest);
  if (!rest || meshes.filter((mesh) => mesh).length < 2)
    throw new InputError('fewer than two frames of the capture show a face', {
      hint: 'record it in better light, with the face in the middle of the picture',
    });
  const tracks = trackFacePatches(images, rest, { ...job, meshes });
  const message: CaptureFrame[] = [];
  for (const [f, { image, timeMs }] of frames.entries()) {
    const mesh = meshes[f];
    if (!mesh) continue;
    const landmarks = Array.from(landmarksOfMesh(mesh.points), rounded);
    message.push({ timeMs, hash: await hashOf(image), landmarks, tracks: pointsOf(tracks, f) });
  }
  return { message: { schema: 'faceward.capture/1', ...client, frames: message }, meshes, rest };
}

/** One frame's points as a message has them. */
function pointsOf({ points, xy }: GappedTracks, frame: number): (number | null)[] {
  return Array.from(xy.subarray(2 * points * frame, 2 * points * (frame + 1)), (value) =>
    Number.isNaN(value) ? null : rounded(value),
  );
}

/** To a thousandth of a pixel: finer than any tracker, and a message a third as long. */
const rounded = (value: number): number => Math.round(1000 * value) / 1000;

async function hashOf({ widthPx, heightPx, data }: Image): Promise<string> {
  const bytes = new Uint8Array(8 + data.length);
  new DataView(bytes.buffer).setUint32(0, widthPx);
  new DataView(bytes.buffer).setUint32(4, heightPx);
  bytes.set(data, 8);
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
