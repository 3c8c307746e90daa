import { join } from 'node:path';
import { freshSecret } from '../util/secret-random.ts';
import { printNote } from './print.ts';
import { keptSecret, readSecretFile, type SecretHints, secretOfText } from './secret-file.ts';

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
  if (isKept) return keptSecret(path, { ...HINTS, unkept: 'choose another folder with --receipts' });
  return (await readSecretFile(path, HINTS)) ?? freshSecret();
}

/** A fresh one in place of what cannot be read would give photos a second draw. */
const HINTS: SecretHints = {
  unreadable: 'make it readable, or choose another folder with --receipts',
  damaged: 'bring it back from a copy; or delete it, and what was protected before can be told from what is drawn anew',
};
