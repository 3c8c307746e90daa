import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/**
 * Those of `paths` that are copies of a file of `others`, byte by byte. Only files of equal size are read.
 *
 * A file that cannot be read is a copy of none: whoever reads it as a photo says so.
 */
export async function copiedFiles(paths: readonly string[], others: readonly string[]): Promise<ReadonlySet<string>> {
  const bySize = new Map<number, string[]>();
  for (const path of paths) {
    const bytes = await sizeOf(path);
    if (bytes !== undefined) bySize.set(bytes, [...(bySize.get(bytes) ?? []), path]);
  }
  const asked = new Map<number, Set<string>>();
  for (const path of others) {
    const bytes = await sizeOf(path);
    const hash = bytes !== undefined && bySize.has(bytes) ? await hashOf(path) : undefined;
    if (bytes !== undefined && hash !== undefined) asked.set(bytes, (asked.get(bytes) ?? new Set<string>()).add(hash));
  }
  const copies = new Set<string>();
  for (const [bytes, hashes] of asked) {
    for (const path of bySize.get(bytes) ?? []) {
      const hash = await hashOf(path);
      if (hash !== undefined && hashes.has(hash)) copies.add(path);
    }
  }
  return copies;
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

const hashOf = (path: string): Promise<string | undefined> =>
  readFile(path).then(
    (bytes) => createHash('sha256').update(bytes).digest('hex'),
    () => undefined,
  );
