import { describe, expect, test } from 'vitest';
import type { InversionAttack } from '../../attack/inversion/attack.ts';
import { FACE_SIZE_PX } from '../../attack/inversion/inverse-dcgan.ts';
import { InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { AuditStore } from '../work-folder.ts';
import { reconstruct } from './reconstruct.ts';

const NUMBERS = 3 * FACE_SIZE_PX ** 2;
const templates = Array.from({ length: 20 }, (_, i) => Float32Array.of(i / 20));

/** Faces whose first number is the template's and whose rest is one random number; it counts the templates it is asked about. */
function countingAttack(): InversionAttack & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    name: 'counting',
    access: 'black-box',
    needs: [],
    description: 'Counts.',
    invert: async (part, _, { random, onProgress }) => {
      asked.push(part.length);
      return part.map((template, i) => {
        onProgress?.({ stage: 'inverting', done: i + 1, total: part.length });
        const face = new Float32Array(NUMBERS).fill(random.uniform());
        face[0] = template[0] as number;
        return face;
      });
    },
  };
}

function memoryStore(
  options: { readonly failAfter?: number } = {},
): AuditStore & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    // As a file system gives it: a Buffer.
    read: async (name) => {
      const bytes = files.get(name);
      return bytes && Buffer.from(bytes);
    },
    write: async (name, bytes) => {
      if (files.size === options.failAfter) throw new InterruptedError('killed');
      files.set(name, bytes.slice());
    },
  };
}

const run = (attack: InversionAttack, store: AuditStore, seed = 1, onProgress?: (share: number) => void) =>
  reconstruct(
    attack,
    templates,
    {},
    { random: new Random(seed), store, name: 'run', onProgress: ({ done, total }) => onProgress?.(done / total) },
  );

describe('reconstruct', () => {
  test('gives the attack’s faces as 8-bit pictures, in order, sixteen at a time', async () => {
    const attack = countingAttack();
    const images = await run(attack, memoryStore());
    expect(attack.asked).toEqual([16, 4]);
    expect(images.map(({ widthPx, heightPx, data }) => [widthPx, heightPx, data.length])).toEqual(
      templates.map(() => [FACE_SIZE_PX, FACE_SIZE_PX, NUMBERS]),
    );
    expect(images.map(({ data }) => data[0])).toEqual(templates.map(([value]) => Math.round(255 * (value as number))));
  });

  test('the same seed gives the same pictures, another seed others', async () => {
    const pixels = async (seed: number) =>
      (await run(countingAttack(), memoryStore(), seed)).map(({ data }) => data[5]);
    expect(await pixels(1)).toEqual(await pixels(1));
    expect(await pixels(2)).not.toEqual(await pixels(1));
  });

  test('resumed after a kill it makes the missing chunk alone, and ends with the very same pictures', async () => {
    const undisturbed = await run(countingAttack(), memoryStore());
    const store = memoryStore({ failAfter: 1 });
    await expect(run(countingAttack(), store)).rejects.toThrow(InterruptedError);
    const attack = countingAttack();
    const again: AuditStore = {
      read: store.read,
      write: async (name, bytes) => void store.files.set(name, bytes),
    };
    const resumed = await run(attack, again);
    expect(attack.asked).toEqual([4]);
    expect(resumed).toEqual(undisturbed);
    expect(
      resumed.every(({ data }) => !Buffer.isBuffer(data)),
      'plain bytes, which share no memory with the file',
    ).toBe(true);
    const idle = countingAttack();
    expect(await run(idle, again)).toEqual(undisturbed);
    expect(idle.asked).toEqual([]);
  });

  test('a chunk of the wrong size is made again', async () => {
    const store = memoryStore();
    const undisturbed = await run(countingAttack(), store);
    const [first = ''] = store.files.keys();
    store.files.set(first, (store.files.get(first) as Uint8Array).subarray(0, 1000));
    const attack = countingAttack();
    const repaired: AuditStore = {
      read: store.read,
      write: async (name, bytes) => void store.files.set(name, bytes),
    };
    expect(await run(attack, repaired)).toEqual(undisturbed);
    expect(attack.asked).toEqual([16]);
    expect(store.files.get(first)).toHaveLength(16 * NUMBERS);
  });

  test('progress rises to the end, over all chunks', async () => {
    const shares: number[] = [];
    await run(countingAttack(), memoryStore(), 1, (share) => shares.push(share));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});
