import { access, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError, StoreError } from '../util/errors.ts';

/**
 * Makes sure that a file can be written before the work for it begins; the folders above it are made where they are not there.
 *
 * @throws InputError where it cannot.
 */
export async function prepareOutputFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new InputError(`${path} is a folder`, { hint: 'name the file to write' });
  await prepareOutputFolder(dirname(resolve(path)));
  if (found) await requireWritable(path);
}

/** The same for a folder that files are to be written into. @throws InputError where they cannot. */
export async function prepareOutputFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const found = await stat(path).catch(() => undefined);
    const reason = found?.isFile() ? 'is a file' : 'cannot be made';
    throw new InputError(`the folder ${path} ${reason}`, { hint: 'choose another place with --out', cause });
  }
  await requireWritable(path);
}

/** Writes a file that {@link prepareOutputFile} has made sure of; with `mode` where it is not there yet. */
export async function writeOutputFile(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  await prepareOutputFile(path);
  await writeFile(path, content, options);
}

/**
 * Writes a file that is whole or not there, in a folder that is.
 *
 * @param options.part - where it is written before it is renamed; of one's own where several processes write this file. Default: `.part` behind its name.
 * @throws StoreError where it cannot be written: a full disk, a name that is too long, a folder of that name.
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  { mode, part = `${path}.part` }: { readonly mode?: number | undefined; readonly part?: string } = {},
): Promise<void> {
  try {
    await writeFile(part, content, mode === undefined ? {} : { mode });
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    throw new StoreError(`${path} cannot be written (${cause instanceof Error ? cause.message : cause})`, {
      hint: 'look for room on the disk, a shorter name, or another place with --out',
      cause,
    });
  }
}

async function requireWritable(path: string): Promise<void> {
  await access(path, constants.W_OK).catch((cause: unknown) => {
    throw new InputError(`${path} may not be written`, { hint: 'choose another place with --out', cause });
  });
}
