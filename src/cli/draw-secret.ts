import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../util/errors.ts';
import { freshSecret } from '../util/secret-random.ts';
import { prepareOutputFolder } from './output-file.ts';
import { printNote } from './print.ts';

/**
 * What draws are made of: the text that was given; else a secret beside the receipts, made where there is none, so that a photo that is protected again does not get a second,
 * independent draw.
 *
 * @param isKept - whether a fresh one is written; a rehearsal writes nothing.
 * @throws InputError where the one that is there cannot be read, or a fresh one cannot be kept.
 */
export async function secretOf(
  seed: string | undefined,
  receipts: string,
  { isKept }: { readonly isKept: boolean },
): Promise<Uint8Array> {
  if (seed !== undefined) {
    if (seed.trim() === '') throw new InputError('--seed is empty', { hint: 'leave it out for a fresh secret' });
    printNote('draws are made of --seed: whoever knows it can undo them; it is not written anywhere');
    return createHash('sha256').update(seed).digest();
  }
  const path = join(receipts, 'secret');
  const kept = await keptSecret(path);
  if (kept) return kept;
  const secret = freshSecret();
  if (!isKept) return secret;
  await prepareOutputFolder(receipts);
  // Written aside and linked, so that nobody reads half of one, and none is written over.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${Buffer.from(secret).toString('hex')}\n`, { mode: 0o600 });
    await link(draft, path);
  } catch (cause) {
    // Another run was first; its secret holds for both.
    const other = await keptSecret(path);
    if (other) return other;
    throw new InputError(`${path}: the secret of the draws cannot be kept`, {
      hint: 'choose another folder with --receipts',
      cause,
    });
  } finally {
    await rm(draft, { force: true });
  }
  return secret;
}

/** The secret in a file; undefined where there is none. @throws InputError where it cannot be read, or is none: a fresh one in its place would give photos a second draw. */
async function keptSecret(path: string): Promise<Uint8Array | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new InputError(`${path}: the secret of earlier draws cannot be read`, {
      hint: 'make it readable, or choose another folder with --receipts',
      cause,
    });
  });
  if (text === undefined) return undefined;
  if (/^[0-9a-f]{64}\n?$/.test(text)) return Buffer.from(text.trim(), 'hex');
  throw new InputError(`${path} is no secret of earlier draws`, {
    hint: 'bring it back from a copy; or delete it, and what was protected before can be told from what is drawn anew',
  });
}
