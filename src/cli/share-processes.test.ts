import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { shareOf, startShares, usualProcesses } from './share-processes.ts';

test('a share is one of so many', () => {
  expect(shareOf('2/4', '--share')).toEqual({ index: 2, of: 4 });
  expect(shareOf(undefined, '--share')).toBeUndefined();
  for (const text of ['0/4', '5/4', '1', 'x', '1/4/2', '']) expect(() => shareOf(text, '--share')).toThrow(InputError);
});

test('few attempts are made by one process', () => {
  expect(usualProcesses(10)).toBe(1);
  expect(usualProcesses(1e6)).toBeGreaterThanOrEqual(1);
});

describe('the same command once more for each share but the first', () => {
  const argv = [...process.argv];
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faceward-shares-'));
  });
  afterEach(async () => {
    process.argv = [...argv];
    await rm(folder, { recursive: true, force: true });
  });
  /** A program that leaves its words behind, and then does what they say. */
  const program = async (...words: string[]): Promise<void> => {
    const path = join(folder, 'program.mjs');
    await writeFile(
      path,
      `import { writeFileSync } from 'node:fs';
      const words = process.argv.slice(2);
      writeFileSync(${JSON.stringify(folder)} + '/' + words.at(-1).replace('/', ' of '), words.join(' '));
      if (words.includes('--fail')) process.exit(2);
      if (words.includes('--stay')) setInterval(() => {}, 1000);`,
    );
    process.argv = [argv[0] ?? '', path, ...words];
  };

  test('is told its share, and its threads unless they are given', async () => {
    await program('audit', 'liveness', '--threads', '3');
    {
      await using others = startShares(3, new AbortController().signal);
      await others.finished();
    }
    expect(await readFile(join(folder, '2 of 3'), 'utf8')).toBe('audit liveness --threads 3 --share 2/3');
    expect(await readFile(join(folder, '3 of 3'), 'utf8')).toBe('audit liveness --threads 3 --share 3/3');
    await program('audit', 'liveness');
    await using others = startShares(2, new AbortController().signal);
    await others.finished();
    expect(await readFile(join(folder, '2 of 2'), 'utf8')).toMatch(/^audit liveness --threads \d+ --share 2\/2$/);
  });

  test('may fail: its part is left to be done; and is ended with the one that began it, or when that is stopped', async () => {
    await program('--fail');
    await using failing = startShares(2, new AbortController().signal);
    await failing.finished();
    await program('--stay');
    {
      await using _left = startShares(2, new AbortController().signal);
    }
    const stop = new AbortController();
    await using stopped = startShares(2, stop.signal);
    stop.abort();
    await stopped.finished();
  });
});
