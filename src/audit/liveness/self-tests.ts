import { lookAtClip } from '../../defence/liveness/live-capture.ts';
import { findRepeated, traceOf } from '../../defence/liveness/session/capture-memory.ts';
import type { CaptureFrame } from '../../defence/liveness/session/capture-message.ts';
import { refuseFrames } from '../../defence/liveness/session/frame-validation.ts';
import { type Clip, frameTimeMs } from '../../image/frames/clip.ts';
import { embedPayload } from '../../image/payload.ts';
import type { FaceSessions } from '../../runtime/bundled-sessions.ts';
import type { SelfTest } from '../findings.ts';

/** What no session may accept, tried on a presentation that is otherwise fine: our own mark, frames in another order, frames that come twice, and a capture that was sent before. */
export async function livenessSelfTests(clip: Clip, sessions: FaceSessions): Promise<SelfTest[]> {
  const { message, marked } = await lookAtClip(clip, { sessions });
  const bearing = clip.frames.map((image) => embedPayload(image, { runId: 1, species: 1 }));
  const found = await lookAtClip({ ...clip, frames: bearing }, { sessions });
  const lastMs = frameTimeMs(clip.frames.length - 1, clip.framesPerSecond);
  const times = { elapsedMs: lastMs + 100, lengthMs: lastMs };
  const reasonFor = (frames: readonly CaptureFrame[]): string | undefined => refuseFrames(frames, times)?.reason;
  const clean = reasonFor(message.frames);
  const half = message.frames.length >> 1;
  const shuffled = reasonFor(message.frames.toReversed());
  const doubled = reasonFor(
    message.frames.map((frame, i) => ({
      ...(i < half ? frame : (message.frames[i - half] ?? frame)),
      timeMs: frame.timeMs,
    })),
  );
  // The mark's pixels are as good as a new encoding.
  const repeated = findRepeated(traceOf(found.message), [traceOf(message)]);
  const test = (name: string, held: boolean, seen: string): SelfTest => ({ name, held, sentence: seen });
  return [
    test(
      'our own mark is refused',
      found.marked && !marked,
      `it was ${found.marked ? '' : 'not '}found where it is, and ${marked ? 'even ' : 'not '}where it is not`,
    ),
    test(
      'frames in another order are refused',
      shuffled !== undefined && clean === undefined,
      `reversed: ${shuffled ?? 'accepted'}; as they came: ${clean ?? 'accepted'}`,
    ),
    test('frames that come twice are refused', doubled !== undefined, `the first half twice: ${doubled ?? 'accepted'}`),
    test(
      'a capture that was sent before is refused',
      repeated !== undefined,
      `with the mark in it, after it was sent without: ${repeated?.detail ?? 'accepted'}`,
    ),
  ];
}
