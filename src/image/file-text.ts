import { InputError } from '../util/errors.ts';
import { jpegSegment, splitJpeg } from './jpeg-segments.ts';
import { insertPngTexts, type PngText, readPngText } from './png-text.ts';

/** A text that travels inside a picture's file, by its keyword. */
export type FileText = PngText;

/** The keyword under which an XMP packet travels. Source: XMP specification part 3, 1.1.5. */
export const XMP_KEYWORD = 'XML:com.adobe.xmp';

const [APP0, APP1, COMMENT] = [0xe0, 0xe1, 0xfe];

/** What an XMP segment of a JPEG begins with. Source: XMP specification part 3, 1.1.3. */
const XMP_PREFIX = 'http://ns.adobe.com/xap/1.0/\0';

/** Most that a segment of a JPEG holds. */
const MAX_BYTES = 65_533;

/**
 * Puts texts into a JPEG (an XMP packet as its own segment, others as comments that begin with their keyword) or a PNG (as iTXt entries).
 *
 * @throws InputError where a text is too long for a JPEG's segment.
 */
export function insertTexts(file: Uint8Array, texts: readonly FileText[]): Uint8Array {
  const jpeg = splitJpeg(file);
  if (!jpeg) return insertPngTexts(file, texts);
  // A JFIF header has to come first. Source: JFIF 1.02, page 2.
  const [first] = jpeg.segments;
  const head = first?.marker === APP0 ? first.at + 4 + first.body.length : 2;
  const segments = texts.map(segmentOf);
  const out = new Uint8Array(file.length + segments.reduce((sum, { length }) => sum + length, 0));
  let at = head;
  out.set(file.subarray(0, head));
  for (const segment of segments) {
    out.set(segment, at);
    at += segment.length;
  }
  out.set(file.subarray(head), at);
  return out;
}

/**
 * The text of this keyword that {@link insertTexts} put into a JPEG or PNG; undefined where there is none.
 *
 * @throws InputError where a PNG's entry is damaged.
 */
export function readText(file: Uint8Array, keyword: string): string | undefined {
  const jpeg = splitJpeg(file);
  if (!jpeg) return readPngText(file, keyword);
  const { marker, prefix } = placeOf(keyword);
  for (const segment of jpeg.segments) {
    if (segment.marker !== marker) continue;
    const text = new TextDecoder().decode(segment.body);
    if (text.startsWith(prefix)) return text.slice(prefix.length);
  }
  return undefined;
}

function segmentOf({ keyword, text }: FileText): Uint8Array {
  const { marker, prefix } = placeOf(keyword);
  const body = new TextEncoder().encode(prefix + text);
  if (body.length > MAX_BYTES) throw new InputError(`a text of ${body.length} bytes is too long for a JPEG file`);
  return jpegSegment(marker, body);
}

const placeOf = (keyword: string): { readonly marker: number; readonly prefix: string } =>
  keyword === XMP_KEYWORD ? { marker: APP1, prefix: XMP_PREFIX } : { marker: COMMENT, prefix: `${keyword} ` };
