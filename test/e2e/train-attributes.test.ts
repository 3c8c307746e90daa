import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { splitOf } from '../../src/data/splits.ts';
import { readGraph } from '../../src/graph/onnx-file.ts';
import { encodePng } from '../../src/image/encode.ts';
import { Random } from '../../src/util/random.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { wavyImage } from '../fixtures/image-files.ts';

/** More than the commands take, on a busy machine. */
const PATIENCE_MS = 180_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-attributes-'));
  await makeCelebA(join(folder, 'celeba'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const faceward = (...words: string[]): Promise<Outcome> =>
  startFaceward(words, { cache: join(folder, 'cache') }).outcome;

const training = (...more: string[]): string[] => [
  ...['train', 'attributes', '--data', join(folder, 'celeba'), '--out', join(folder, 'reader.onnx')],
  ...['--attributes', 'Male,Young', '--steps', '3', '--batch', '4', '--threads', '1', '--int8', ...more],
];

const figuresSchema = z.object({
  side: z.string(),
  figures: z.array(
    z.object({
      attribute: z.string(),
      present: z.number(),
      absent: z.number(),
      auc: z.object({ value: z.number(), low: z.number(), high: z.number() }),
    }),
  ),
});

test(
  'a reader is trained on one side, judged on another, and measured on the third',
  async () => {
    const trained = await faceward(...training('--json'));
    expect(trained.stderr).toMatch(/train side: \d+ faces of \d+ people/);
    expect(trained.status).toBe(0);
    const { side, figures } = figuresSchema.parse(JSON.parse(trained.stdout));
    expect(side).toBe('calibration');
    expect(figures.map(({ attribute }) => attribute)).toEqual(['Male', 'Young']);
    const { metadata } = readGraph(await readFile(join(folder, 'reader.onnx')));
    expect(metadata).toMatchObject({ kind: 'attribute-reader', attributes: 'Male,Young', network: 'cnn', steps: '3' });
    expect(existsSync(join(folder, 'reader.onnx.checkpoint'))).toBe(false);

    const again = await faceward(...training('--resume'));
    expect(again.stderr).toContain('is finished');
    expect(again.status).toBe(0);

    const words = ['--reader', join(folder, 'reader.onnx'), '--data', join(folder, 'celeba'), '--threads', '1'];
    const measured = await faceward('bench', 'attributes', ...words, '--json');
    const test = figuresSchema.parse(JSON.parse(measured.stdout));
    expect(test.side).toBe('test');
    expect(test.figures.map(({ present, absent }) => present + absent)).toEqual([peopleOf('test'), peopleOf('test')]);
  },
  PATIENCE_MS,
);

test(
  'what cannot be learnt is named before the training',
  async () => {
    const other = (attribute: string): Promise<Outcome> =>
      faceward(
        ...['train', 'attributes', '--data', join(folder, 'celeba'), '--out', join(folder, 'other.onnx')],
        ...['--attributes', attribute, '--steps', '1'],
      );
    expect((await other('Wizard')).stderr).toContain('knows no attribute "Wizard"\nhint: it knows Male, Young, Bald');
    const constant = await other('Bald');
    expect(constant.stderr).toContain('training faces have Bald: there is nothing to learn it from');
    expect(constant.status).toBe(2);
    expect(existsSync(join(folder, 'other.onnx'))).toBe(false);
  },
  PATIENCE_MS,
);

const PEOPLE = Array.from({ length: 60 }, (_, i) => i + 1);

const peopleOf = (side: string): number => PEOPLE.filter((id) => splitOf(`celeba-${id}`) === side).length;

/** Sixty people with a photo each, in the canonical frame, as CelebA labels its own; nobody is bald. */
async function makeCelebA(root: string): Promise<void> {
  await mkdir(join(root, 'images'), { recursive: true });
  const rows = await Promise.all(
    PEOPLE.map(async (id) => {
      const file = `${String(id).padStart(6, '0')}.png`;
      await writeFile(join(root, 'images', file), await encodePng(wavyImage(112, 112, new Random(file))));
      return `${file},${id},${id % 2 === 0 ? 1 : -1},${id % 3 === 0 ? 1 : -1},-1`;
    }),
  );
  await writeFile(join(root, 'attributes.csv'), ['file,identity,Male,Young,Bald', ...rows, ''].join('\n'));
}
