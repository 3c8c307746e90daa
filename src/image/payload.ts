import { InputError } from '../util/errors.ts';
import { hashBytes, Random } from '../util/random.ts';
import type { Image } from './image.ts';
import { requireImage } from './image-shape.ts';
import { addLowFrequencies, lowFrequencies, topFrequencies } from './low-frequencies.ts';

/** What an imitated face's picture carries invisibly: which run made it, and by which kind of attack presentation. */
export interface Payload {
  /** Of the run that made the picture, 0..2^32-1. */
  readonly runId: number;
  /** Number of the attack presentation's species, 0..255. */
  readonly species: number;
}

const VERSION = 1;
const BITS = 64;
/** Each bit stands in so many projections, so that one that is lost costs no bit. */
const REPEATS = 3;
/** Frequencies that a projection adds up. */
const SPREAD = 6;
/** Distance of the points that stand for the same bit, in units of an orthonormal DCT at 256x256 px. */
const STEP = 175;
/** Frequencies from above the face's broad shading to below what a picture of half the size loses, in half periods a picture. */
const FREQUENCIES = { from: 10, to: 41 } as const;

/**
 * Mean of the bits' certainties (0..1) from which on a payload counts: about 0.33 where there is none, 1 where nothing changed it.
 *
 * Without a payload every projection's phase is uniform, because its dither is. Chernoff's bound for the mean of 64 such
 * certainties, each of three uniform phases, is then 7e-7; version and checksum let 2^-24 of these through, and 4 views in
 * 13 contrasts are tried: below 3e-12 a picture.
 */
export const MIN_CERTAINTY = 0.5;

/** How high a band below a marked picture may be, in eighths of the picture: without one it is looked for in each of these parts. */
export const BAND_EIGHTHS: readonly number[] = [1, 2, 3];

/** Contrasts that are tried, the picture's own first: screens, players and photo programs change it. */
const CONTRASTS: readonly number[] = [1, ...[1, 2, 3, 4, 5, 6].flatMap((step) => [1.04 ** step, 1.04 ** -step])];

/** Side below which the frequencies do not fit the pixels. */
export const MIN_PAYLOAD_SIZE_PX = 64;
/** How often a picture is marked again where clipping at black or white took a part away. */
const MAX_PASSES = 4;

/** One number of the picture that carries a bit: a signed sum of frequencies, and where its points lie. */
interface Projection {
  readonly bit: number;
  /** Indices into the `[to, to]` frequencies, and a weight each, of either sign; their squares sum to 1. */
  readonly at: Int32Array;
  readonly weight: Float32Array;
  readonly dither: number;
}

const PROJECTIONS = drawProjections();

/**
 * Writes a payload into a picture's brightness, at about 39.5 dB of PSNR: hardly visible in hair and cloth, a faint mottle on smooth walls.
 *
 * Spread transform dither modulation (Chen and Wornell, "Quantization index modulation", 2001, section V): 192 signed sums of
 * six DCT frequencies of the whole picture are each moved to the nearest point of the one of two lattices that stands for
 * their bit. Frequencies are counted in periods a picture, so that a resized picture keeps them,
 * and so does one of another contrast; a cropped, turned or mirrored one does not.
 *
 * About 4 ms at 256x256 px.
 *
 * @returns a copy.
 * @throws InputError where the picture is below 64x64 px or a number of the payload is out of range.
 */
export function embedPayload(image: Image, payload: Payload): Image {
  requireImage(image);
  if (Math.min(image.widthPx, image.heightPx) < MIN_PAYLOAD_SIZE_PX) {
    throw new InputError(`${image.widthPx}x${image.heightPx} px are too few for a payload`, {
      hint: `make the picture at least ${MIN_PAYLOAD_SIZE_PX}x${MIN_PAYLOAD_SIZE_PX} px`,
    });
  }
  const bits = toBits(payload);
  let marked = image;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const found = lowFrequencies(marked, FREQUENCIES.to);
    const { image: moved, clippedShare } = addLowFrequencies(marked, changesFor(bits, found), FREQUENCIES.to);
    marked = moved;
    if (clippedShare < 0.1) break;
  }
  return marked;
}

/**
 * The payload that {@link embedPayload} wrote, also after JPEG, WebP and resizing, and above the band of a marked frame; undefined where there is none.
 *
 * By design fewer than 1e-11 of other pictures give one. About 3 ms at 256x256 px.
 */
export function findPayload(image: Image): Payload | undefined {
  for (const votes of readings(image)) {
    const payload = certaintyOf(votes) < MIN_CERTAINTY ? undefined : fromBits(Array.from(votes, (vote) => vote < 0));
    if (payload) return payload;
  }
  return undefined;
}

