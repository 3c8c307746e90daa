import { crc32 } from 'node:zlib';
import { InputError } from '../util/errors.ts';

/** One text entry of a PNG file (iTXt, UTF-8, not compressed). */
export interface PngText {
  readonly keyword: string;
  readonly text: string;
}

const SIGNATURE_BYTES = 8;
const IHDR_BYTES = 25;

/** Adds iTXt chunks right behind the header of a PNG file. Source: PNG specification (third edition), 11.3.3.4. */
export function insertPngTexts(png: Uint8Array, texts: readonly PngText[]): Uint8Array {
  const head = SIGNATURE_BYTES + IHDR_BYTES;
  return Buffer.concat([png.subarray(0, head), ...texts.map(textChunk), png.subarray(head)]);
}

/**
 * The text of the first uncompressed iTXt chunk called `keyword`; undefined where there is none or the file is no PNG.
 *
 * @throws InputError where that chunk's checksum is wrong.
 */
export function readPngText(png: Uint8Array, keyword: string): string | undefined {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (bytes.toString('latin1', 0, SIGNATURE_BYTES) !== '\x89PNG\r\n\x1a\n') return undefined;
  const wanted = Buffer.from(`${keyword}\0\0\0`, 'latin1');
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) return undefined;
    const body = bytes.subarray(at + 8, end);
    if (bytes.toString('latin1', at + 4, at + 8) !== 'iTXt' || !body.subarray(0, wanted.length).equals(wanted))
      continue;
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) {
      throw new InputError(`the PNG's "${keyword}" entry is damaged`, { hint: 'take the file again from its source' });
    }
    const language = body.indexOf(0, wanted.length);
    const translated = body.indexOf(0, language + 1);
    return language < 0 || translated < 0 ? undefined : body.toString('utf8', translated + 1);
  }
  return undefined;
}

function textChunk({ keyword, text }: PngText): Buffer {
  // Keyword, compression flag and method 0, then no language and no translated keyword.
  const typed = Buffer.from(`iTXt${keyword}\0\0\0\0\0${text}`, 'utf8');
  const out = Buffer.alloc(typed.length + 8);
  out.writeUInt32BE(typed.length - 4, 0);
  typed.copy(out, 4);
  out.writeUInt32BE(crc32(typed), typed.length + 4);
  return out;
}
