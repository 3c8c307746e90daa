import { lockFile } from '../data/file-lock.ts';
import { InputError } from '../util/errors.ts';

/**
 * Keeps other runs of Faceward away from an output until it is disposed of: two that write into one place would mix their results.
 *
 * @param path - of the file or folder; the lock lies at `path` with `.lock` appended.
 * @throws InputError where another run holds it.
 */
export async function lockOutput(path: string): Promise<AsyncDisposable> {
  const unlock = await lockFile(`${path}.lock`);
  if (!unlock) {
    throw new InputError(`another run of Faceward is writing here: it holds ${path}.lock`, {
      hint: 'wait for it, or choose another place with --out',
    });
  }
  return { [Symbol.asyncDispose]: unlock };
}
