import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BiometricCipher, openKeyFile } from '../data/biometric-cipher.ts';
import { InputError } from '../util/errors.ts';
import type { AuditFace } from './subjects.ts';

/** Keeps what an unfinished audit made so far, so that it can be resumed; all of it is removed when the audit is done. */
export interface AuditStore {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/** The folder of an unfinished audit: its plan, and the pictures so far. They are biometric data: encrypted; the folder is its owner's alone, and it goes when the audit is done. */
export interface WorkFolder {
  readonly store: AuditStore;
  remove(): Promise<void>;
}

/**
 * Opens the work folder of an audit.
 *
 * @param plan - everything that decides the result; a folder of another plan is not resumed.
 * @param options.keyFile - key of the encryption, made where it is absent. What was written under another key is made again.
 * @throws InputError where `resume` is asked for and the folder holds another plan; where it holds files, but no plan: it is somebody else's, and would be deleted.
 */
export async function openWorkFolder(
  folder: string,
  plan: Readonly<Record<string, unknown>>,
  options: { readonly resume: boolean; readonly keyFile: string },
): Promise<WorkFolder> {
  const { resume } = options;
  const text = JSON.stringify(plan, undefined, 2);
  const planFile = join(folder, 'plan.json');
  const before = await readIfThere(planFile);
  if (!before && (await namesIn(folder)).length > 0) {
    throw new InputError(`${folder} holds other things than an unfinished audit`, {
      hint: 'give another folder with --out, or move it away',
    });
  }
  if (resume && before && before.toString() !== text) {
    throw new InputError(`${folder} holds an audit with other options`, {
      hint: 'give the same options again, or leave out --resume',
    });
  }
  if (!resume) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(planFile, text);
  const cipher = new BiometricCipher(await openKeyFile(options.keyFile));
  return {
    store: {
      read: async (name) => {
        const sealed = await readIfThere(join(folder, `${keyOf(name)}.bin`));
        const bytes = sealed && cipher.open(sealed, cipher.label(keyOf(name)));
        // A copy of its own: Node's buffers share one memory, which whoever reads numbers out of it must not see.
        return bytes && Uint8Array.from(bytes);
      },
      // Written aside and renamed: a file that is there is whole, whenever the process was killed.
      write: async (name, bytes) => {
        const path = join(folder, `${keyOf(name)}.bin`);
        await writeFile(`${path}.part`, cipher.seal(bytes, cipher.label(keyOf(name))), { mode: 0o600 });
        await rename(`${path}.part`, path);
      },
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A name as a file's: it may hold what no file system takes. */
const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);

/** A hash of faces for a plan: whose they are, which, and every pixel; the order counts. */
export function facesHash(faces: readonly AuditFace[]): string {
  const total = createHash('sha256');
  for (const { id, person, image } of faces) {
    total.update(JSON.stringify([id, person, image.widthPx, image.heightPx]));
    total.update(image.data);
  }
  return total.digest('hex');
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
