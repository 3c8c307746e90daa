import type { Image } from '../../image/image.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { AuditStore } from '../work-folder.ts';
import { PERTURBED_PX } from './pairs.ts';

/** Numbers of a picture. */
const NUMBERS = 3 * PERTURBED_PX ** 2;

/** Pictures that the store holds under a key, or that are made and stored. */
export async function keepPictures(
  store: AuditStore,
  key: string,
  count: number,
  make: () => Promise<readonly Image[]>,
): Promise<Image[]> {
  const stored = await store.read(key);
  if (stored?.length === count * NUMBERS) {
    return Array.from({ length: count }, (_, i) => ({
      widthPx: PERTURBED_PX,
      heightPx: PERTURBED_PX,
      data: stored.slice(i * NUMBERS, (i + 1) * NUMBERS),
    }));
  }
  const made = await make();
  const bytes = new Uint8Array(count * NUMBERS);
  made.forEach(({ data }, i) => {
    bytes.set(data, i * NUMBERS);
  });
  await store.write(key, bytes);
  return [...made];
}

/** Results that the store holds under a key, or that are made and stored; for what takes minutes and is only numbers. */
export async function keepNumbers(
  store: AuditStore,
  key: string,
  make: () => Promise<readonly number[]>,
): Promise<number[]> {
  const stored = await store.read(key);
  if (stored && stored.length % 8 === 0) return [...new Float64Array(Uint8Array.from(stored).buffer)];
  const made = Float64Array.from(await make());
  await store.write(key, new Uint8Array(made.buffer));
  return [...made];
}

/** Reports the progress of one chunk of a stage as that of the whole stage: a chunk of a slow attack takes minutes. */
export function chunkProgress(
  job: JobOptions,
  stage: string,
  chunk: { readonly first: number; readonly count: number; readonly total: number },
): JobOptions {
  const { onProgress, signal } = job;
  const { first, count, total } = chunk;
  return {
    ...(signal ? { signal } : {}),
    ...(onProgress
      ? {
          onProgress: (event) =>
            onProgress({ stage, done: Math.floor(first + (count * event.done) / event.total), total }),
        }
      : {}),
  };
}
