/**
 * Prints what the enrolled shape tells of real recordings: `node scripts/shape-on-recordings.ts FOLDER [FRAMES_PER_SECOND]`, of folders of frames or videos, one of each person.
 *
 * Each half of a recording enrols its person. Against it stand the other half; the halves of other people; and the person's frame at rest, warped (lifted) by each other recording, which is the story's
 * attack. Distances are those of the check `enrolled-shape`, the turn its quality, of the session; below .5 an enrolment would be refused. No picture is written.
 */
import { basename } from 'node:path';
import { type ClipDriver, restOf } from '../src/attack/presentation/clip-driver.ts';
import { animate } from '../src/attack/presentation/warp/animate.ts';
import { clipsIn } from '../src/cli/clip-files.ts';
import { readRecordedDriver } from '../src/cli/driver-track.ts';
import { pipelineSource } from '../src/cli/face-source.ts';
import { restFrame } from '../src/defence/liveness/capture/rest-frame.ts';
import {
  compareWithEnrolled,
  type EnrolledShape,
  enrolShape,
  type ShapeComparison,
} from '../src/defence/liveness/geometry/enrolment.ts';
import type { GappedTracks } from '../src/defence/liveness/geometry/gapped-tracks.ts';
import { trackFacePatches } from '../src/defence/liveness/tracking/face-patches.ts';
import { trackFace } from '../src/face/face-track.ts';
import type { Image } from '../src/image/image.ts';
import { medianOf } from '../src/metric/median.ts';
import { rocArea } from '../src/metric/roc-area.ts';
import { Random } from '../src/util/random.ts';

const [folder, rate = '12.5'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/shape-on-recordings.ts FOLDER [FRAMES_PER_SECOND]');
  process.exit(2);
}
await using source = pipelineSource({ device: 'cpu', threads: '1' });
const sessions = await source.openSessions();

/** The patches of a face, frame by frame. */
async function tracksOf(frames: readonly Image[], name: string): Promise<GappedTracks> {
  const meshes = await trackFace(sessions, frames);
  const rest = restFrame(meshes);
  if (!rest) throw new TypeError(`${name} has no frame at rest`);
  return trackFacePatches(frames, rest, { meshes });
}

const halvesOf = ({ frames, points, xy }: GappedTracks): GappedTracks[] => {
  const half = frames >> 1;
  return [
    { frames: half, points, xy: xy.slice(0, 2 * points * half) },
    { frames: frames - half, points, xy: xy.slice(2 * points * half) },
  ];
};

/** A recording, with what was tracked in it and who its halves enrol. */
interface Recording {
  readonly name: string;
  readonly driver: ClipDriver;
  readonly halves: readonly GappedTracks[];
  readonly shapes: readonly (EnrolledShape | undefined)[];
}

const recordings: Recording[] = [];
for (const path of await clipsIn(folder)) {
  const name = basename(path);
  const driver = await readRecordedDriver(path, source, { framesPerSecond: Number(rate) });
  const halves = halvesOf(await tracksOf(driver.film?.frames ?? [], name));
  const enrolments = halves.map(enrolShape);
  console.log(
    `${name}: enrolled with a turn of ${enrolments.map((one) => one?.quality.toFixed(2) ?? 'none').join(' and ')}`,
  );
  recordings.push({ name, driver, halves, shapes: enrolments.map((one) => one?.shape) });
}

/** A session against an enrolment, and whose recordings they are, by number. */
interface Comparison extends ShapeComparison {
  readonly enrolled: number;
  readonly seen: number;
}

const found: Record<'own' | 'others' | 'warped', Comparison[]> = { own: [], others: [], warped: [] };
for (const [enrolled, { name, driver, halves, shapes }] of recordings.entries()) {
  const compare = (kind: keyof typeof found, session: GappedTracks, seen: number, only = shapes): void => {
    for (const shape of only) {
      const compared = shape && compareWithEnrolled(session, shape);
      if (compared) found[kind].push({ ...compared, enrolled, seen });
    }
  };
  halves.forEach((session, half) => {
    compare('own', session, enrolled, [shapes[1 - half]]);
  });
  const { reference: landmarks, picture } = restOf(driver);
  if (!picture) throw new TypeError(`${name} shows nothing`);
  for (const [seen, other] of recordings.entries()) {
    if (seen === enrolled) continue;
    for (const session of other.halves) compare('others', session, seen);
    const { reference } = restOf(other.driver);
    const frames = [...animate(picture, landmarks, other.driver.track, { mode: 'lifted', reference })];
    compare('warped', await tracksOf(frames, `${name} moved by ${other.name}`), seen);
  }
}
for (const [kind, all] of Object.entries(found)) {
  const [distance, turn] = [medianOf(all.map((one) => one.distance)), medianOf(all.map(({ quality }) => quality))];
  console.log(`${kind}: ${all.length}; distance ${distance.toFixed(2)}, turn ${turn.toFixed(2)} in the median`);
}
for (const kind of ['others', 'warped'] as const) {
  const trials = [...found.own, ...found[kind]];
  const { auc } = rocArea(
    {
      scores: trials.map(({ distance }) => -distance),
      positive: trials.map((_, i) => i < found.own.length),
      person: trials.map(({ enrolled }) => enrolled),
      other: trials.map(({ seen }) => seen),
    },
    { random: new Random(1) },
  );
  console.log(`own against ${kind}: AUC ${auc.value.toFixed(2)}, ${auc.low.toFixed(2)} to ${auc.high.toFixed(2)}`);
}