/** How certain the most certain of all ways to read a picture is of its bits, 0..1: what {@link MIN_CERTAINTY} is held against. */
export function payloadCertainty(image: Image): number {
  let highest = 0;
  for (const votes of readings(image)) highest = Math.max(highest, certaintyOf(votes));
  return highest;
}

/** The ways to read a picture, the likeliest first: for each bit a vote from -1 (set) to 1 (not set). */
function* readings(image: Image): Generator<Float64Array> {
  requireImage(image);
  const frequenciesOfTop = topFrequencies(image, FREQUENCIES.to);
  for (const eighths of [0, ...BAND_EIGHTHS]) {
    const found = frequenciesOfTop(Math.round((image.heightPx * 8) / (8 + eighths)));
    const values = PROJECTIONS.map((projection) => projected(projection, found));
    for (const contrast of CONTRASTS) yield votesFor(values, contrast);
  }
}

function votesFor(values: readonly number[], contrast: number): Float64Array {
  const votes = new Float64Array(BITS);
  PROJECTIONS.forEach(({ bit, dither }, i) => {
    const phase = (2 * Math.PI * ((values[i] as number) / contrast - dither)) / STEP;
    votes[bit] = (votes[bit] as number) + Math.cos(phase) / REPEATS;
  });
  return votes;
}

const certaintyOf = (votes: Float64Array): number => votes.reduce((sum, vote) => sum + Math.abs(vote), 0) / BITS;

/** What to add to each frequency, so that every projection lies on a point of its bit. */
function changesFor(bits: readonly boolean[], found: Float32Array): Float32Array {
  const changes = new Float32Array(FREQUENCIES.to ** 2);
  for (const projection of PROJECTIONS) {
    const point = projection.dither + (bits[projection.bit] ? STEP / 2 : 0);
    const offset = (projected(projection, found) - point) / STEP;
    const change = (Math.round(offset) - offset) * STEP;
    projection.at.forEach((at, i) => {
      changes[at] = change * (projection.weight[i] as number);
    });
  }
  return changes;
}

function projected({ at, weight }: Projection, found: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < SPREAD; i++) sum += (found[at[i] as number] as number) * (weight[i] as number);
  return sum;
}

/** Part of the format: other numbers here would find no payload that is out already. */
function drawProjections(): Projection[] {
  const { from, to } = FREQUENCIES;
  const random = new Random('faceward payload 1');
  const ring = Array.from({ length: to * to }, (_, at) => at).filter((at) => {
    const [v, u] = [Math.floor(at / to), at % to];
    return u > 0 && v > 0 && Math.hypot(u, v) >= from && Math.hypot(u, v) < to;
  });
  const drawn = random.sample(ring, BITS * REPEATS * SPREAD);
  return Array.from({ length: BITS * REPEATS }, (_, i) => {
    const at = Int32Array.from(drawn.slice(i * SPREAD, (i + 1) * SPREAD));
    // Pictures have amplitudes of about one over the frequency: so weighted, none of the six outweighs the others.
    const radii = Array.from(at, (index) => Math.hypot(Math.floor(index / to), index % to));
    const norm = Math.hypot(...radii);
    const weight = Float32Array.from(radii, (radius) => ((random.uint32() & 1 ? 1 : -1) * radius) / norm);
    return { bit: i % BITS, at, weight, dither: random.uniform() * STEP };
  });
}

/** Version (4 bits), species (8), run (32) and a checksum of these (20), each from its highest bit on. */
function toBits(payload: Payload): boolean[] {
  const { runId, species } = payload;
  const fits = (value: number, bits: number) => Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits;
  if (!fits(runId, 32) || !fits(species, 8)) {
    throw new InputError(`a payload of run ${runId} and species ${species}`, {
      hint: 'give whole numbers, the run below 2^32 and the species below 256',
    });
  }
  return [
    [VERSION, 4],
    [species, 8],
    [runId, 32],
    [checksum(payload), 20],
  ].flatMap(([value = 0, count = 0]) =>
    Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (count - 1 - i)) % 2 === 1),
  );
}

function fromBits(bits: readonly boolean[]): Payload | undefined {
  const number = (start: number, count: number) =>
    bits.slice(start, start + count).reduce((sum, bit) => 2 * sum + (bit ? 1 : 0), 0);
  const payload = { runId: number(12, 32), species: number(4, 8) };
  return number(0, 4) === VERSION && number(44, 20) === checksum(payload) ? payload : undefined;
}

function checksum({ runId, species }: Payload): number {
  const bytes = new Uint8Array(6);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, species);
  view.setUint32(2, runId);
  return hashBytes(bytes) >>> 12;
}
