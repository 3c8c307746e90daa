import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../util/errors.ts';
import { freshSecret } from '../util/secret-random.ts';
import { prepareOutputFolder } from './output-file.ts';

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

/** What to do about a file that cannot be read, and one that is no secret. */
export interface SecretHints {
  readonly unreadable: string;
  readonly damaged: string;
}

/** The secret in a file, of 32 bytes or as many as are said; undefined where there is none. @throws InputError with one of the hints, where it cannot be read or is none. */
export async function readSecretFile(
  path: string,
  { bytes = 32, ...hints }: SecretHints & { readonly bytes?: number },
): Promise<Uint8Array | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new InputError(`${path}: the secret cannot be read`, { hint: hints.unreadable, cause });
  });
  if (text === undefined) return undefined;
  if (/^[0-9a-f]+\n?$/.test(text) && text.trim().length === 2 * bytes) return Buffer.from(text.trim(), 'hex');
  throw new InputError(`${path} is no secret of ours`, { hint: hints.damaged });
}

/** The secret of 32 bytes in a file, made where there is none. @throws InputError where it cannot be read or is none, or a fresh one cannot be kept. */
export async function keptSecret(
  path: string,
  { unkept, ...hints }: SecretHints & { readonly unkept: string },
): Promise<Uint8Array> {
  const kept = await readSecretFile(path, hints);
  if (kept) return kept;
  const secret = freshSecret();
  await prepareOutputFolder(dirname(path));
  try {
    await writeSecretFile(path, secret, link);
  } catch (cause) {
    // Another run was first; its secret holds for both.
    const other = await readSecretFile(path, hints);
    if (other) return other;
    throw new InputError(`${path}: the secret cannot be kept`, { hint: unkept, cause });
  }
  return secret;
}
