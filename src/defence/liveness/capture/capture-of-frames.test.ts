import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_FOLDER } from '../../../../test/fixtures/originals.ts';
import { SHARED_DATA } from '../../../../test/fixtures/shared-data.ts';
import { bonaFideFrames, headOf } from '../../../../test/fixtures/tracked-geometry.ts';
import type { SimulatedHead } from '../../../audit/liveness/simulated-head.ts';
import { trackFace } from '../../../face/face-track.ts';
import { landmarksOfMesh } from '../../../face/landmarks68.ts';
import { boundsOf } from '../../../face/mesh.ts';
import { createFacePipeline } from '../../../face/pipeline.ts';
import { decodeImage } from '../../../image/decode.ts';
import { readClip } from '../../../image/frames/read-clip.ts';
import type { Image } from '../../../image/image.ts';
import { resizeImage } from '../../../image/resize.ts';
import { type FaceSessions, openFaceSessions } from '../../../runtime/bundled-sessions.ts';
import { InputError, InterruptedError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { readCaptureMessage } from '../session/capture-message.ts';
import { trackFacePatches } from '../tracking/face-patches.ts';
import { TRACKED_MESH_POINTS } from '../tracking/face-places.ts';
import { captureOfFrames } from './capture-of-frames.ts';
import { restFrame } from './rest-frame.ts';

const SESSION = { session: '0'.repeat(32), nonce: 'once' };

let cacheDir: string;
let sessions: FaceSessions;
let head: SimulatedHead;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-capture-'));
  sessions = await openFaceSessions({ cacheDir, threads: 1 });
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample5.jpg'));
  const [face] = await createFacePipeline(sessions).detect(image);
  if (!face) throw new TypeError('the sample has faces');
  // The largest looks at the camera.
  head = headOf({ image, mesh: face.mesh }, new Random('somebody'));
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

const timed = (frames: readonly Image[]) => frames.map((image, f) => ({ image, timeMs: 80 * f }));
const turning = (seed: string): Image[] => bonaFideFrames(head, new Random(seed));

describe('a capture of frames', () => {
  it('has the hashes, landmarks and patches of the frames that show a face, and is well formed', async () => {
    const frames = turning('capture').slice(0, 7);
    const [first] = frames;
    if (!first) throw new TypeError('unreachable');
    const dark: Image = { ...first, data: new Uint8Array(first.data.length) };
    const { message, meshes, rest } = await captureOfFrames(
      timed([...frames.slice(0, 4), dark, ...frames.slice(4)]),
      SESSION,
      sessions,
    );
    expect(meshes.map((mesh) => mesh !== undefined)).toEqual([true, true, true, true, false, true, true, true]);
    expect(meshes[rest.index]?.points).toBe(rest.mesh);
    expect(message.frames.map(({ timeMs }) => timeMs)).toEqual([0, 80, 160, 240, 400, 480, 560]);
    expect(readCaptureMessage(JSON.stringify(message))).toEqual(message);
    const size = Buffer.alloc(8);
    size.writeUInt32BE(first.widthPx);
    size.writeUInt32BE(first.heightPx, 4);
    expect(message.frames[0]?.hash).toBe(createHash('sha256').update(size).update(first.data).digest('hex'));
    expect(new Set(message.frames.map(({ hash }) => hash)).size).toBe(7);
    const [mesh] = await trackFace(sessions, frames);
    message.frames[0]?.landmarks.forEach((value, i) => {
      expect(value).toBeCloseTo(landmarksOfMesh(mesh?.points ?? [])[i] ?? Number.NaN, 2);
    });
    for (const { tracks } of message.frames) expect(tracks.length).toBe(2 * TRACKED_MESH_POINTS.length);
    const seen = message.frames.flatMap(({ tracks }) => tracks).filter((value) => value !== null).length;
    expect(seen / (14 * TRACKED_MESH_POINTS.length)).toBeGreaterThan(0.8);
  });

  it('needs a face, and frames of one size', async () => {
    const plain: Image = { widthPx: 320, heightPx: 320, data: new Uint8Array(3 * 320 * 320).fill(90) };
    await expect(captureOfFrames(timed([plain, plain]), SESSION, sessions)).rejects.toThrow(InputError);
    const [first, second] = turning('sizes') as [Image, Image];
    const mixed = timed([first, resizeImage(second, 300, 300)]);
    await expect(captureOfFrames(mixed, SESSION, sessions)).rejects.toThrow(ShapeError);
    const signal = AbortSignal.abort();
    await expect(captureOfFrames(timed([first]), SESSION, sessions, { signal })).rejects.toThrow(InterruptedError);
    // Before any of them is looked at.
    const many = timed(Array.from({ length: 3601 }, () => first));
    await expect(captureOfFrames(many, SESSION, sessions, { signal })).rejects.toThrow('3601 frames are more than');
  });
});

it('patches of a large picture are followed as those of a small one', async () => {
  const small = turning('sizes').slice(0, 4);
  const large = small.map((frame) => resizeImage(frame, 960, 960));
  const [mesh] = await trackFace(sessions, small.slice(0, 1));
  const points = mesh?.points ?? [];
  const scaled = points.map(({ x, y, z }) => ({ x: 3 * x + 1, y: 3 * y + 1, z: 3 * z }));
  const own = trackFacePatches(small, { index: 0, mesh: points });
  const other = trackFacePatches(large, { index: 0, mesh: scaled });
  const errors = [...own.xy.keys()].map((i) => Math.abs(3 * (own.xy[i] ?? 0) + 1 - (other.xy[i] ?? 0)));
  const both = errors.filter(Number.isFinite).sort((a, b) => a - b);
  expect(both.length).toBeGreaterThan(0.8 * errors.length);
  expect(both[both.length >> 1]).toBeLessThan(0.5);
});

it('patches are followed from the frame at rest to both ends', async () => {
  const frames = turning('middle').slice(0, 5);
  const meshes = await trackFace(sessions, frames);
  const points = meshes[2]?.points ?? [];
  const tracks = trackFacePatches(frames, { index: 2, mesh: points });
  const start = tracks.xy.subarray(4 * tracks.points, 6 * tracks.points);
  TRACKED_MESH_POINTS.forEach((index, p) => {
    if (!Number.isNaN(start[2 * p])) expect(start[2 * p]).toBeCloseTo(points[index]?.x ?? Number.NaN, 6);
  });
  for (const f of [0, 4]) {
    const frame = tracks.xy.subarray(2 * f * tracks.points, 2 * (f + 1) * tracks.points);
    expect(frame.filter(Number.isFinite).length).toBeGreaterThan(1.6 * tracks.points);
  }
  expect(() => trackFacePatches(frames, { index: 5, mesh: points })).toThrow(ShapeError);
});

describe.skipIf(!SHARED_DATA)('a real clip', () => {
  it.each(['d0', 'd19'])('%s keeps most patches, with little jitter', async (name) => {
    const { frames } = await readClip(join(SHARED_DATA ?? '', 'driving/frames', name));
    const part = frames.slice(0, 30);
    const rest = restFrame(await trackFace(sessions, part));
    if (!rest) throw new TypeError('the clip shows a face');
    const { xy, points } = trackFacePatches(part, rest);
    expect(xy.filter(Number.isFinite).length / xy.length).toBeGreaterThan(0.65);
    // What a smooth motion does not explain, as a share of the face.
    const jumps = [...xy.keys()].flatMap((i) => {
      const jump = (xy[i - 2 * points] ?? Number.NaN) - 2 * (xy[i] ?? 0) + (xy[i + 2 * points] ?? Number.NaN);
      return Number.isNaN(jump) ? [] : [jump ** 2];
    });
    const jitter = Math.sqrt(jumps.reduce((sum, jump) => sum + jump, 0) / jumps.length / 6);
    expect(jitter / boundsOf(rest.mesh).width).toBeLessThan(0.005);
  });
});
