/**
 * Prints what the two checks of light tell apart: `node scripts/light-figures.ts PHOTOS [PEOPLE] [SEED]` (default 8 people, seed 1).
 *
 * PHOTOS is a folder of uncropped photos with a folder for each person. People are simulated heads in simulated light, and so are the attacks: the figures say that the mechanism works, not what it is worth on people.
 * No picture is written.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ATTACK_SPECIES } from '../src/attack/presentation/species.ts';
import { type LivenessPerson, livenessPerson } from '../src/audit/liveness/liveness-person.ts';
import { attackPresentation, bonaFidePresentation, type PresentationKit } from '../src/audit/liveness/presentations.ts';
import { cacheDirectory } from '../src/cli/cache-directory.ts';
import type { Measurement } from '../src/defence/liveness/checks/check.ts';
import { APPEARANCE_CHECK } from '../src/defence/liveness/light/appearance-innovation.ts';
import { COLOUR_FLASH_CHECK } from '../src/defence/liveness/light/colour-flash.ts';
import { lookAtClip } from '../src/defence/liveness/live-capture.ts';
import { drawChallenge } from '../src/defence/liveness/session/challenge.ts';
import { drawFlashes } from '../src/defence/liveness/session/flashes.ts';
import { createFacePipeline } from '../src/face/pipeline.ts';
import { decodeImage } from '../src/image/decode.ts';
import { throughJpeg } from '../src/image/through-jpeg.ts';
import { rocArea } from '../src/metric/roc-area.ts';
import { openFaceSessions } from '../src/runtime/bundled-sessions.ts';
import { Random } from '../src/util/random.ts';

const CHECKS = [COLOUR_FLASH_CHECK, APPEARANCE_CHECK] as const;
const SPECIES = ['print-flat', 'screen-photo', 'inject-replay', 'inject-warp-lifted', 'inject-warp-relit'] as const;
const PHOTOS_LOOKED_AT = 4;
const FRAMES_PER_SECOND = 10;

const [folder, peopleText = '8', seedText = '1'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node scripts/light-figures.ts PHOTOS [PEOPLE] [SEED]');
  process.exit(2);
}
const random = new Random(`${seedText} light`);
const sessions = await openFaceSessions({ cacheDir: cacheDirectory(), threads: 1 });
const people = await somePeople(folder, Number(peopleText));
const found = new Map<string, (Measurement | undefined)[]>();
for (const [i, person] of people.entries()) {
  for (const name of ['bona fide', ...SPECIES]) {
    const measured = await measure(person, name);
    for (const check of CHECKS) {
      const key = `${check} ${name}`;
      found.set(key, [...(found.get(key) ?? []), measured[check]]);
    }
    process.stderr.write(`\r${i + 1} of ${people.length} people, ${name}          `);
  }
}
process.stderr.write('\n');
for (const check of CHECKS) {
  const own = trialsOf(check, 'bona fide');
  console.log(`${check}: bona fide ${describe(own)}`);
  for (const name of SPECIES) {
    const attacks = trialsOf(check, name);
    console.log(`  ${name.padEnd(20)} ${areaOf(own, attacks)}; ${describe(attacks)}`);
  }
}

async function measure(person: LivenessPerson, name: string) {
  const own = random.fork(`${person.person} ${name}`);
  const asked = { challenge: drawChallenge(own.fork('challenge')), flashes: drawFlashes(own.fork('flashes')) };
  const species = ATTACK_SPECIES.find((one) => one.name === name);
  const kit: PresentationKit = {
    framesPerSecond: FRAMES_PER_SECOND,
    codecs: { jpeg: (frame, quality) => throughJpeg(frame, Math.round(quality)) },
    networks: {},
    driver: person.enrolled,
  };
  const clip = species
    ? await attackPresentation(species, person, asked, kit, own)
    : await bonaFidePresentation(person, asked, kit, own);
  return (await lookAtClip(clip, { sessions }, { flashes: asked.flashes })).observations;
}

async function somePeople(root: string, count: number): Promise<LivenessPerson[]> {
  const pipeline = createFacePipeline(sessions);
  const made: LivenessPerson[] = [];
  for (const name of random.fork('people').shuffle((await readdir(root)).sort())) {
    if (made.length === count) break;
    const files = (await readdir(join(root, name))).sort().slice(0, PHOTOS_LOOKED_AT);
    const photos = await Promise.all(files.map(async (file) => (await decodeImage(join(root, name, file))).image));
    const person = await livenessPerson(name, photos, pipeline);
    if (person) made.push(person);
  }
  return made;
}

/** A score, and whose it is. */
interface Trial {
  readonly score: number;
  readonly person: number;
}

function trialsOf(check: string, name: string): Trial[] {
  const all = found.get(`${check} ${name}`) ?? [];
  return all.flatMap((measured, person) =>
    measured && 'score' in measured ? [{ score: measured.score, person }] : [],
  );
}

function areaOf(own: readonly Trial[], attacks: readonly Trial[]): string {
  if (own.length === 0 || attacks.length === 0) return 'AUC does not apply';
  const trials = [...own, ...attacks];
  const { auc } = rocArea(
    {
      scores: trials.map(({ score }) => score),
      positive: trials.map((_, i) => i < own.length),
      person: trials.map(({ person }) => person),
    },
    { random: random.fork('intervals') },
  );
  return `AUC ${[auc.value, auc.low, auc.high].map((value) => value.toFixed(2)).join(', ')}`;
}

function describe(trials: readonly Trial[]): string {
  const sorted = trials.map(({ score }) => score).sort((a, b) => a - b);
  const [low, middle, high] = [0, sorted.length >> 1, sorted.length - 1].map((i) => sorted[i]?.toFixed(2) ?? '-');
  return `${trials.length} of ${people.length} apply, ${low} to ${high}, median ${middle}`;
}
