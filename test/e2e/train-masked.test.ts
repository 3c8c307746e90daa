import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitOf } from '../../src/data/splits.ts';
import { readGraph } from '../../src/graph/onnx-file.ts';
import { encodePng } from '../../src/image/encode.ts';
import { Random } from '../../src/util/random.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { wavyImage } from '../fixtures/image-files.ts';

/** Long enough for a machine that does other things as well. */
const PATIENCE_MS = 300_000;

const PEOPLE = Array.from({ length: 40 }, (_, i) => `person ${i}`)
  .filter((name) => splitOf(name) === 'train')
  .slice(0, 10);
/** Has one photo alone. */
const LONELY = PEOPLE[8] as string;
/** Has one that cannot be read. */
const BROKEN = PEOPLE[9] as string;

let folder = '';
const data = (): string => join(folder, 'faces');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-train-masked-'));
  for (const name of PEOPLE) {
    await mkdir(join(data(), name), { recursive: true });
    for (const photo of name === LONELY ? [1] : [1, 2])
      await writeFile(
        join(data(), name, `${photo}.png`),
        await encodePng(wavyImage(112, 112, new Random(`${name} ${photo}`))),
      );
  }
  await writeFile(join(data(), BROKEN, '3.jpg'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (name: string, ...more: string[]) =>
  startFaceward(
    [
      ...['train', 'encoder', '--data', data(), '--out', join(folder, `${name}.onnx`), '--masking', 'adaptive'],
      ...['--mix-log', join(folder, `${name}.mixes`), '--figures-log', join(folder, `${name}.figures`)],
      ...['--size', '32', '--width', '0.0625', '--embedding', '8', '--batch', '8', '--steps', '20'],
      ...['--checkpoint-every', '4', '--threads', '1', ...more],
    ],
    { cache: join(folder, 'cache') },
  );

/** The weights of both models, and the logs. The model card says how many steps its last figures are of, which a resumed training has fewer of. */
async function written(name: string) {
  const file = (end: string): Promise<Buffer> => readFile(join(folder, `${name}${end}`));
  return {
    encoder: readGraph(await file('.onnx')).initializers,
    strategy: readGraph(await file('.strategy.onnx')).initializers,
    logs: [await file('.mixes'), await file('.figures')].map(String),
  };
}

describe('train encoder --masking', () => {
  let undisturbed: Outcome;
  let killed: Outcome;

  beforeAll(async () => {
    undisturbed = await start('undisturbed').outcome;
    const { child, outcome } = start('killed');
    while (child.exitCode === null && child.signalCode === null) {
      if (existsSync(join(folder, 'killed.onnx.checkpoint'))) child.kill('SIGKILL');
      await sleep(5);
    }
    killed = await outcome;
  }, PATIENCE_MS);

  test('names whom and what it leaves out', () => {
    expect(undisturbed.stderr).toContain(`left out: ${LONELY}: 1 photo, fewer than 2`);
    expect(undisturbed.stderr).toContain(`left out: ${BROKEN}/3.jpg: `);
    expect(undisturbed.stderr).toContain('9 people with 2 photos or more; 1 with fewer are left out');
  });

  test(
    'killed and resumed, gives the same models and the same logs',
    async () => {
      expect(undisturbed.status).toBe(0);
      expect(killed.signal).toBe('SIGKILL');
      expect(existsSync(join(folder, 'killed.onnx'))).toBe(false);
      expect(await start('killed', '--resume').outcome).toMatchObject({ status: 0 });
      expect(await written('killed')).toEqual(await written('undisturbed'));
    },
    PATIENCE_MS,
  );

  test(
    'refuses bad data by name where that is asked',
    async () => {
      const { status, stderr } = await start('refused', '--bad-data', 'refuse').outcome;
      expect(stderr).toContain(`${LONELY}: 1 photo, fewer than 2`);
      expect(status).toBe(2);
      expect(existsSync(join(folder, 'refused.onnx'))).toBe(false);
    },
    PATIENCE_MS,
  );
});
