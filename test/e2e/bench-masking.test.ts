import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Split, splitOf } from '../../src/data/splits.ts';
import { encodePng } from '../../src/image/encode.ts';
import { Random } from '../../src/util/random.ts';
import { startFaceward } from '../fixtures/command-line.ts';
import { wavyImage } from '../fixtures/image-files.ts';
import { tinyEncoderFile } from '../fixtures/tiny-encoder-file.ts';

/** Long enough for a machine that does other things as well. */
const PATIENCE_MS = 300_000;

const people = (side: Split, count: number): string[] =>
  Array.from({ length: 300 }, (_, i) => `person ${i}`)
    .filter((name) => splitOf(name) === side)
    .slice(0, count);

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-bench-masking-'));
  await writeFile(join(folder, 'judge.onnx'), tinyEncoderFile('judge'));
  const sides = [
    [people('train', 10), 4],
    // Too few to be trained on: they are inverted for comparison.
    [people('train', 14).slice(10), 3],
    [people('calibration', 7), 3],
    [people('test', 20), 3],
  ] as const;
  for (const [names, photos] of sides)
    for (const name of names) {
      await mkdir(join(folder, 'faces', name), { recursive: true });
      for (let photo = 0; photo < photos; photo++)
        await writeFile(
          join(folder, 'faces', name, `${photo}.png`),
          await encodePng(wavyImage(112, 112, new Random(`${name} ${photo}`))),
        );
    }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const benchOf = (seeds: string, ...more: string[]) =>
  startFaceward(
    [
      ...['bench', 'masking', '--data', join(folder, 'faces'), '--out', join(folder, 'out')],
      ...['--seeds', seeds, '--size', '32', '--width', '0.0625', '--embedding', '8', '--batch', '8', '--threads', '1'],
      ...['--judges', join(folder, 'judge.onnx'), '--attacks', 'random-starts', '--people', '2', '--linked', '8'],
      ...['--recovery-steps', '2', ...more],
      ...(more.includes('--maskings') ? [] : ['--maskings', 'adaptive']),
    ],
    { cache: join(folder, 'cache') },
  ).outcome;

const bench = (...more: string[]) => benchOf('1', ...more);

test(
  'makes the table, goes on with what is there, and puts nothing of other settings beside it',
  async () => {
    const first = await bench('--steps', '2');
    expect(first.stderr).toContain('30 photos of 10 people are trained on');
    expect([first.status, first.stderr.match(/error: .*/)?.[0]]).toEqual([0, undefined]);
    // A policy that has hardly learnt draws 2 to 6 faces; it is measured as it was after each step.
    expect(first.stdout).toMatch(/\| `adaptive` \| 1 \| [345]\.\d, from [345]\.\d to [345]\.\d \|/);
    const table = await readFile(join(folder, 'out', 'masking.md'), 'utf8');
    expect(first.stdout.trim()).toBe(table.trim());
    expect(await readFile(join(folder, 'out', 'masking.svg'), 'utf8')).toContain('adaptive');

    const again = await bench('--steps', '2');
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('add --resume')]);
    const other = await bench('--steps', '3', '--resume');
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('steps was 2')]);
    const resumed = await bench('--steps', '2', '--resume');
    expect([resumed.status, resumed.stdout]).toEqual([0, first.stdout]);

    // A seed that is named twice counts once; what another living process is at is passed over, and named.
    await writeFile(join(folder, 'out', 'adaptive.seed2.json.lock'), String(process.pid));
    const beside = await benchOf('1,1,2', '--steps', '2', '--resume');
    expect([beside.status, beside.stdout]).toEqual([0, first.stdout]);
    expect(beside.stderr).toContain('not in the table yet: adaptive.seed2;');

    // One masking that fails keeps the others from nothing.
    await writeFile(join(folder, 'out', 'frequency.seed1.onnx.checkpoint'), 'damaged');
    const failing = await benchOf('1', '--steps', '2', '--resume', '--maskings', 'frequency,adaptive');
    expect([failing.status, failing.stdout]).toEqual([2, first.stdout]);
    expect(failing.stderr).toContain('frequency.seed1.onnx.checkpoint');
    await rm(join(folder, 'out', 'frequency.seed1.work'), { recursive: true, force: true });

    expect((await readdir(join(folder, 'out'))).filter((name) => /part$|seed1.*(lock|work)$/.test(name))).toEqual([]);
    await writeFile(join(folder, 'out', 'adaptive.seed1.json'), '{"schema"');
    const broken = await bench('--steps', '2', '--resume');
    expect([broken.status, broken.stderr]).toEqual([expect.any(Number), expect.stringContaining('move it away')]);
    expect(broken.status).not.toBe(0);
  },
  PATIENCE_MS,
);
