import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { type Attempt, attemptSchema } from '../src/audit/liveness/attempt.ts';
import { type Split, splitOf } from '../src/data/splits.ts';

/** The people whose attempts are kept in docs/results. */
export const DATASET = 'lfw-250-subset';

/** Reads attempts of an audit (`src/audit/liveness/attempt.ts`), one a line, gzipped. @throws TypeError where somebody is of another side. */
export async function readAttempts(path: string, side: Split): Promise<Attempt[]> {
  const lines = gunzipSync(await readFile(path))
    .toString()
    .trimEnd()
    .split('\n');
  const attempts = lines.map((line) => attemptSchema.parse(JSON.parse(line)));
  const other = attempts.find(({ person }) => splitOf(person) !== side);
  if (other) throw new TypeError(`${other.person} is not on the ${side} side`);
  return attempts;
}
