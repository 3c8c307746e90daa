import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/**
 * Takes a lock that one living process of this machine holds at a time; one left behind by a process that was killed is taken over, by one alone of all that find it.
 *
 * The lock is a file with the holder's process id. One that bears this process's own id though it holds none is left behind too: in a container
 * every run may have the same id.
 *
 * @returns what gives it back, or undefined where another holder lives.
 */
export async function lockFile(file: string): Promise<(() => Promise<void>) | undefined> {
  const path = resolve(file);
  if (held.has(path)) return undefined;
  held.add(path);
  let taken = false;
  try {
    taken = await takeLock(path);
  } finally {
    if (!taken) held.delete(path);
  }
  if (!taken) return undefined;
  return async () => {
    await rm(path, { force: true });
    held.delete(path);
  };
}

let counter = 0;
/** Paths of the locks that this process holds or is about to. */
const held = new Set<string>();

async function takeLock(path: string): Promise<boolean> {
  // Written aside and linked, so that nobody reads a lock without its holder.
  const draft = `${path}.${process.pid}.${counter++}`;
  await writeFile(draft, String(process.pid), { mode: 0o600 });
  try {
    if (await tryLink(draft, path)) return true;
    const isLeft = isLeftBehind(await holderOf(path));
    return isLeft && (await replaceLock(draft, path));
  } finally {
    await rm(draft, { force: true });
  }
}

/** Whoever replaces a lock that was left behind holds another one for the while: else the second to find it would replace the first's. */
async function replaceLock(draft: string, path: string): Promise<boolean> {
  const unlock = await lockFile(`${path}.over`);
  if (!unlock) return false;
  try {
    const holder = await holderOf(path);
    if (holder === undefined) return await tryLink(draft, path);
    if (!isLeftBehind(holder)) return false;
    await rename(draft, path);
    return true;
  } finally {
    await unlock();
  }
}

/** The process that holds a lock; undefined where there is none. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

/** This process would not ask for what it holds. */
const isLeftBehind = (holder: number | undefined): boolean => holder === process.pid || !isAlive(holder ?? 0);

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
