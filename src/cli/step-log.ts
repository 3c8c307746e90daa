import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { InputError } from '../util/errors.ts';
import { prepareOutputFile } from './output-file.ts';

/** A text file with a line of JSON for each thing that happened in a training. */
export interface StepLog extends Disposable {
  write<T extends { readonly step: number }>(record: T): void;
}

/**
 * Opens the log of a training. Lines are written at once, so that none is lost where the training is killed; a training that goes on from its checkpoint finds lines in it of steps that it
 * will make again, and these are cut off first.
 *
 * @param options.resume - the step from which on the training will write, counted as the records are; undefined where it begins.
 * @throws InputError where a training that begins finds a file there.
 */
export async function openStepLog(path: string, options: { readonly resume: number | undefined }): Promise<StepLog> {
  await prepareOutputFile(path);
  const file = openLog(path, options.resume);
  return {
    write: (record) => {
      writeSync(file, `${JSON.stringify(record)}\n`);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function openLog(path: string, resume: number | undefined): number {
  try {
    if (resume === undefined) return openSync(path, 'ax');
    const file = openSync(path, 'a+');
    ftruncateSync(file, keptBytes(readFileSync(path), resume));
    return file;
  } catch (cause) {
    const there = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new InputError(there ? `${path} is there already` : `${path} may not be written`, {
      hint: there ? 'name another file, or delete it: a log is of one training' : 'choose another place',
      cause,
    });
  }
}

/** How much of a log is whole lines of steps before `resume`. Steps only rise in it. */
function keptBytes(log: Buffer, resume: number): number {
  let kept = 0;
  for (let end = log.indexOf(10); end >= 0; end = log.indexOf(10, kept)) {
    const [, step] = /"step":(\d+)/.exec(log.toString('utf8', kept, end)) ?? [];
    if (step === undefined || Number(step) >= resume) break;
    kept = end + 1;
  }
  return kept;
}
