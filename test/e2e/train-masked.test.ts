import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
      expect(await readFile(join(folder, 'killed.figures.html'), 'utf8')).toContain('Distribution of k');
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

describe('train encoder --masking dp-sgd', () => {
  const train = (name: string, steps: number, ...more: string[]) =>
    startFaceward(
      [
        ...['train', 'encoder', '--data', data(), '--out', join(folder, `${name}.onnx`), '--masking', 'dp-sgd:8'],
        ...['--size', '32', '--width', '0.0625', '--embedding', '4', '--batch', '4', '--steps', `${steps}`],
        ...['--checkpoint-every', '2', '--threads', '1', ...more],
      ],
      { cache: join(folder, 'cache') },
    );
  const file = (name: string, end: string): string => join(folder, `${name}.onnx${end}`);
  const weights = async (name: string) => readGraph(await readFile(file(name, ''))).initializers;

  /** Kills a training once it has a checkpoint that was not there before. */
  async function kill({ child, outcome }: ReturnType<typeof train>, checkpoint: string): Promise<Outcome> {
    const timeOf = async (): Promise<number | undefined> => (await stat(checkpoint).catch(() => undefined))?.mtimeMs;
    const before = await timeOf();
    while (child.exitCode === null && child.signalCode === null) {
      if ((await timeOf()) !== before) child.kill('SIGKILL');
      await sleep(5);
    }
    return outcome;
  }

  test(
    'killed and resumed draws from the secret beside its checkpoint, which is gone when it is done',
    async () => {
      expect(await kill(train('private', 8), file('private', '.checkpoint'))).toMatchObject({ signal: 'SIGKILL' });
      const [checkpoint, kept] = ['.checkpoint', '.checkpoint.secret'] as const;
      expect((await stat(file('private', kept))).mode & 0o777).toBe(0o600);
      // Behind it stands the hash of the faces.
      const secret = (await readFile(file('private', kept), 'utf8')).slice(0, 64);
      for (const end of [kept, checkpoint]) await copyFile(file('private', end), file('twin', end));
      const outcome = await train('private', 8, '--resume').outcome;
      expect(outcome.stderr).toContain('drawn from a fresh secret');
      expect(outcome.status).toBe(0);
      for (const end of [kept, checkpoint]) expect(existsSync(file('private', end))).toBe(false);

      // Killed once more, and bit-equal all the same.
      const again = await kill(train('twin', 8, '--resume'), file('twin', checkpoint));
      expect(again).toMatchObject({ signal: 'SIGKILL' });
      expect(await train('twin', 8, '--resume').outcome).toMatchObject({ status: 0 });
      expect(await weights('twin')).toEqual(await weights('private'));

      const card = await readFile(join(folder, 'private.card.json'), 'utf8');
      expect(JSON.parse(card).masking.privacy.noise).toBe('secret');
      const model = await readFile(file('private', ''));
      for (const text of [card, outcome.stdout, outcome.stderr, model.toString('latin1')])
        expect(text).not.toContain(secret);
      expect(model.includes(Buffer.from(secret, 'hex'))).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'is repeated from a text, and then its card promises nothing',
    async () => {
      const again = await train('again', 1, '--noise-seed', 'a').outcome;
      const same = await train('same', 1, '--noise-seed', 'a').outcome;
      expect([again.status, same.status]).toEqual([0, 0]);
      expect(await weights('again')).toEqual(await weights('same'));
      expect(again.stderr).toContain('reproducible noise: no guarantee');
      expect(await readFile(join(folder, 'again.card.json'), 'utf8')).toContain('Reproducible noise: no guarantee');
      expect(existsSync(file('again', '.checkpoint.secret'))).toBe(false);
    },
    PATIENCE_MS,
  );
});
