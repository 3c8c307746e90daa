import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { renderTrainingCurves, type TurnFigures } from '../report/training-curves.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { prepareOutputFile, writeOutputFile } from './output-file.ts';

/** A line of `--figures-log`; JSON has no NaN, and null stands for it. */
const turnSchema = z.object({ step: z.int().min(0), turn: z.string() }).catchall(z.number().nullable());

/** Lines between two looks at whether to stop. */
const CHECK_EVERY = 20_000;

/** Where the curves of a log lie: `figures.jsonl` has `figures.html`. */
export const curvesPath = (log: string): string => `${log.replace(/\.jsonl$/i, '')}.html`;

/**
 * The turns of a figures log. A last line that is not whole is left out: a training may be writing it.
 *
 * @throws InputError where there is no such file, or it holds something else.
 */
export async function readFiguresLog(path: string, job: JobOptions = {}): Promise<TurnFigures[]> {
  const turns: TurnFigures[] = [];
  let broken: InputError | undefined;
  let number = 0;
  for await (const line of linesOf(path)) {
    if (number++ % CHECK_EVERY === 0) throwIfAborted(job);
    if (broken) throw broken;
    const turn = parseTurn(line);
    if (turn) turns.push(turn);
    else
      broken = new InputError(`${path}:${number}: this is no line of a figures log`, {
        hint: 'name the file of train encoder --figures-log',
      });
  }
  if (turns.length === 0)
    throw broken ?? new InputError(`${path} has no figures`, { hint: 'train encoder --figures-log writes them' });
  return turns;
}

/**
 * Makes sure that the curves of a training can be written when it is done.
 *
 * @returns where.
 * @throws InputError where they cannot, or a training that begins finds something there.
 */
export async function prepareCurves(log: string, resumes: boolean): Promise<string> {
  const page = curvesPath(log);
  const found = resumes ? undefined : await stat(page).catch(() => undefined);
  if (found)
    throw new InputError(`${page} is there already`, { hint: 'name another log: its curves are written beside it' });
  await prepareOutputFile(page);
  return page;
}

/** Renders the curves of a figures log into a page. @throws InputError where the log cannot be read or the page not written. */
export async function writeCurves(log: string, out: string, job: JobOptions = {}): Promise<void> {
  await writeOutputFile(out, renderTrainingCurves(basename(log), await readFiguresLog(log, job)));
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw new InputError(`${path} cannot be read`, { hint: 'name the file of --figures-log', cause });
  }
}

function parseTurn(line: string): TurnFigures | undefined {
  try {
    const { step, turn, ...figures } = turnSchema.parse(JSON.parse(line));
    return { step, turn, figures: new Map(Object.entries(figures).map(([name, value]) => [name, value ?? undefined])) };
  } catch {
    return undefined;
  }
}
