import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, startFaceward } from '../../test/fixtures/command-line.ts';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { openSwap } from '../attack/presentation/swap/swap.ts';
import { readGraph } from '../graph/onnx-file.ts';
import { decodeImage } from '../image/decode.ts';
import { encodePng } from '../image/encode.ts';
import { readProvenance } from '../image/mark.ts';
import { Random } from '../util/random.ts';

const PATIENCE_MS = 120_000;
/** Nobody is to find these in what is written. */
const [ANN, BEN] = ['ann-averell', 'ben-brown'];

let folder = '';
const inFolder = (...parts: string[]): string => join(folder, ...parts);
const start = (...words: string[]) => startFaceward(['train', 'swap', ...words], { cache: inFolder('cache') });

/** Photos that are 112x112 px are taken as aligned faces. */
async function makePhotos(name: string, count: number): Promise<void> {
  await mkdir(inFolder(name));
  for (let i = 0; i < count; i++) {
    const photo = wavyImage(112, 112, new Random(`${name} ${i}`));
    await writeFile(inFolder(name, `${i}.png`), await encodePng(photo));
  }
}

let killed: Outcome;
let resumed: Outcome;
let changed: Outcome;
let checkpoint: Buffer;
let model: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-swap-'));
  await makePhotos(ANN, 22);
  await makePhotos(BEN, 21);
  const words = [
    ...['--face-of', inFolder(BEN), '--onto', inFolder(ANN), '--out', inFolder('swap.onnx'), '--threads', '1'],
    ...['--steps', '8', '--batch', '1', '--checkpoint-every', '3', '--samples', inFolder('sheets')],
  ];
  const { child, outcome } = start(...words);
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(inFolder('swap.onnx.checkpoint'))) child.kill('SIGKILL');
    await sleep(2);
  }
  killed = await outcome;
  checkpoint = await readFile(inFolder('swap.onnx.checkpoint'));
  await rm(inFolder('sheets'), { recursive: true, force: true });
  const [photo, others] = [inFolder(BEN, '3.png'), await encodePng(wavyImage(112, 112, new Random('another')))];
  const own = await readFile(photo);
  await writeFile(photo, others);
  changed = await start(...words, '--resume').outcome;
  await writeFile(photo, own);
  resumed = await start(...words, '--resume').outcome;
  model = await readFile(inFolder('swap.onnx'));
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a training of two folders', () => {
  test('that was killed goes on from its checkpoint', () => {
    expect(killed.signal).toBe('SIGKILL');
    expect(resumed).toMatchObject({ status: 0, stdout: expect.stringContaining(inFolder('swap.onnx')) });
    expect(existsSync(inFolder('swap.onnx.checkpoint'))).toBe(false);
  });

  test('does not go on with another photo in the place of one', () => {
    expect(changed.status).not.toBe(0);
    expect(changed.stderr).toContain('the checkpoint is of a training with other options, or other data');
  });

  test('tells of the faces', () => {
    expect(resumed.stderr).toContain('--face-of: 21 faces');
    expect(resumed.stderr).toContain('--onto: 22 faces');
    expect(resumed.stderr).toContain('with 200 faces or more');
  });

  test('writes a swap that opens', async () => {
    const swap = await openSwap(readGraph(model), { threads: 1 });
    expect(swap.view.widthPx).toBe(64);
    await swap.close();
  });

  test('says in the model what it was made of, and neither there nor in the checkpoint of whom', () => {
    const { metadata } = readGraph(model);
    expect(metadata).toMatchObject({ kind: 'swap', size: 'slim', steps: '8', donorFaces: '21', wearerFaces: '22' });
    expect(metadata.donorHash).toMatch(/^[0-9a-f]{64}$/);
    expect(metadata.wearerHash).not.toBe(metadata.donorHash);
    for (const bytes of [model, checkpoint]) {
      for (const name of [ANN, BEN, folder]) expect(bytes.includes(name)).toBe(false);
    }
  });

  test('writes a marked sheet at each further checkpoint', async () => {
    expect((await readdir(inFolder('sheets'))).sort()).toEqual(['step-000006.png', 'step-000008.png']);
    const bytes = await readFile(inFolder('sheets', 'step-000008.png'));
    expect(readProvenance(bytes)?.kind).toBe('generated');
    // Six columns of 64 px; eight rows, and one for the mark.
    const { image } = await decodeImage(bytes);
    expect([image.widthPx, image.heightPx]).toEqual([6 * 64, 9 * 64]);
    const bottom = image.data.subarray(image.data.length - 3 * image.widthPx);
    expect(bottom.every((value) => value === 0)).toBe(true);
  });
});

test(
  'one folder for both is bad input',
  async () => {
    const words = ['--face-of', inFolder(BEN), '--onto', inFolder(ANN, '..', BEN), '--out', inFolder('bad.onnx')];
    const { status, stderr } = await start(...words).outcome;
    expect(stderr).toContain('--face-of and --onto name the same folder');
    expect(status).toBe(2);
  },
  PATIENCE_MS,
);
