import { encodeJpeg, encodePng } from './encode.ts';
import type { ImageFormat } from './format.ts';
import type { Image } from './image.ts';
import { insertPngTexts, readPngText } from './png-text.ts';

/** How a photo was protected; travels inside its file, and holds nothing of its owner. */
export interface CloakProvenance {
  /** Encoders that the cloak was made with, by id and hash. */
  readonly encoders: readonly { readonly id: string; readonly hash: string }[];
  readonly dssim: number;
  readonly faceward: string;
}

/** Formats in which a cloaked photo is written. */
export type CloakedFormat = 'jpeg' | 'png';

/** Near enough to lossless that the cloak is what it was measured to be. */
const JPEG_QUALITY = 95;

const KEYWORD = 'faceward-cloak';
const SCHEMA = 'faceward.cloak/1';

/** The format in which a photo of this format is written: its own where that is JPEG or PNG, else PNG. */
export const cloakedFormat = (format: ImageFormat): CloakedFormat => (format === 'jpeg' ? 'jpeg' : 'png');

/**
 * Writes a photo whose faces are cloaked: a JPEG of quality 95 with full chroma, or a PNG; without the metadata of the original, upright, and with its provenance as a
 * comment (JPEG) or text entry (PNG). There is no visible band: it is its owner's own photo.
 *
 * @throws ShapeError where the image's bytes do not fit its size.
 */
export async function encodeCloakedPhoto(
  image: Image,
  format: CloakedFormat,
  provenance: CloakProvenance,
): Promise<Uint8Array> {
  const text = JSON.stringify({ schema: SCHEMA, ...provenance });
  return format === 'png'
    ? insertPngTexts(await encodePng(image), [{ keyword: KEYWORD, text }])
    : insertComment(await encodeJpeg(image, { quality: JPEG_QUALITY }), `${KEYWORD} ${text}`);
}

/** The provenance that {@link encodeCloakedPhoto} wrote; undefined for any other file, or where it is damaged: it only says which encoders are not independent. */
export function readCloakProvenance(bytes: Uint8Array): CloakProvenance | undefined {
  try {
    const text = readPngText(bytes, KEYWORD) ?? commentOf(bytes);
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return isProvenance(value) ? { encoders: value.encoders, dssim: value.dssim, faceward: value.faceward } : undefined;
  } catch {
    return undefined;
  }
}

function isProvenance(value: unknown): value is CloakProvenance {
  if (typeof value !== 'object' || value === null) return false;
  const { schema, encoders, dssim, faceward } = value as Readonly<Record<string, unknown>>;
  return (
    schema === SCHEMA &&
    typeof dssim === 'number' &&
    typeof faceward === 'string' &&
    Array.isArray(encoders) &&
    encoders.every((one: unknown) => typeof one === 'object' && one !== null && 'id' in one && 'hash' in one)
  );
}

const [SEGMENT, COMMENT, START_OF_SCAN] = [0xff, 0xfe, 0xda];

/** Puts a comment behind the JFIF header, which has to come first. Source: ITU-T T.81, B.2.4.5. */
function insertComment(jpeg: Uint8Array, text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const at = 2 + 2 + segmentLength(jpeg, 2);
  const out = new Uint8Array(jpeg.length + 4 + body.length);
  out.set(jpeg.subarray(0, at));
  out.set([SEGMENT, COMMENT, (body.length + 2) >> 8, (body.length + 2) & 255], at);
  out.set(body, at + 4);
  out.set(jpeg.subarray(at), at + 4 + body.length);
  return out;
}

function commentOf(jpeg: Uint8Array): string | undefined {
  if (jpeg[0] !== SEGMENT || jpeg[1] !== 0xd8) return undefined;
  for (let at = 2; jpeg[at] === SEGMENT && jpeg[at + 1] !== START_OF_SCAN; at += 2 + segmentLength(jpeg, at)) {
    if (jpeg[at + 1] !== COMMENT) continue;
    const text = new TextDecoder().decode(jpeg.subarray(at + 4, at + 2 + segmentLength(jpeg, at)));
    if (text.startsWith(`${KEYWORD} `)) return text.slice(KEYWORD.length + 1);
  }
  return undefined;
}

/** What the two bytes behind a marker say; they count themselves. */
const segmentLength = (jpeg: Uint8Array, at: number): number =>
  ((jpeg[at + 2] as number) << 8) | (jpeg[at + 3] as number);
