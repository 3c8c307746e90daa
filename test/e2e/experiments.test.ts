import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Split, splitOf } from '../../src/data/splits.ts';
import { readGraph } from '../../src/graph/onnx-file.ts';
import { encodePng } from '../../src/image/encode.ts';
import { Random } from '../../src/util/random.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { wavyImage } from '../fixtures/image-files.ts';
import { tinyEncoderFile } from '../fixtures/tiny-encoder-file.ts';

const PATIENCE_MS = 600_000;

/** People of each side: enough for a batch, for thresholds, and to have a test side. */
const PEOPLE: Readonly<Record<Split, number>> = { train: 6, calibration: 145, test: 20 };

let folder = '';
const out = () => join(folder, 'experiments');

function experiments(...more: readonly string[]): Promise<Outcome> {
  const words = [
    ...['bench', 'experiments', '--data', join(folder, 'faces'), '--out', out(), '--threads', '1', '--people', '10'],
    ...['--encoder', join(folder, 'one.onnx'), '--judge', join(folder, 'two.onnx'), '--batch', '2', ...more],
  ];
  return startFaceward(words, { cache: join(folder, 'cache') }).outcome;
}

/** When each inverter was written, and of which training it says it is. */
async function inverters(): Promise<{ readonly writtenMs: number; readonly training: string | undefined }[]> {
  const names = (await readdir(out())).filter((name) => name.endsWith('.onnx')).sort();
  return Promise.all(
    names.map(async (name) => ({
      writtenMs: (await stat(join(out(), name))).mtimeMs,
      training: readGraph(await readFile(join(out(), name))).metadata.training,
    })),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-experiments-'));
  const missing = { ...PEOPLE };
  for (let i = 0; Object.values(missing).some((count) => count > 0); i++) {
    const name = `person ${i}`;
    const side = splitOf(name);
    if (missing[side]-- <= 0) continue;
    await mkdir(join(folder, 'faces', name), { recursive: true });
    for (const photo of side === 'calibration' ? ['1'] : ['1', '2'])
      await writeFile(
        join(folder, 'faces', name, `${photo}.png`),
        await encodePng(wavyImage(112, 112, new Random(`${name} ${photo}`))),
      );
  }
  for (const name of ['one', 'two']) await writeFile(join(folder, `${name}.onnx`), tinyEncoderFile(name));
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('bench experiments', () => {
  let first: Outcome;
  let again: Outcome;
  let changed: Outcome;
  let written: Awaited<ReturnType<typeof inverters>>[];

  beforeAll(async () => {
    first = await experiments('--steps', '1', '--json');
    const afterFirst = await inverters();
    again = await experiments('--steps', '1', '--resume');
    const afterSecond = await inverters();
    // As if the third had never been finished.
    await rm(join(out(), 'inverter-3.onnx'), { force: true });
    changed = await experiments('--steps', '2', '--resume');
    written = [afterFirst, afterSecond, await inverters()];
  }, PATIENCE_MS);

  test('trains five inverters and judges each by both encoders', () => {
    expect(first.stderr).not.toContain('error: ');
    expect(first.status).toBe(0);
    const { people, results } = JSON.parse(first.stdout);
    expect(people).toBe(10);
    expect(results.map(({ experiment }: { experiment: { number: number } }) => experiment.number)).toEqual([
      1, 2, 3, 4, 5,
    ]);
    for (const { quality, rates } of results) {
      expect(Object.values(quality).every(Number.isFinite)).toBe(true);
      expect(new Set(rates.map(({ judge }: { judge: string }) => judge)).size).toBe(2);
      for (const { trials } of rates) expect(trials).toBeGreaterThan(0);
    }
    expect(written[0]).toHaveLength(5);
    expect(new Set(written[0]?.map(({ training }) => training)).size).toBe(5);
  });

  test('resumed, it trains none of them again and says the same', () => {
    expect(again.status).toBe(0);
    expect(written[1]).toEqual(written[0]);
    expect(again.stderr.match(/was trained before/g)).toHaveLength(5);
    const rows = again.stdout.trim().split('\n');
    const { results } = JSON.parse(first.stdout);
    expect(rows).toHaveLength(6);
    for (const [i, row] of rows.slice(1).entries()) {
      const figures = Object.values<number>(results[i].quality).map((value) => value.toFixed(4));
      expect(row.split(/\s+/).slice(0, 1 + figures.length)).toEqual([String(i + 1), ...figures]);
    }
  });

  test('with another option, each is trained anew', () => {
    expect(changed.status).toBe(0);
    expect(changed.stderr).not.toContain('was trained before');
    for (const [i, { training }] of (written[2] ?? []).entries()) expect(training).not.toBe(written[0]?.[i]?.training);
  });

  test('leaves its models and figures alone behind', async () => {
    expect((await readdir(out())).sort()).toEqual([
      'experiments.json',
      ...[1, 2, 3, 4, 5].map((number) => `inverter-${number}.onnx`),
    ]);
  });
});
