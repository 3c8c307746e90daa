import { InputError } from '../util/errors.ts';
import type { Image } from './image.ts';

/** What a PGM or PPM file says of itself before its pixels. */
export interface PnmHeader {
  readonly widthPx: number;
  readonly heightPx: number;
  /** 1 for PGM (grey), 3 for PPM (RGB). */
  readonly channels: 1 | 3;
  /** The sample value that stands for white, 1..65535; above 255 each sample takes two bytes, the high one first. */
  readonly maxValue: number;
  /** Whether samples are decimal text (P2, P3) instead of bytes (P5, P6). */
  readonly text: boolean;
  /** Where the pixels start. */
  readonly offset: number;
}

const HINT = 'export the picture again as PGM, PPM or PNG';

/**
 * Reads the header of a PGM or PPM file (magic numbers P2, P3, P5 and P6), comments included.
 *
 * @param name - the file's name, for errors.
 * @throws InputError where it is malformed.
 * Source: the Netpbm format documents, pgm(5) and ppm(5).
 */
export function readPnmHeader(bytes: Uint8Array, name: string): PnmHeader {
  const magic = String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0);
  const reader = new NumberReader(bytes, 2);
  const widthPx = reader.next();
  const heightPx = reader.next();
  const maxValue = reader.next();
  if (!widthPx || !heightPx || !maxValue || maxValue > 65535) {
    throw new InputError(`${name}: its ${magic} header is damaged`, { hint: HINT });
  }
  const channels = magic === 'P3' || magic === 'P6' ? 3 : 1;
  // Exactly one white-space byte parts the header from the pixels.
  return { widthPx, heightPx, channels, maxValue, text: magic === 'P2' || magic === 'P3', offset: reader.position + 1 };
}

/**
 * Decodes the pixels behind `header`; grey becomes three equal channels, and `maxValue` becomes 255.
 *
 * @throws InputError where samples are missing or above `maxValue`.
 */
export function decodePnm(bytes: Uint8Array, header: PnmHeader, name: string): Image {
  const { widthPx, heightPx, channels, maxValue } = header;
  const samples = readSamples(bytes, header, name);
  const data = new Uint8Array(3 * widthPx * heightPx);
  const scale = 255 / maxValue;
  for (let i = 0; i < data.length; i++) {
    const sample = samples[channels === 3 ? i : (i / 3) | 0] ?? 0;
    if (sample > maxValue)
      throw new InputError(`${name}: a sample of ${sample} is above its maximum of ${maxValue}`, { hint: HINT });
    data[i] = Math.round(sample * scale);
  }
  return { widthPx, heightPx, data };
}

function readSamples(bytes: Uint8Array, header: PnmHeader, name: string): Uint8Array | Uint16Array {
  const count = header.widthPx * header.heightPx * header.channels;
  const bytesPerSample = header.text ? 2 : header.maxValue > 255 ? 2 : 1;
  // Text needs at least a digit and a space for each sample but the last.
  const needed = header.text ? 2 * count - 1 : bytesPerSample * count;
  if (bytes.length - header.offset < needed) throw truncated(name);
  if (bytesPerSample === 1) return bytes.subarray(header.offset, header.offset + count);
  const samples = new Uint16Array(count);
  const reader = new NumberReader(bytes, header.offset);
  for (let i = 0; i < count; i++) {
    const at = header.offset + 2 * i;
    const sample = header.text ? reader.next() : ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (sample === undefined) throw truncated(name);
    samples[i] = Math.min(sample, 65535);
  }
  return samples;
}

function truncated(name: string): InputError {
  return new InputError(`${name}: truncated PGM or PPM file, pixels are missing`, { hint: HINT });
}

/** Reads decimal numbers parted by white space and `#` comments. */
class NumberReader {
  readonly #bytes: Uint8Array;
  /** The byte after the number read last. */
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  /** The next number, at most nine digits; undefined where there is none. */
  next(): number | undefined {
    this.#skipSpace();
    const start = this.position;
    let value = 0;
    for (; this.position - start < 9; this.position++) {
      const digit = (this.#bytes[this.position] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      value = 10 * value + digit;
    }
    return this.position > start ? value : undefined;
  }

  #skipSpace(): void {
    let comment = false;
    for (; this.position < this.#bytes.length; this.position++) {
      const byte = this.#bytes[this.position];
      if (byte === 35) comment = true;
      else if (byte === 10 || byte === 13) comment = false;
      else if (!comment && byte !== 32 && byte !== 9 && byte !== 11 && byte !== 12) return;
    }
  }
}
