import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/**
 * Takes a lock that one living process of this machine holds at a time; one left behind by a process that was killed is taken over.
 *
 * The lock is a file with the holder's process id. One that bears this process's own id though it holds none is left behind too: in a container
 * every run may have the same id.
 *
 * @returns what gives it back, or undefined where another holder lives.
 */
export async function lockFile(file: string): Promise<(() => Promise<void>) | undefined> {
  // Written aside and linked, so that nobody reads a lock without its holder.
  const path = resolve(file);
  const draft = `${path}.${process.pid}.${counter++}`;
  await writeFile(draft, String(process.pid), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await tryLink(draft, path)) {
        held.add(path);
        return async () => {
          held.delete(path);
          await rm(path, { force: true });
        };
      }
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (holder === process.pid ? held.has(path) : isAlive(holder)) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

let counter = 0;
/** Paths of the locks that this process holds. */
const held = new Set<string>();

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
