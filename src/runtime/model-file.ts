import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InputError } from '../util/errors.ts';

/** A model's bytes, and the beginning of their SHA-256: who was trained anew is another model, wherever it lies. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** Reads a small model at once, so that a file that is not there is known before any work begins. @throws InputError where it cannot be read. */
export function readModelFile(path: string): ModelFile {
  try {
    const bytes = readFileSync(path);
    return { bytes, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 8) };
  } catch (cause) {
    throw new InputError(`the model ${path} cannot be read`, { cause });
  }
}
