import type { InversionAttack, InversionOptions, InversionResources } from '../../attack/inversion/attack.ts';
import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { FACE_SIZE_PX } from '../../attack/inversion/inverse-dcgan.ts';
import type { Image } from '../../image/image.ts';
import type { AuditStore } from '../work-folder.ts';

/** Templates inverted between two writes to the store. */
const CHUNK = 16;

/**
 * Inverts templates, a chunk at a time; chunks that the store holds are not made again. Pictures are 8-bit, as an attacker would keep them, so a resumed
 * audit judges the very same pixels.
 *
 * Each chunk has random numbers of its own: the result does not depend on where the audit was broken off.
 */
export async function reconstruct(
  attack: InversionAttack,
  templates: readonly Float32Array[],
  resources: InversionResources,
  options: InversionOptions & { readonly store: AuditStore; readonly name: string },
): Promise<Image[]> {
  const images: Image[] = [];
  for (let first = 0; first < templates.length; first += CHUNK) {
    const part = templates.slice(first, first + CHUNK);
    const key = `${options.name}-${first}`;
    const stored = await options.store.read(key);
    const bytes = stored?.length === part.length * 3 * FACE_SIZE_PX ** 2 ? stored : undefined;
    if (bytes) {
      images.push(...split(bytes));
      continue;
    }
    const made = await attack.invert(part, resources, {
      ...options,
      random: options.random.fork(key),
      onProgress: (event) =>
        options.onProgress?.({
          ...event,
          stage: `${attack.name}: ${event.stage}`,
          done: first + Math.floor((event.done / event.total) * part.length),
          total: templates.length,
        }),
    });
    const pictures = facePictures(made);
    await options.store.write(key, joined(pictures));
    images.push(...pictures);
    options.onProgress?.({ stage: attack.name, done: images.length, total: templates.length });
  }
  return images;
}

const PICTURE_BYTES = 3 * FACE_SIZE_PX ** 2;

function joined(pictures: readonly Image[]): Uint8Array {
  const bytes = new Uint8Array(pictures.length * PICTURE_BYTES);
  pictures.forEach(({ data }, i) => {
    bytes.set(data, i * PICTURE_BYTES);
  });
  return bytes;
}

function split(bytes: Uint8Array): Image[] {
  return Array.from({ length: bytes.length / PICTURE_BYTES }, (_, i) => ({
    widthPx: FACE_SIZE_PX,
    heightPx: FACE_SIZE_PX,
    // A copy as plain bytes: a Node Buffer's own slice would share the file's memory.
    data: Uint8Array.from(bytes.subarray(i * PICTURE_BYTES, (i + 1) * PICTURE_BYTES)),
  }));
}
