import { facePictures } from '../../attack/inversion/face-pictures.ts';
import { FACE_SIZE_PX } from '../../attack/inversion/inverse-dcgan.ts';
import type {
  ModelInversionAttack,
  ModelInversionOptions,
  ModelInversionResources,
} from '../../attack/inversion/model/attack.ts';
import type { Image } from '../../image/image.ts';
import { Random } from '../../util/random.ts';
import type { AuditStore } from '../work-folder.ts';

/** Faces that were made of classes. */
export interface MadeFaces {
  /** Name of the attack, or of what stands in its place. */
  readonly attack: string;
  /** Of each class one for each seed, in order; undefined where the attack gave up. */
  readonly faces: readonly (readonly (Image | undefined)[])[];
}

/** Faces that an attack made, and what it asked for them. */
export interface InvertedFaces extends MadeFaces {
  /** Faces that the attack sent to the model for its labels, in all runs, also those that were stored. */
  readonly queries: number;
}

/** How {@link invertClasses} runs an attack. */
export interface InvertOptions extends Omit<ModelInversionOptions, 'random' | 'facesPerClass'> {
  readonly seeds: readonly number[];
  readonly store: AuditStore;
  /** Of the model, unique in the audit: what is stored is found by it. */
  readonly name: string;
}

/**
 * Inverts classes of a model, once for each seed; what the store holds is not made again. Faces are kept as 8-bit pictures, so that a resumed audit judges the very same pixels.
 *
 * @throws what the attack throws.
 */
export async function invertClasses(
  attack: ModelInversionAttack,
  labels: readonly number[],
  resources: ModelInversionResources,
  options: InvertOptions,
): Promise<InvertedFaces> {
  const runs: Run[] = [];
  for (const [i, seed] of options.seeds.entries()) {
    const key = `${options.name}: ${attack.name}, seed ${seed}`;
    const stored = await options.store.read(key);
    const known = stored && unpack(stored, labels.length);
    if (known) {
      runs.push(known);
      continue;
    }
    const before = resources.oracle?.queries ?? 0;
    const inverted = await attack.invert(labels, resources, {
      ...options,
      random: new Random(seed).fork(key),
      onProgress: (event) =>
        options.onProgress?.({
          ...event,
          stage: `${attack.name}, seed ${i + 1} of ${options.seeds.length}: ${event.stage}`,
        }),
    });
    const pictures = inverted.map(({ faces }) => facePictures(faces.slice(0, 1))[0]);
    const run = { pictures, queries: (resources.oracle?.queries ?? 0) - before };
    await options.store.write(key, pack(run));
    runs.push(run);
  }
  return {
    attack: attack.name,
    faces: labels.map((_, k) => runs.map(({ pictures }) => pictures[k])),
    queries: runs.reduce((sum, { queries }) => sum + queries, 0),
  };
}

const PICTURE_BYTES = 3 * FACE_SIZE_PX ** 2;

/** Bytes of the number of queries. */
const QUERY_BYTES = 8;

/** One run of an attack. */
interface Run {
  readonly pictures: readonly (Image | undefined)[];
  readonly queries: number;
}

/** Of each picture one byte for whether there is one, and its pixels; then the number of queries. */
function pack({ pictures, queries }: Run): Uint8Array {
  const bytes = new Uint8Array(pictures.length * (1 + PICTURE_BYTES) + QUERY_BYTES);
  new DataView(bytes.buffer).setFloat64(bytes.length - QUERY_BYTES, queries);
  pictures.forEach((picture, i) => {
    if (!picture) return;
    bytes[i * (1 + PICTURE_BYTES)] = 1;
    bytes.set(picture.data, i * (1 + PICTURE_BYTES) + 1);
  });
  return bytes;
}

/** What {@link pack} packed; undefined where these are no such bytes. */
function unpack(bytes: Uint8Array, count: number): Run | undefined {
  if (bytes.length !== count * (1 + PICTURE_BYTES) + QUERY_BYTES) return undefined;
  const queries = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(bytes.length - QUERY_BYTES);
  const pictures = Array.from({ length: count }, (_, i) => {
    const at = i * (1 + PICTURE_BYTES);
    if (bytes[at] !== 1) return undefined;
    const data = Uint8Array.from(bytes.subarray(at + 1, at + 1 + PICTURE_BYTES));
    return { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX, data };
  });
  return { pictures, queries };
}
