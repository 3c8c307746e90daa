import { boundsOf, type FaceMesh } from '../../../face/mesh.ts';
import type { TimedFrame } from '../capture/capture-of-frames.ts';
import type { Observations } from '../checks/check.ts';
import { headSignals } from '../checks/head-signals.ts';
import type { CaptureMessage } from '../session/capture-message.ts';
import { CHALLENGE_TIMES } from '../session/challenge.ts';
import type { Flashes } from '../session/flashes.ts';
import { TRACKED_MESH_POINTS } from '../tracking/face-places.ts';
import { APPEARANCE_CHECK, observeAppearance, type TurnedFrame } from './appearance-innovation.ts';
import { COLOUR_FLASH_CHECK, type LitFrame, observeColourFlash } from './colour-flash.ts';
import { faceLight } from './skin-light.ts';

/** What is known of a capture when the light on its face is looked at. */
export interface LitCapture {
  readonly frames: readonly TimedFrame[];
  /** Of each frame; undefined where no face was found. */
  readonly meshes: readonly (FaceMesh | undefined)[];
  /** Of the frames that have a mesh, in their order. */
  readonly message: Pick<CaptureMessage, 'frames'>;
  /** Empty where none were shown. */
  readonly flashes: Flashes;
}

/**
 * What the light on the face shows: whether it follows the colours that were flashed, and whether it changes as the head turns. Less than a millisecond of one core a frame.
 *
 * Flashes are looked for where the mesh has the skin, which any face has at rest; turns where patches were found again by their own pixels, since a network places a turned face's points by some pixels too far.
 */
export function observeLight({ frames, meshes, message, flashes }: LitCapture): Observations {
  const [first] = flashes;
  const found = frames.flatMap(({ image }, f) => {
    const mesh = meshes[f]?.points;
    return mesh ? [{ image, mesh, widthPx: boundsOf(mesh).width }] : [];
  });
  const flashed: LitFrame[] = [];
  const turned: TurnedFrame[] = [];
  for (const [i, { image, mesh, widthPx }] of found.entries()) {
    const frame = message.frames[i];
    if (!frame) continue;
    const { timeMs, landmarks, tracks } = frame;
    if (first) flashed.push({ timeMs, light: faceLight(image, (index) => mesh[index], widthPx) });
    if (first && timeMs >= first.atMs) continue;
    const signals = headSignals(landmarks);
    turned.push({
      light: faceLight(image, (index) => trackedPlace(tracks, index), widthPx),
      turn: signals['turn-left'],
      nod: signals['lower-chin'],
      resting: timeMs < CHALLENGE_TIMES.rest,
    });
  }
  return {
    [COLOUR_FLASH_CHECK]: observeColourFlash(flashed, flashes),
    [APPEARANCE_CHECK]: observeAppearance(turned),
  };
}

/** Where the patch about a point of the mesh was found; undefined where it was not. */
function trackedPlace(tracks: readonly (number | null)[], index: number) {
  const point = TRACKED_MESH_POINTS.indexOf(index);
  const [x, y] = [tracks[2 * point], tracks[2 * point + 1]];
  return typeof x === 'number' && typeof y === 'number' ? { x, y } : undefined;
}
