import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { InputError } from '../util/errors.ts';

const PROBLEMS: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOENT: ['there is no such file', 'check the path'],
  ENOTDIR: ['a part of its path is no folder', 'check the path'],
  EACCES: ['it may not be read', 'check its permissions'],
  EPERM: ['it may not be read', 'check its permissions'],
  EISDIR: ['it is a folder, not a picture', 'name a file in it'],
  ELOOP: ['its links lead in a circle', 'check the link'],
  ENAMETOOLONG: ['its name is too long', 'check the path'],
};

/**
 * Reads a whole file of at most `maxBytes`; its size is checked before anything is read.
 *
 * @throws InputError naming the file where it is missing, no plain file, empty, too large or unreadable.
 */
export async function readImageFile(path: string, name: string, maxBytes: number): Promise<Uint8Array> {
  try {
    // Non-blocking, or opening a named pipe would wait for a writer for ever.
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = await file.stat();
    if (status.isDirectory()) throw problem(name, 'EISDIR');
    if (!status.isFile())
      throw new InputError(`${name}: it is a device or a pipe, not a file`, { hint: 'copy it to a file first' });
    requireByteLimit(status.size, name, maxBytes);
    return await file.readFile();
  } catch (error) {
    throw error instanceof InputError ? error : problem(name, errorCode(error), error);
  }
}

/** Throws {@link InputError} for a picture of no bytes or of more than `maxBytes`. */
export function requireByteLimit(byteLength: number, name: string, maxBytes: number): void {
  if (byteLength === 0)
    throw new InputError(`${name}: it is empty (zero bytes)`, { hint: 'copy the file again from its source' });
  if (byteLength > maxBytes) {
    throw new InputError(`${name}: ${byteLength} bytes are more than the limit of ${maxBytes}`, {
      hint: 'make the picture smaller',
    });
  }
}

function problem(name: string, code: string, cause?: unknown): InputError {
  const [what, hint] = PROBLEMS[code] ?? [`it cannot be read (${code})`, 'check the path and the disk'];
  return new InputError(`${name}: ${what}`, { hint, cause });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
