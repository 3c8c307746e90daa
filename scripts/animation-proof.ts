/**
 * Measures what one photo that is moved is worth to an attacker: `npm run proof:animation -- PEOPLE DRIVERS [SHEETS]`.
 *
 * Of every person of PEOPLE's test side one photo is moved by nod, shake, blink and speech, and by every track (.json), video or folder of frames in DRIVERS; every tenth frame is compared with another photo of the
 * person, at the threshold of each bundled encoder (FMR 0.1 %). Prints for each driver how many frames pass, how many of the photos themselves do, and frames a second at 256x256 px.
 * With SHEETS each driver's clip of the first person is written there, marked.
 */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { speciesNumber } from '../src/attack/presentation/species.ts';
import { animate } from '../src/attack/presentation/warp/animate.ts';
import { MOTIONS, motionTrack } from '../src/attack/presentation/warp/motions.ts';
import type { Track } from '../src/attack/presentation/warp/track.ts';
import { shippedCalibration, thresholdsOf } from '../src/audit/calibration.ts';
import { type LivenessPerson, livenessPerson } from '../src/audit/liveness/liveness-person.ts';
import { cacheDirectory } from '../src/cli/cache-directory.ts';
import { clipsIn } from '../src/cli/clip-files.ts';
import { readRecordedDriver } from '../src/cli/driver-track.ts';
import { pipelineSource } from '../src/cli/face-source.ts';
import { percent, table } from '../src/cli/print.ts';
import { loadFolder } from '../src/data/folder.ts';
import { splitByPerson } from '../src/data/splits.ts';
import { alignedFace } from '../src/encoder/aligned-face.ts';
import { BUNDLED_ENCODERS, openBundledEncoder } from '../src/encoder/bundled.ts';
import type { Encoder } from '../src/encoder/encoder.ts';
import { trackFace } from '../src/face/face-track.ts';
import { cutHead } from '../src/face/head-cut.ts';
import { fivePointsOf } from '../src/face/landmarks.ts';
import { landmarksOfMesh } from '../src/face/landmarks68.ts';
import { createFacePipeline } from '../src/face/pipeline.ts';
import { decodeImage } from '../src/image/decode.ts';
import { writeMarkedClip } from '../src/image/frames/marked-clip.ts';
import type { Image } from '../src/image/image.ts';
import { clopperPearson } from '../src/metric/exact-interval.ts';
import { cosineSimilarity } from '../src/metric/similarity.ts';
import { InputError } from '../src/util/errors.ts';

const [folder, drivers, sheets] = process.argv.slice(2);
if (folder === undefined || drivers === undefined)
  throw new InputError('a folder of people and one of tracks are needed', { hint: 'PEOPLE DRIVERS [SHEETS]' });

const SIDE_PX = 256;
const EVERY = 10;
const cacheDir = cacheDirectory();
await using source = pipelineSource({ device: 'cpu' });
const sessions = await source.openSessions();
const encoders = await Promise.all(BUNDLED_ENCODERS.map((name) => openBundledEncoder(name, { cacheDir })));

const thresholds = await Promise.all(encoders.map(thresholdOf));

const tracks = new Map<string, Track>(MOTIONS.map((motion) => [motion, motionTrack(motion, { seconds: 3 })]));
for (const path of await clipsIn(drivers, { tracks: true }))
  tracks.set(basename(path), (await readRecordedDriver(path, source, { framesPerSecond: 12.5 })).track);

const people = await testPeople(folder);
const passing = new Map<string, Map<string, { passed: number; compared: number }>>();
const seconds = new Map<string, { frames: number; seconds: number }>();

for (const person of people) {
  const [head] = person.others;
  const { image, face } = cutHead(head.image, head.face, SIDE_PX);
  const template = await embeddings(person.enrolled.image, person.enrolled.face.landmarks);
  count('the photo itself', await matches(image, face.landmarks, template));
  for (const [driver, track] of tracks) {
    const startMs = performance.now();
    const frames = [...animate(image, landmarksOfMesh(face.mesh), track)];
    const spent = seconds.get(driver) ?? { frames: 0, seconds: 0 };
    seconds.set(driver, {
      frames: spent.frames + frames.length,
      seconds: spent.seconds + (performance.now() - startMs) / 1000,
    });
    const some = frames.filter((_, f) => f % EVERY === EVERY - 1);
    const meshes = await trackFace(sessions, some);
    for (const [i, frame] of some.entries()) {
      const mesh = meshes[i];
      count(driver, mesh ? await matches(frame, fivePointsOf(mesh.points), template) : encoders.map(() => false));
    }
    if (sheets !== undefined && person === people[0]) {
      await mkdir(sheets, { recursive: true });
      await writeMarkedClip(
        { framesPerSecond: track.framesPerSecond, frames },
        join(sheets, driver.replace(/\.\w+$/, '')),
        {
          provenance: { kind: 'animated', method: 'warp', detail: 'animation proof, lifted' },
          payload: { runId: 0, species: speciesNumber('inject-warp-lifted') },
        },
      );
    }
  }
}

console.log(
  `${people.length} people of the test side, one photo of each moved, every ${EVERY}th frame compared with another photo\n`,
);
console.log(
  table([
    ['driver', 'frames', ...encoders.map(({ id }) => `${id}, FMR 0.1 %`), 'frames/s'],
    ...[...passing].map(([driver, own]) => {
      const shares = encoders.map(({ id }) => own.get(id) ?? { passed: 0, compared: 1 });
      const spent = seconds.get(driver);
      return [
        driver,
        String(shares[0]?.compared),
        ...shares.map(({ passed, compared }) => {
          const { rate, low, high } = clopperPearson(passed, compared);
          return `${percent(rate, 1)} (${percent(low, 1)} to ${percent(high, 1)})`;
        }),
        spent ? (spent.frames / spent.seconds).toFixed(0) : '-',
      ];
    }),
  ]),
);

async function testPeople(root: string): Promise<LivenessPerson[]> {
  const { samples } = await loadFolder(root, { aligned: false });
  const pipeline = createFacePipeline(sessions);
  const found: LivenessPerson[] = [];
  for (const [person, own] of Map.groupBy(splitByPerson(samples).test, (sample) => sample.person)) {
    const photos: Image[] = [];
    for (const { path } of own.slice(0, 4)) photos.push((await decodeImage(path)).image);
    const one = await livenessPerson(person, photos, pipeline);
    if (one) found.push(one);
  }
  return found;
}

async function embeddings(image: Image, points: Parameters<typeof alignedFace>[1]): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (const encoder of encoders) all.push(...(await encoder.embed([alignedFace(image, points, encoder.view)])));
  return all;
}

/** Whether each encoder takes the face for the template's. */
async function matches(image: Image, points: Parameters<typeof alignedFace>[1], template: readonly Float32Array[]) {
  const own = await embeddings(image, points);
  return own.map((embedding, i) => cosineSimilarity(embedding, template[i] as Float32Array) >= (thresholds[i] ?? 1));
}

async function thresholdOf(encoder: Encoder): Promise<number | undefined> {
  const calibration = await shippedCalibration(encoder);
  return calibration && thresholdsOf(calibration).find(({ fmr }) => fmr === 0.001)?.similarity;
}

function count(driver: string, passed: readonly boolean[]): void {
  const own = passing.get(driver) ?? new Map<string, { passed: number; compared: number }>();
  passing.set(driver, own);
  encoders.forEach(({ id }, i) => {
    const before = own.get(id) ?? { passed: 0, compared: 0 };
    own.set(id, { passed: before.passed + (passed[i] ? 1 : 0), compared: before.compared + 1 });
  });
}
