import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SAMPLE_FOLDER } from '../../test/fixtures/originals.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { warpAffine } from '../image/warp.ts';
import { type FaceSessions, openFaceSessions } from '../runtime/bundled-sessions.ts';
import { InterruptedError } from '../util/errors.ts';
import { trackFace } from './face-track.ts';
import { boundsOf, type FaceMesh } from './mesh.ts';

/** Boxes of the sample's three faces, the largest first, at half its size. */
const FACES = [
  { x: 720, y: 91, width: 107, height: 104 },
  { x: 173, y: 102, width: 110, height: 98 },
  { x: 446, y: 135, width: 91, height: 94 },
] as const;

let cacheDir: string;
let sessions: FaceSessions;
let photo: Image;
let searches = 0;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-track-'));
  const { detector, mesh } = await openFaceSessions({ cacheDir, threads: 1 });
  const counted: FaceSessions['detector'] = {
    ...detector,
    run: (feeds, outputs) => {
      searches++;
      return detector.run(feeds, outputs);
    },
  };
  sessions = { detector: counted, mesh };
  photo = shifted((await decodeImage(join(SAMPLE_FOLDER, 'sample2.jpg'))).image, 0, 2);
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

/** The picture moved to the right, and so many times smaller. */
const shifted = (image: Image, byPx: number, times = 1): Image =>
  warpAffine(image, [times, 0, -times * byPx, 0, times, 0], {
    widthPx: Math.floor(image.widthPx / times),
    heightPx: Math.floor(image.heightPx / times),
    border: 'replicate',
  });

/** With the faces of these numbers painted over. */
function without(image: Image, faces: readonly number[]): Image {
  const data = image.data.slice();
  for (const face of faces) {
    const { x = 0, y = 0, width = 0, height = 0 } = FACES[face] ?? {};
    for (let row = y - 40; row < y + height + 40; row++)
      data.fill(
        0,
        3 * (Math.max(0, row) * image.widthPx + x - 40),
        3 * (Math.max(0, row) * image.widthPx + x + width + 40),
      );
  }
  return { ...image, data };
}

const middleOf = (mesh: FaceMesh | undefined): number => {
  const { x, width } = boundsOf(mesh?.points ?? []);
  return x + width / 2;
};

it('follows the largest face as it moves, and searches for faces in the first frame alone', async () => {
  searches = 0;
  await trackFace(sessions, [photo]);
  const once = searches;
  const frames = Array.from({ length: 8 }, (_, f) => shifted(photo, 6 * f));
  const progress: number[] = [];
  searches = 0;
  const meshes = await trackFace(sessions, frames, { onProgress: ({ done }) => progress.push(done) });
  expect(searches).toBe(once);
  meshes.forEach((mesh, f) => {
    expect(Math.abs(middleOf(mesh) - (720 + 107 / 2 + 6 * f))).toBeLessThan(6);
    expect(mesh?.confidence).toBeGreaterThan(0.5);
  });
  expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it('says where there is no face, and finds the same again, though another is larger', async () => {
  const [alone, none] = [without(photo, [0, 1]), without(photo, [0, 1, 2])];
  const meshes = await trackFace(sessions, [alone, alone, none, none, photo, photo]);
  expect(meshes.map((mesh) => mesh !== undefined)).toEqual([true, true, false, false, true, true]);
  for (const f of [0, 1, 4, 5]) expect(Math.abs(middleOf(meshes[f]) - (446 + 91 / 2))).toBeLessThan(6);
});

it('stops on request', async () => {
  await expect(trackFace(sessions, [photo], { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
});
