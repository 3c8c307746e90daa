import { link, readFile, rm, writeFile } from 'node:fs/promises';

/**
 * Takes a lock that one living process of this machine holds at a time; one left behind by a process that was killed is taken over.
 *
 * The lock is a file with the holder's process id.
 *
 * @returns what gives it back, or undefined where another holder lives.
 */
export async function lockFile(path: string): Promise<(() => Promise<void>) | undefined> {
  // Written aside and linked, so that nobody reads a lock without its holder.
  const draft = `${path}.${process.pid}.${counter++}`;
  await writeFile(draft, String(process.pid), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await tryLink(draft, path)) return () => rm(path, { force: true });
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (isAlive(holder)) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

let counter = 0;

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
