import { createHash, randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { InputError } from '../util/errors.ts';

/** A secret that is made of what somebody wrote. @param option - where it was written. @throws InputError where it is empty. */
export function secretOfText(text: string, option: string): Uint8Array {
  if (text.trim() === '') throw new InputError(`${option} is empty`, { hint: 'leave it out for a fresh secret' });
  return createHash('sha256').update(text).digest();
}

/**
 * Writes a secret for its owner alone. It is written aside first, so that nobody reads half of one.
 *
 * @param place - `link`, which leaves what is there and fails, or `rename`, which replaces it.
 */
export async function writeSecretFile(
  path: string,
  secret: Uint8Array,
  place: (draft: string, path: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${Buffer.from(secret).toString('hex')}\n`, { mode: 0o600 });
    await place(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The secret in a file, of 32 bytes or as many as are said; undefined where there is none. @throws InputError with one of the hints, where it cannot be read or is none. */
export async function readSecretFile(
  path: string,
  { bytes = 32, ...hints }: { readonly unreadable: string; readonly damaged: string; readonly bytes?: number },
): Promise<Uint8Array | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new InputError(`${path}: the secret of earlier draws cannot be read`, { hint: hints.unreadable, cause });
  });
  if (text === undefined) return undefined;
  if (/^[0-9a-f]+\n?$/.test(text) && text.trim().length === 2 * bytes) return Buffer.from(text.trim(), 'hex');
  throw new InputError(`${path} is no secret of earlier draws`, { hint: hints.damaged });
}
