import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type MixRecord, readMixRecord } from '../defence/training/masking/mix-log.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';

/** Folder beside a masked data set that stays with its owner: who was mixed with whom, the front, the people's names. */
export const privateFolder = (dataset: string): string => `${resolve(dataset)}.private`;

/** The mix log in a private folder. */
export const MIX_LOG = 'mixes.jsonl';

/** Records between two reports of progress. */
const PROGRESS_EVERY = 20_000;

/**
 * The mix log that a path means: itself, or that of a masked data set.
 *
 * @throws InputError where there is none.
 */
export async function findMixLog(path: string): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new InputError(`${path}: there is no such file or folder`, { cause });
  });
  if (!found.isDirectory()) return path;
  const log = join(privateFolder(path), MIX_LOG);
  const isThere = await stat(log).catch(() => undefined);
  if (isThere?.isFile()) return log;
  throw new InputError(`${path}: its mix log, ${log}, is not there`, {
    hint: 'a masked data set is checked where it was made: only its private folder says who was mixed with whom',
  });
}

/** The records of a mix log, one after another. @throws InputError that names the line that is none. */
export async function* readMixLog(path: string, job: JobOptions = {}): AsyncGenerator<MixRecord> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() !== '') yield readMixRecord(line, `${path}:${number}`);
    if (number % PROGRESS_EVERY !== 0) continue;
    throwIfAborted(job);
    job.onProgress?.({ stage: 'reading the mix log', done: number, total: number });
  }
}
