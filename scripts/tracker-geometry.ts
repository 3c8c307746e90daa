/**
 * Prints the table of the liveness geometry with the tracker that is actually used, beside the synthetic one: `node scripts/tracker-geometry.ts PHOTOS [PEOPLE] [SEED]` (default 16 people, seed 1).
 *
 * PHOTOS is a folder of photos with a folder for each person. People are simulated heads with those photos' skin: see src/audit/liveness/simulated-head.ts. No picture is written.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../src/cli/cache-directory.ts';
import { createFacePipeline } from '../src/face/pipeline.ts';
import { decodeImage } from '../src/image/decode.ts';
import { percentileEstimate } from '../src/metric/intervals.ts';
import { equalErrorRate } from '../src/metric/verification.ts';
import { openFaceSessions } from '../src/runtime/bundled-sessions.ts';
import { Random } from '../src/util/random.ts';
import { geometryTable } from '../test/fixtures/geometry-table.ts';
import {
  attackFrames,
  bonaFideFrames,
  type FrontalPhoto,
  headOf,
  measureTracks,
  TRACKED_SPECIES,
  type TrackedMeasures,
  tracksOf,
} from '../test/fixtures/tracked-geometry.ts';

const MEASURES = ['homography', 'rank', 'shape'] as const;
const PHOTOS_LOOKED_AT = 5;
const RESAMPLES = 500;
/** Eyes that differ more in depth than this share of their distance look aside. */
const MOST_TURN = 0.12;

const [folder, peopleText = '16', seedText = '1'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node scripts/tracker-geometry.ts PHOTOS [PEOPLE] [SEED]');
  process.exit(2);
}
const random = new Random(Number(seedText));
const pipeline = createFacePipeline(await openFaceSessions({ cacheDir: cacheDirectory(), threads: 1 }));
const findMesh = async (frame: Parameters<typeof pipeline.detect>[0]) =>
  (await pipeline.detect(frame, { maxFaces: 1 }))[0]?.mesh ?? [];

const photos = await frontalPhotos(folder, Number(peopleText));
const heads = photos.map((photo, i) => headOf(photo, random.fork(`shape ${i}`)));
const bonaFide: (TrackedMeasures | undefined)[] = [];
const attacks = TRACKED_SPECIES.map((): (TrackedMeasures | undefined)[] => []);
for (const [i, head] of heads.entries()) {
  const driver = heads[(i + 1) % heads.length] ?? head;
  const own = random.fork(`clips ${i}`);
  const enrolment = await tracksOf(bonaFideFrames(head, own), findMesh);
  bonaFide.push(measureTracks(await tracksOf(bonaFideFrames(head, own), findMesh), enrolment));
  for (const [s, species] of TRACKED_SPECIES.entries()) {
    const frames = await attackFrames(species, head, driver, findMesh, own);
    attacks[s]?.push(measureTracks(await tracksOf(frames, findMesh), enrolment));
  }
  process.stderr.write(`\r${i + 1} of ${heads.length} people`);
}
process.stderr.write('\n');
print();

/** Of people in seeded order, the photo of a few that looks at the camera most, where it does. */
async function frontalPhotos(root: string, count: number): Promise<FrontalPhoto[]> {
  const entries = await readdir(root, { withFileTypes: true });
  const people = random.fork('people').shuffle(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const found: FrontalPhoto[] = [];
  for (const person of people) {
    if (found.length === count) break;
    const names = (await readdir(join(root, person))).sort().slice(0, PHOTOS_LOOKED_AT);
    let best: (FrontalPhoto & { readonly turn: number }) | undefined;
    for (const name of names) {
      const { image } = await decodeImage(join(root, person, name));
      const mesh = await findMesh(image);
      const [left, right] = [mesh[33], mesh[263]];
      if (!left || !right) continue;
      const turn = Math.abs(right.z - left.z) / Math.hypot(right.x - left.x, right.y - left.y);
      if (turn < (best?.turn ?? MOST_TURN)) best = { image, mesh, turn };
    }
    if (best) found.push(best);
  }
  return found;
}

function print(): void {
  console.log(
    `equal error rates of ${photos.length} simulated people with the patch tracker, seed ${seedText}; 95 % by resampling people;`,
  );
  console.log('in brackets the synthetic table (200 people, noise of 1 % instead of a tracker)\n');
  console.log('| case | homography residual | rank-3 residual | shape against enrolment | points seen | judged |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const synthetic = geometryTable(200, 1);
  TRACKED_SPECIES.forEach((species, s) => {
    const mine = attacks[s] ?? [];
    const row = synthetic.find((one) => species.startsWith(one.species));
    const cells = MEASURES.map((measure) => `${errorRate(mine, measure)} (${row?.[measure].toFixed(2)})`);
    console.log(`| ${[species, ...cells, share(mine), judged(mine)].join(' | ')} |`);
  });
  console.log(`| ${['real person', '', '', '', share(bonaFide), judged(bonaFide)].join(' | ')} |\n`);
  console.log('| medians | homography residual | rank-3 residual | shape distance |\n| --- | --- | --- | --- |');
  for (const [name, all] of [
    ['real person', bonaFide] as const,
    ...TRACKED_SPECIES.map((species, s) => [species, attacks[s] ?? []] as const),
  ])
    console.log(`| ${[name, ...MEASURES.map((measure) => Math.abs(median(all, measure)).toFixed(4))].join(' | ')} |`);
}

function errorRate(species: readonly (TrackedMeasures | undefined)[], measure: (typeof MEASURES)[number]): string {
  const rateOf = (people: readonly number[]): number => {
    const values = (all: readonly (TrackedMeasures | undefined)[]): number[] =>
      people.flatMap((person) => all[person]?.[measure] ?? []);
    const [genuine, attack] = [values(bonaFide), values(species)];
    return genuine.length === 0 || attack.length === 0 ? Number.NaN : equalErrorRate(genuine, attack).rate;
  };
  const everybody = photos.map((_, i) => i);
  const resampling = random.fork('resampling');
  const resampled = Array.from({ length: RESAMPLES }, () =>
    rateOf(everybody.map(() => resampling.integer(photos.length))),
  );
  const { low, high } = percentileEstimate(rateOf(everybody), resampled.filter(Number.isFinite));
  return `${rateOf(everybody).toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

function share(all: readonly (TrackedMeasures | undefined)[]): string {
  const seen = all.flatMap((measured) => measured?.seen ?? []);
  return `${(100 * (seen.reduce((sum, value) => sum + value, 0) / seen.length)).toFixed(0)} %`;
}

function judged(all: readonly (TrackedMeasures | undefined)[]): string {
  return `${all.filter((measured) => measured).length} of ${all.length}`;
}

function median(all: readonly (TrackedMeasures | undefined)[], measure: (typeof MEASURES)[number]): number {
  const values = all.flatMap((measured) => measured?.[measure] ?? []).sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}
