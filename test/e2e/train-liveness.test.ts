import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { splitOf } from '../../src/data/splits.ts';
import { readGraph } from '../../src/graph/onnx-file.ts';
import { decodeImage } from '../../src/image/decode.ts';
import { encodeJpeg } from '../../src/image/encode.ts';
import type { Image } from '../../src/image/image.ts';
import { encodeMarkedPng } from '../../src/image/mark.ts';
import { embedPayload } from '../../src/image/payload.ts';
import { resizeImage } from '../../src/image/resize.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { SAMPLE_FOLDER } from '../fixtures/originals.ts';

/** More than the commands take, on a busy machine. */
const PATIENCE_MS = 180_000;

/** Somebody of each side, by their names. */
const [TRAINED, HELD_OUT] = (['train', 'calibration'] as const).map(
  (side) =>
    ['ann', 'bob', 'eve', 'ida', 'kim', 'leo', 'max', 'sam', 'tom', 'uma'].find((name) => splitOf(name) === side) ?? '',
) as [string, string];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-liveness-'));
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
  const photo = resizeImage(image, 480, Math.round((480 * image.heightPx) / image.widthPx));
  const paler: Image = { ...photo, data: photo.data.map((value) => 90 + value / 2) };
  for (const person of [TRAINED, HELD_OUT]) {
    // Several, since a face that is printed may be lost to blur or glare.
    for (const i of [1, 2, 3, 4]) await write(`presentations/bona-fide/${person}/${i}.jpg`, await encodeJpeg(photo));
    await write(`presentations/print/${person}/clip/1.jpg`, await encodeJpeg(paler));
  }
  const provenance = { kind: 'animated', method: 'test' } as const;
  await write(`presentations/print/${TRAINED}/file.png`, await encodeMarkedPng(photo, provenance));
  await write(
    `presentations/print/${TRAINED}/pixels.jpg`,
    await encodeJpeg(embedPayload(photo, { runId: 1, species: 2 })),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), bytes);
}

const training = (data: string, ...more: string[]): Promise<Outcome> => {
  const words = [
    '--data',
    join(folder, data),
    '--out',
    join(folder, 'liveness.onnx'),
    '--batch',
    '2',
    '--threads',
    '1',
  ];
  return startFaceward(['train', 'liveness', ...words, ...more], { cache: join(folder, 'cache') }).outcome;
};

const schema = z.object({
  side: z.literal('calibration'),
  figures: z.array(
    z.object({ species: z.string(), attacks: z.number(), auc: z.object({ value: z.number() }), polarity: z.string() }),
  ),
});

test(
  'a network is trained on the folders of presentations, without what bears our mark, and measured on other people',
  async () => {
    const trained = await training('presentations', '--steps', '2', '--json');
    expect(trained.stderr).toContain('train side, print: 1 faces of 1 people');
    for (const marked of ['file.png', 'pixels.jpg'])
      expect(trained.stderr).toMatch(new RegExp(`left out: .*${marked}: it carries Faceward’s mark`));
    expect(trained.status).toBe(0);
    const { figures } = schema.parse(JSON.parse(trained.stdout));
    // One person on each side decides nothing.
    expect(figures).toMatchObject([{ species: 'print', attacks: 1, polarity: 'undecided' }]);
    const { metadata } = readGraph(await readFile(join(folder, 'liveness.onnx')));
    expect(metadata).toMatchObject({
      kind: 'presentation-network',
      classes: 'bona-fide,print',
      crop: '2.7',
      range: '0..1',
      order: 'RGB',
      seed: '1',
      steps: '2',
      data: 'presentations',
      fourier_head: 'true',
    });
    expect(existsSync(join(folder, 'liveness.onnx.checkpoint'))).toBe(false);
    const again = await training('presentations', '--steps', '2', '--resume');
    expect(again.stderr).toContain('is finished');
  },
  PATIENCE_MS,
);

test(
  'from bona fide photos alone prints and screens are made',
  async () => {
    const plain = await training('presentations/bona-fide', '--steps', '1');
    expect(plain.stderr).toContain('error: ');
    expect(plain.stderr).toContain('bona-fide/PERSON/1.jpg');
    expect(plain.status).toBe(2);
    const words = ['--simulate', '--steps', '1', '--classes', 'two', '--fourier-head', 'false'];
    const { status, stdout, stderr } = await training('presentations/bona-fide', ...words, '--json');
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    expect(schema.parse(JSON.parse(stdout)).figures.map(({ species }) => species)).toEqual(['print', 'screen']);
    const { metadata } = readGraph(await readFile(join(folder, 'liveness.onnx')));
    expect(metadata).toMatchObject({ classes: 'bona-fide,attack', attacks: 'simulated', fourier_head: 'false' });
  },
  PATIENCE_MS,
);
