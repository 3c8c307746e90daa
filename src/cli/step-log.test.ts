import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { openStepLog } from './step-log.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-step-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const line = (step: number, of: string): string => `${JSON.stringify({ step, of })}\n`;

test('lines are there as soon as they are written', async () => {
  const path = join(folder, 'deep', 'log.jsonl');
  using log = await openStepLog(path, { resume: undefined });
  log.write({ step: 0 });
  expect(await readFile(path, 'utf8')).toBe('{"step":0}\n');
});

test('what a killed training wrote after its checkpoint is cut off, with a line that it did not finish', async () => {
  const path = join(folder, 'killed.jsonl');
  await writeFile(path, `${line(0, 'a')}${line(0, 'b')}${line(1, 'ä')}${line(2, 'c')}{"step":3,"o`);
  {
    using log = await openStepLog(path, { resume: 2 });
    log.write({ step: 2 });
  }
  expect(await readFile(path, 'utf8')).toBe(`${line(0, 'a')}${line(0, 'b')}${line(1, 'ä')}{"step":2}\n`);
});

test('a log that was not there begins where the training goes on', async () => {
  const path = join(folder, 'late.jsonl');
  {
    using log = await openStepLog(path, { resume: 7 });
    log.write({ step: 7 });
  }
  expect(await readFile(path, 'utf8')).toBe('{"step":7}\n');
});

test('a training that begins writes over nothing', async () => {
  const path = join(folder, 'there.jsonl');
  await writeFile(path, 'mine');
  await expect(async () => openStepLog(path, { resume: undefined })).rejects.toThrow(InputError);
  expect(await readFile(path, 'utf8')).toBe('mine');
});
