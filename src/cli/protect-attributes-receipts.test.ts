import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { claimReceipts, refuseInside, requireOwnReceipts } from './protect-attributes-receipts.ts';

let folder = '';
const at = (...names: readonly string[]): string => join(folder, ...names);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-receipts-'));
  for (const name of ['receipts', 'others', 'a/receipts']) await mkdir(join(folder, name), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a folder of receipts is for one folder of photos: another is refused, and told whose it is', async () => {
  await claimReceipts(at('receipts'), at('one'));
  await claimReceipts(at('receipts'), at('one'));
  const refused = claimReceipts(at('receipts'), at('two'));
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(at('one'));
  await expect(requireOwnReceipts(at('receipts'), at('two'))).rejects.toThrow(InputError);
  await claimReceipts(at('others'), at('two'));
});

test('it is still theirs when both are moved together, and looking writes nothing', async () => {
  await claimReceipts(at('a', 'receipts'), at('a', 'photos'));
  await rename(at('a'), at('b'));
  await requireOwnReceipts(at('b', 'receipts'), at('b', 'photos'));
  await requireOwnReceipts(at('others'), at('photos'));
  expect(await readdir(at('others'))).toEqual([]);
});

test('what says whose receipts they are is for their owner alone', async () => {
  await claimReceipts(at('receipts'), at('photos'));
  const [name = ''] = await readdir(at('receipts'));
  expect((await stat(at('receipts', name))).mode & 0o777).toBe(0o600);
});

test('receipts inside the folder of the photos are refused', () => {
  expect(() => refuseInside(at('out', 'receipts'), at('out'))).toThrow(InputError);
  expect(() => refuseInside(at('out'), at('out'))).toThrow(InputError);
  refuseInside(at('out.receipts'), at('out'));
});
