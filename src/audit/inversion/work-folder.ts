import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../util/errors.ts';
import type { ReconstructionStore } from './reconstruct.ts';

/** The folder of an unfinished audit: its plan, and the reconstructions so far. Reconstructions are biometric data: the folder is its owner's alone, and goes when the audit is done. */
export interface WorkFolder {
  readonly store: ReconstructionStore;
  remove(): Promise<void>;
}

/**
 * Opens the work folder of an audit.
 *
 * @param plan - everything that decides the result; a folder of another plan is not resumed.
 * @throws InputError where `resume` is asked for and the folder holds another plan.
 */
export async function openWorkFolder(
  folder: string,
  plan: Readonly<Record<string, unknown>>,
  resume: boolean,
): Promise<WorkFolder> {
  const text = JSON.stringify(plan, undefined, 2);
  const planFile = join(folder, 'plan.json');
  const before = await readIfThere(planFile);
  if (resume && before && before.toString() !== text) {
    throw new InputError(`${folder} holds an audit with other options`, {
      hint: 'give the same options again, or leave out --resume',
    });
  }
  if (!resume) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(planFile, text);
  return {
    store: {
      read: (name) => readIfThere(join(folder, `${name}.bin`)),
      // Written aside and renamed: a file that is there is whole, whenever the process was killed.
      write: async (name, bytes) => {
        const path = join(folder, `${name}.bin`);
        await writeFile(`${path}.part`, bytes, { mode: 0o600 });
        await rename(`${path}.part`, path);
      },
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
