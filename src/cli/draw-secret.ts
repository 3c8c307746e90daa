import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../util/errors.ts';
import { freshSecret } from '../util/secret-random.ts';
import { prepareOutputFolder } from './output-file.ts';
import { printNote } from './print.ts';
import { readSecretFile, secretOfText, writeSecretFile } from './secret-file.ts';

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
    const secret = secretOfText(seed, '--seed');
    printNote('draws are made of --seed: whoever knows it can undo them; it is not written anywhere');
    return secret;
  }
  const path = join(receipts, 'secret');
  const kept = await keptSecret(path);
  if (kept) return kept;
  const secret = freshSecret();
  if (!isKept) return secret;
  await prepareOutputFolder(receipts);
  try {
    await writeSecretFile(path, secret, link);
  } catch (cause) {
    // Another run was first; its secret holds for both.
    const other = await keptSecret(path);
    if (other) return other;
    throw new InputError(`${path}: the secret of the draws cannot be kept`, {
      hint: 'choose another folder with --receipts',
      cause,
    });
  }
  return secret;
}

/** A fresh one in place of what cannot be read would give photos a second draw. */
const keptSecret = (path: string): Promise<Uint8Array | undefined> =>
  readSecretFile(path, {
    unreadable: 'make it readable, or choose another folder with --receipts',
    damaged:
      'bring it back from a copy; or delete it, and what was protected before can be told from what is drawn anew',
  });
