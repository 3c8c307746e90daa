import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_FOLDER } from '../../../../test/fixtures/originals.ts';
import { bonaFideFrames, headOf } from '../../../../test/fixtures/tracked-geometry.ts';
import type { SimulatedHead } from '../../../audit/liveness/simulated-head.ts';
import { createFacePipeline } from '../../../face/pipeline.ts';
import { decodeImage } from '../../../image/decode.ts';
import type { Image } from '../../../image/image.ts';
import { type FaceSessions, openFaceSessions } from '../../../runtime/bundled-sessions.ts';
import { Random } from '../../../util/random.ts';
import { trackedPoints } from '../checks/tracked-points.ts';
import { compareWithEnrolled, LEAST_ENROLMENT_QUALITY } from '../geometry/enrolment.ts';
import { captureOfFrames } from './capture-of-frames.ts';
import { enrolFrames } from './enrol-frames.ts';

const SESSION = { session: '0'.repeat(32), nonce: 'once' };

let cacheDir: string;
let sessions: FaceSessions;
let head: SimulatedHead;
/** Somebody else with the same skin. */
let other: SimulatedHead;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'faceward-capture-'));
  sessions = await openFaceSessions({ cacheDir, threads: 1 });
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample5.jpg'));
  const [face] = await createFacePipeline(sessions).detect(image);
  if (!face) throw new TypeError('the sample has faces');
  // The largest looks at the camera.
  [head, other] = ['somebody', 'somebody else'].map((seed) => headOf({ image, mesh: face.mesh }, new Random(seed))) as [
    SimulatedHead,
    SimulatedHead,
  ];
});

afterAll(async () => {
  await Promise.all([sessions.detector.release(), sessions.mesh.release()]);
  await rm(cacheDir, { recursive: true, force: true });
});

const timed = (frames: readonly Image[]) => frames.map((image, f) => ({ image, timeMs: 80 * f }));
const turning = (seed: string, of = head): Image[] => bonaFideFrames(of, new Random(seed));

describe('an enrolment', () => {
  it('of a turning head is nearer to another clip of it than to somebody else’s', async () => {
    const enrolled = await enrolFrames(turning('enrolment'), sessions);
    if (!enrolled) throw new TypeError('nothing was enrolled');
    expect(enrolled.quality).toBeGreaterThan(LEAST_ENROLMENT_QUALITY);
    const distanceOf = async (frames: readonly Image[]): Promise<number> => {
      const { message: capture } = await captureOfFrames(timed(frames), SESSION, sessions);
      const tracks = trackedPoints(capture);
      return (tracks && compareWithEnrolled(tracks, enrolled.shape)?.distance) ?? Number.NaN;
    };
    const own = await distanceOf(turning('session'));
    expect(own).toBeLessThan(0.2);
    expect(await distanceOf(turning('session', other))).toBeGreaterThan(1.3 * own);
  });

  it('of a head that hardly turns has too little quality, and of no face is none', async () => {
    const still = Array.from({ length: 8 }, (_, f) =>
      head.render({ yawRadians: 0.01 * Math.sin(f), rollRadians: 0.02 * f }),
    );
    const enrolled = await enrolFrames(still, sessions);
    expect(enrolled?.quality ?? Number.NaN).toBeLessThan(LEAST_ENROLMENT_QUALITY);
    const plain: Image = { widthPx: 99, heightPx: 99, data: new Uint8Array(3 * 99 * 99) };
    expect(await enrolFrames([plain], sessions)).toBeUndefined();
  });
});
