import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { curvesPath, prepareCurves, readFiguresLog, writeCurves } from './figures-log-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-figures-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const LINES = ['{"step":0,"turn":"recogniser","loss":3.5}', '{"step":1,"turn":"strategy","reward":null,"k2":0.5}'];

async function log(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('a log is read with what was no number, and without a last line that is still being written', async () => {
  const turns = await readFiguresLog(await log('a.jsonl', `${LINES.join('\n')}\n{"step":2,"tu`));
  expect(turns).toEqual([
    { step: 0, turn: 'recogniser', figures: new Map([['loss', 3.5]]) },
    {
      step: 1,
      turn: 'strategy',
      figures: new Map([
        ['reward', undefined],
        ['k2', 0.5],
      ]),
    },
  ]);
});

test.each([
  ['b.jsonl', `${LINES[0]}\n{"step":1}\n${LINES[1]}\n`, /b\.jsonl:2: this is no line of a figures log/],
  ['c.jsonl', '', /has no figures/],
  ['d.jsonl', '{"step":0,"image":"x","partners":[],"weights":[1]}\n', /d\.jsonl:1: this is no line/],
])('%s is refused', async (name, text, message) => {
  const path = await log(name, text);
  await expect(readFiguresLog(path)).rejects.toThrow(message);
  await expect(readFiguresLog(path)).rejects.toThrow(InputError);
  await expect(readFiguresLog(path)).rejects.toMatchObject({ hint: expect.stringContaining('--figures-log') });
});

test('a log that is not there is refused by name', async () => {
  await expect(readFiguresLog(join(folder, 'none.jsonl'))).rejects.toThrow(/none\.jsonl cannot be read/);
});

test('curves lie beside their log; a training that begins writes over nothing, one that goes on over its own', async () => {
  const path = await log('e.jsonl', `${LINES.join('\n')}\n`);
  const page = await prepareCurves(path, false);
  expect(page).toBe(join(folder, 'e.html'));
  expect(curvesPath('figures')).toBe('figures.html');
  await writeCurves(path, page);
  expect(await readFile(page, 'utf8')).toContain('Training curves of e.jsonl');
  await expect(prepareCurves(path, false)).rejects.toThrow(/e\.html is there already/);
  expect(await prepareCurves(path, true)).toBe(page);
});
