import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copiedFiles } from './copied-files.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-copies-'));
  for (const [name, text] of Object.entries({ a: 'one', b: 'one', c: 'two', d: 'longer' }))
    await writeFile(at(name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('copies have the same bytes, not the same size or name; what is not there is none', async () => {
  expect([...(await copiedFiles([at('a'), at('c'), at('d')], [at('b'), at('none')]))]).toEqual([at('a')]);
  expect([...(await copiedFiles([at('none')], [at('a')]))]).toEqual([]);
});
