import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockFile } from './file-lock.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-lock-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('one holder at a time, and the next after it', async () => {
  const path = join(folder, 'one');
  const unlock = await lockFile(path);
  expect(unlock).toBeDefined();
  expect(await lockFile(path)).toBeUndefined();
  await unlock?.();
  const again = await lockFile(path);
  expect(again).toBeDefined();
  await again?.();
  expect(await readdir(folder)).toEqual([]);
});

test('a lock of a living process is kept, one of a dead process taken over', async () => {
  const path = join(folder, 'other');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  await writeFile(path, String(child.pid));
  expect(await lockFile(path)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'close');
  const unlock = await lockFile(path);
  expect(unlock).toBeDefined();
  await unlock?.();
});

test('a lock that an earlier process with our id left behind is taken over', async () => {
  const path = join(folder, 'container');
  await writeFile(path, String(process.pid));
  const unlock = await lockFile(path);
  expect(unlock).toBeDefined();
  await unlock?.();
});

test('of processes that find a lock left behind at once, one alone takes it over', async () => {
  const rounds = 60;
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'close');
  for (let round = 0; round < rounds; round++) await writeFile(join(folder, `round-${round}`), String(gone.pid));
  const startMs = Date.now() + 700;
  // Every contender keeps what it takes, and tells how many those are.
  const contender = `
    const { lockFile } = await import(${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)});
    let taken = 0;
    for (let round = 0; round < ${rounds}; round++) {
      while (Date.now() < ${startMs} + 10 * round);
      if (await lockFile(${JSON.stringify(join(folder, 'round-'))} + round)) taken++;
    }
    console.log(taken);
    setTimeout(() => {}, 1000);`;
  const taken = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', contender]);
      const [text] = await once(child.stdout, 'data');
      return Number(text);
    }),
  );
  expect(taken.reduce((sum, count) => sum + count, 0)).toBe(rounds);
});
