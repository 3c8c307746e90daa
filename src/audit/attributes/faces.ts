import type { FaceSample } from '../../data/sample.ts';
import { alignedFace, type FacePlace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { CANONICAL_EXTENT } from '../../encoder/view.ts';
import { alignmentMatrix } from '../../face/alignment.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import { PORTRAIT_PX, portraitView } from '../../face/portrait.ts';
import { decodeImage } from '../../image/decode.ts';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { AuditStore } from '../work-folder.ts';

/** Size of a photo in pixels. */
export type PhotoSize = Pick<Image, 'widthPx' | 'heightPx'>;

/** A face whose attributes are known, as attackers see it. */
export interface AttributeFace {
  /** The sample's. */
  readonly id: string;
  readonly person: string;
  readonly attributes: Readonly<Record<string, boolean>>;
  /** Where the face is in its photo, in pixels. */
  readonly place: FacePlace;
  /** Size of that photo: a protected one may have another than the original. */
  readonly photo: PhotoSize;
  /** Whether it was found in this very photo; if not, it was cut out where it was found in the original. */
  readonly isFound: boolean;
  /** Of {@link portraitView}, [3,64,64]. */
  readonly portrait: Image;
  /** Of each encoder, in the order of the audit, as it gives them. */
  readonly embeddings: readonly Float32Array[];
}

/** How photos are read. */
export interface ReadFacesOptions extends JobOptions {
  readonly encoders: readonly Encoder[];
  /** Opened when the first photo comes that is not aligned. */
  readonly openPipeline: () => Promise<FacePipeline>;
  /** Shown while it runs: "reading photos of training people". */
  readonly stage: string;
  /** Keeps what was read under `stage`. */
  readonly store: AuditStore;
  /** Where the photo of a sample lies; default: where the sample says. Undefined where there is none. */
  readonly pathOf?: (sample: FaceSample) => string | undefined;
  /** What happens to a photo before it is read; `unitPx` is the extent of a unit of the canonical frame in it. */
  readonly transform?: (photo: Image, unitPx: number) => Promise<Image>;
  /** The faces of the original photos by id: for where the face is not found, and what is done by its size. */
  readonly originals?: ReadonlyMap<string, AttributeFace>;
  /** Told of each photo that is left out. */
  readonly onRejected?: (sample: FaceSample, reason: string) => void;
}

/** Faces, and the photos that were left out: missing, unreadable, or without a face. */
export interface ReadFaces {
  readonly faces: readonly AttributeFace[];
  readonly rejected: readonly FaceSample[];
}

/** Photos that are read, and kept, together. */
const CHUNK = 64;

/**
 * Finds the largest face of each photo and reads what attackers get: the portrait, and the embedding of each encoder. A broken photo is left out and counted; the others go on.
 *
 * The pictures themselves are not kept in memory.
 *
 * @throws InterruptedError between two photos where the job was asked to stop.
 */
export async function readAttributeFaces(
  samples: readonly FaceSample[],
  options: ReadFacesOptions,
): Promise<ReadFaces> {
  const faces: AttributeFace[] = [];
  for (let first = 0; first < samples.length; first += CHUNK) {
    const part = samples.slice(first, first + CHUNK);
    const key = `${options.stage}, from ${first}`;
    const stored = await options.store.read(key);
    const read = stored
      ? unpack(stored, part, options.encoders)
      : await readChunk(part, first, samples.length, options);
    if (!stored) await options.store.write(key, pack(read, part));
    faces.push(...read);
    options.onProgress?.({ stage: options.stage, done: first + part.length, total: samples.length });
  }
  const ids = new Set(faces.map(({ id }) => id));
  return { faces, rejected: samples.filter(({ id }) => !ids.has(id)) };
}

/** A face cut out along every view. */
interface CutFace extends Omit<AttributeFace, 'embeddings'> {
  /** As each encoder looks at it. */
  readonly views: readonly Image[];
}

async function readChunk(
  samples: readonly FaceSample[],
  first: number,
  total: number,
  options: ReadFacesOptions,
): Promise<AttributeFace[]> {
  const cut: CutFace[] = [];
  for (const [i, sample] of samples.entries()) {
    throwIfAborted(options);
    try {
      cut.push(await cutFace(sample, options));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      options.onRejected?.(sample, error.message);
    }
    options.onProgress?.({ stage: options.stage, done: first + i, total });
  }
  if (cut.length === 0) return [];
  const embeddings: Float32Array[][] = [];
  for (const [k, encoder] of options.encoders.entries()) {
    embeddings.push(await encoder.embed(cut.map(({ views }) => views[k] as Image)));
  }
  return cut.map(({ views: _, ...face }, i) => ({
    ...face,
    embeddings: embeddings.map((own) => own[i] ?? new Float32Array()),
  }));
}

async function cutFace(sample: FaceSample, options: ReadFacesOptions): Promise<CutFace> {
  const path = options.pathOf ? options.pathOf(sample) : sample.path;
  if (path === undefined) throw new InputError(`${sample.id} has no photo there`);
  const { image } = await decodeImage(path);
  const original = options.originals?.get(sample.id);
  const expectedIn = (size: PhotoSize): FacePlace | undefined =>
    original && scaled(original.place, original.photo, size);
  const before = expectedIn(image);
  const photo = options.transform ? await options.transform(image, before ? unitOf(before, image) : 1) : image;
  const { place, isFound } = await placeOf(photo, sample, expectedIn(photo), options);
  const { id, person, attributes = {} } = sample;
  return {
    ...{ id, person, attributes, place, isFound },
    photo: { widthPx: photo.widthPx, heightPx: photo.heightPx },
    portrait: alignedFace(photo, place, portraitView()),
    views: options.encoders.map(({ view }) => alignedFace(photo, place, view)),
  };
}

async function placeOf(
  photo: Image,
  sample: FaceSample,
  original: FacePlace | undefined,
  { openPipeline }: ReadFacesOptions,
): Promise<Pick<AttributeFace, 'place' | 'isFound'>> {
  if (sample.aligned) return { place: 'canonical', isFound: true };
  const [face] = await (await openPipeline()).detect(photo, { maxFaces: 1 });
  if (face) return { place: face.landmarks, isFound: true };
  if (original) return { place: original, isFound: false };
  throw new InputError(`${sample.path}: no face was found`);
}

/** Extent of a unit of the canonical frame in a photo, in pixels. */
function unitOf(place: FacePlace, { widthPx }: PhotoSize): number {
  if (place === 'canonical') return widthPx / CANONICAL_EXTENT;
  const [a, , , d] = alignmentMatrix(place);
  return Math.hypot(a, d);
}

/** Where a place of one photo is in another of the same picture. */
function scaled(place: FacePlace, from: PhotoSize, to: PhotoSize): FacePlace {
  if (place === 'canonical') return place;
  // Pixel centres are at whole numbers.
  const move = ({ x, y }: (typeof place)[0]) => ({
    x: ((x + 0.5) * to.widthPx) / from.widthPx - 0.5,
    y: ((y + 0.5) * to.heightPx) / from.heightPx - 0.5,
  });
  const [a, b, c, d, e] = place;
  return [move(a), move(b), move(c), move(d), move(e)];
}

const PORTRAIT_BYTES = 3 * PORTRAIT_PX ** 2;

/** What is kept of a face as JSON. */
interface Header extends Pick<AttributeFace, 'place' | 'photo' | 'isFound'> {
  /** Number of its sample in the chunk. */
  readonly at: number;
}

/** The chunk as bytes: what is short as JSON, its length before it; then each face's portrait and embeddings. */
function pack(faces: readonly AttributeFace[], samples: readonly FaceSample[]): Uint8Array {
  const header = faces.map(
    ({ id, place, photo, isFound }): Header => ({
      at: samples.findIndex((sample) => sample.id === id),
      ...{ place, photo, isFound },
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bodies = faces.flatMap(({ portrait, embeddings }) => [
    portrait.data,
    ...embeddings.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  ]);
  const out = new Uint8Array(4 + text.length + bodies.reduce((sum, { length }) => sum + length, 0));
  new DataView(out.buffer).setUint32(0, text.length);
  out.set(text, 4);
  let at = 4 + text.length;
  for (const body of bodies) {
    out.set(body, at);
    at += body.length;
  }
  return out;
}

function unpack(bytes: Uint8Array, samples: readonly FaceSample[], encoders: readonly Encoder[]): AttributeFace[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  // Written by pack, and sealed since.
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Header[];
  let at = 4 + length;
  const take = (count: number): Uint8Array => {
    at += count;
    return bytes.slice(at - count, at);
  };
  return header.flatMap(({ at: index, ...seen }) => {
    const sample = samples[index];
    const portrait = { widthPx: PORTRAIT_PX, heightPx: PORTRAIT_PX, data: take(PORTRAIT_BYTES) };
    const embeddings = encoders.map(({ embeddingSize }) => new Float32Array(take(4 * embeddingSize).buffer));
    if (!sample) return [];
    const { id, person, attributes = {} } = sample;
    return [{ id, person, attributes, ...seen, portrait, embeddings }];
  });
}
