import { readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { InputError } from '../util/errors.ts';
import { writeWhole } from './output-file.ts';

/** File in a folder of receipts that says which folder of photos they are of, from the one to the other: both may be moved together. */
const OWNER_FILE = 'photos.txt';

/** @throws InputError where receipts, which say what faces had, would be published with the photos. */
export function refuseInside(receipts: string, out: string): void {
  const inside = relative(resolve(out), resolve(receipts));
  if (inside !== '' && (inside === '..' || inside.startsWith(`..${sep}`))) return;
  throw new InputError('receipts inside the folder of the photos would be published with them', {
    hint: 'choose another folder with --receipts',
  });
}

/**
 * Makes sure that a folder has no receipts of photos in another folder: they go by the photos' names, and would take the places of each other.
 *
 * @throws InputError where it has.
 */
export async function requireOwnReceipts(receipts: string, out: string): Promise<void> {
  const owner = await readFile(join(receipts, OWNER_FILE), 'utf8').catch(() => undefined);
  const photos = owner?.trim();
  if (photos === undefined || resolve(receipts, photos) === resolve(out)) return;
  throw new InputError(`${receipts} holds the receipts of the photos in ${resolve(receipts, photos)}, not of ${out}`, {
    hint: `choose another folder with --receipts; or, where those photos were moved, delete ${join(receipts, OWNER_FILE)}`,
  });
}

/** Keeps a folder, which is there, for the receipts of one folder of photos. @throws as {@link requireOwnReceipts}. */
export async function claimReceipts(receipts: string, out: string): Promise<void> {
  await requireOwnReceipts(receipts, out);
  await writeWhole(join(receipts, OWNER_FILE), `${relative(resolve(receipts), resolve(out))}\n`, { mode: 0o600 });
}
