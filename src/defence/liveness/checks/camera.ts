import { medianOf } from '../../../metric/median.ts';
import type { CaptureFrame, StatedCamera } from '../session/capture-message.ts';
import { intervalsOf } from '../session/frame-validation.ts';
import { type LivenessCheck, livenessCheck } from './check.ts';
import { VIRTUAL_CAMERA_WORDS } from './virtual-camera-words.ts';

/** The check's name, and the score below which it is to ask for another proof (`leastScores` of a policy). */
export const CAMERA_CHECK = 'camera';
export const LEAST_CAMERA_SCORE = 0.5;

/** Times that lie so near to those of a perfect clock, in milliseconds, were computed and not measured; a client may have rounded them to a tenth. */
const TREMBLES_MS = 0.11;
const FEWEST_FRAMES = 30;

/** Frames that come so much more often than the camera says come from elsewhere. More seldom they may: in the dark, or where the machine is busy. */
const TOO_OFTEN = 1.25;

/** Rates differ where one is not within this share of the other. */
const SAME_RATE = 0.05;

/**
 * What the camera says of itself, and whether the frames' times fit: 0 for a label that virtual cameras have, for times without any tremor, as a file's are, and for frames that come more often than the camera says;
 * half, a third, … for one, two, … changes of resolution or rate in the middle; else 1. A telephone that is turned changes nothing.
 *
 * There are no presentations to calibrate it on, so that it is no evidence: a policy may ask for another proof where its score is low. A client that was patched says what it likes, and a camera behind a capture card is a
 * camera; it stops virtual cameras that nobody took trouble over. Where the client said nothing of its camera it does not apply.
 */
export const cameraCheck: LivenessCheck = livenessCheck(CAMERA_CHECK, undefined, ({ capture: { camera, frames } }) => {
  if (!camera) return { notApplicable: 'the client said nothing of its camera' };
  const changes = changesOf(camera);
  const doubts = [
    ...(isVirtual(camera.label) ? [{ score: 0, reason: 'its label is a virtual camera’s' }] : []),
    ...(changes > 0 ? [{ score: 1 / (1 + changes), reason: `its settings changed ${changes} times` }] : []),
    ...(isFaster(frames, camera) ? [{ score: 0, reason: 'frames come more often than it says' }] : []),
    ...(isComputed(frames) ? [{ score: 0, reason: 'the frames’ times do not tremble' }] : []),
  ];
  const reason = doubts.map((doubt) => doubt.reason).join('; ') || 'nothing speaks against it';
  return { score: Math.min(1, ...doubts.map(({ score }) => score)), quality: 1, reason };
});

function isVirtual(label: string): boolean {
  const lower = label.toLowerCase();
  return VIRTUAL_CAMERA_WORDS.some((word) => lower.includes(word));
}

/** How often it was another picture's size or another rate than before. */
function changesOf(camera: StatedCamera): number {
  const settings = [camera, ...camera.changes];
  return camera.changes.filter((now, i) => {
    const before = settings[i] ?? now;
    const sizes = [before, now].map(({ widthPx, heightPx }) => [widthPx, heightPx].sort((a, b) => a - b).join());
    const [from, to] = [before.framesPerSecond ?? 0, now.framesPerSecond ?? 0];
    return sizes[0] !== sizes[1] || Math.abs(from - to) > SAME_RATE * Math.max(from, to);
  }).length;
}

function isFaster(frames: readonly CaptureFrame[], { framesPerSecond, changes }: StatedCamera): boolean {
  const stated = [framesPerSecond, ...changes.map((change) => change.framesPerSecond)];
  if (stated.includes(undefined) || frames.length < FEWEST_FRAMES) return false;
  return 1000 / medianOf(intervalsOf(frames)) > TOO_OFTEN * Math.max(...stated.map((rate) => rate ?? 0));
}

/** Whether the times are those of a perfect clock, with frames missing or not. */
function isComputed(frames: readonly CaptureFrame[]): boolean {
  if (frames.length < FEWEST_FRAMES) return false;
  const intervals = intervalsOf(frames);
  const usual = medianOf(intervals);
  const ticks = [0];
  for (const interval of intervals) ticks.push((ticks.at(-1) ?? 0) + Math.round(interval / usual));
  const [firstMs, lastMs] = [frames[0]?.timeMs ?? 0, frames.at(-1)?.timeMs ?? 0];
  const tickMs = (lastMs - firstMs) / (ticks.at(-1) ?? 1);
  return frames.every(({ timeMs }, i) => Math.abs(timeMs - firstMs - tickMs * (ticks[i] ?? 0)) <= TREMBLES_MS);
}
