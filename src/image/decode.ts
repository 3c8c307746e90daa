import type { Metadata, Sharp } from 'sharp';
import { InputError } from '../util/errors.ts';
import { type ImageFormat, identifyFormat } from './format.ts';
import type { Image } from './image.ts';
import { readImageFile, requireByteLimit } from './image-file.ts';
import { decodePnm, readPnmHeader } from './pnm.ts';
import { sharp } from './vips.ts';

/** Bounds of {@link decodeImage}, and the name that its errors use. */
export interface DecodeOptions {
  /** What errors call the picture; default: its path, or "image of N bytes". */
  readonly name?: string;
  /** Largest file, default 64 MiB. */
  readonly maxBytes?: number;
  /** Most pixels as the header states them, default 100 million; checked before a pixel is decoded. */
  readonly maxPixels?: number;
}

/** A decoded picture, and what its file said of it. */
export interface DecodedImage {
  readonly image: Image;
  readonly format: ImageFormat;
  /** Width as stored, before the EXIF orientation is applied. */
  readonly originalWidthPx: number;
  readonly originalHeightPx: number;
  /** EXIF orientation 1..8 that the file carried; already applied to `image`. 1 where there is none. */
  readonly orientation: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_PIXELS = 100_000_000;
const DECODE_TIMEOUT_S = 120;
const DAMAGED_HINT = 'copy the file again from its source, or export the picture again as JPEG or PNG';

/**
 * Reads a picture (JPEG, PNG, WebP, AVIF, TIFF, GIF, PGM or PPM) as 8-bit sRGB.
 *
 * The EXIF orientation is applied; an ICC profile and CMYK are converted to sRGB (perceptual intent; CMYK without a profile
 * by libvips' own); 16-bit samples keep their high byte; grey becomes three equal channels; alpha is laid on white,
 * as a page would show it; of an animation or a document the first frame or page is read
 * (and need be whole in a GIF).
 *
 * @param source - a path or the file's bytes.
 * @throws InputError, with the name and a hint, for whatever cannot be read whole: missing, empty, truncated or damaged files,
 * other types (SVG, PDF, HEIC and others are refused by name), floating-point samples, and files beyond the limits. Nothing else is thrown.
 */
export async function decodeImage(source: string | Uint8Array, options: DecodeOptions = {}): Promise<DecodedImage> {
  const { maxBytes = DEFAULT_MAX_BYTES, maxPixels = DEFAULT_MAX_PIXELS } = options;
  const name = options.name ?? (typeof source === 'string' ? source : `image of ${source.length} bytes`);
  const bytes = typeof source === 'string' ? await readImageFile(source, name, maxBytes) : source;
  requireByteLimit(bytes.length, name, maxBytes);
  const format = requireFormat(bytes, name);
  if (format === 'pgm' || format === 'ppm') {
    const header = readPnmHeader(bytes, name);
    requirePixelLimit(header.widthPx, header.heightPx, name, maxPixels);
    const image = decodePnm(bytes, header, name);
    return { image, format, originalWidthPx: image.widthPx, originalHeightPx: image.heightPx, orientation: 1 };
  }
  const header = await readHeader(bytes, format, name);
  requirePixelLimit(header.width, header.height, name, maxPixels);
  requireSamples(header, name);
  const image = await decodePixels(bytes, header, format, name);
  return {
    image,
    format,
    originalWidthPx: header.width,
    originalHeightPx: header.height,
    orientation: validOrientation(header.orientation),
  };
}

/** A number beyond the eight that EXIF defines turns nothing, neither here nor in libvips. */
function validOrientation(stored = 1): number {
  return stored >= 1 && stored <= 8 ? stored : 1;
}

function requireFormat(bytes: Uint8Array, name: string): ImageFormat {
  const found = identifyFormat(bytes);
  if ('format' in found) return found.format;
  if ('refused' in found)
    throw new InputError(`${name}: this is ${found.refused}, which Faceward does not read`, { hint: found.hint });
  throw new InputError(`${name}: this is no picture in a format that Faceward reads`, {
    hint: 'give a JPEG, PNG, WebP, AVIF, TIFF, GIF, PGM or PPM file; the name does not matter, the content does',
  });
}

function requirePixelLimit(widthPx: number, heightPx: number, name: string, maxPixels: number): void {
  if (widthPx * heightPx > maxPixels) {
    throw new InputError(`${name}: ${widthPx}x${heightPx} px are more than the limit of ${maxPixels} pixels`, {
      hint: 'make the picture smaller',
    });
  }
}

/** Floating-point, 32-bit and multispectral samples have no agreed white: guessing one would change faces silently. */
function requireSamples(header: Metadata, name: string): void {
  const depthKnown = header.depth === 'uchar' || header.depth === 'ushort';
  const spaceKnown = ['srgb', 'rgb', 'rgb16', 'b-w', 'grey16', 'cmyk'].includes(header.space);
  if (depthKnown && spaceKnown) return;
  throw new InputError(
    `${name}: its samples (${header.depth}, ${header.space}) are not 8 or 16-bit RGB, grey or CMYK`,
    {
      hint: 'export it as 8-bit sRGB first',
    },
  );
}

async function readHeader(bytes: Uint8Array, format: ImageFormat, name: string): Promise<Metadata> {
  try {
    // No limit here: the size that is found is wanted for the message. Reading a header decodes no pixels.
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw unreadable(format, name, error);
  }
}

async function decodePixels(bytes: Uint8Array, header: Metadata, format: ImageFormat, name: string): Promise<Image> {
  const limitInputPixels = header.width * header.height;
  const decodeAt = async (failOn: 'error' | 'warning'): Promise<Image> => {
    const pipeline = toSrgb(sharp(bytes, { failOn, limitInputPixels }), header).timeout({ seconds: DECODE_TIMEOUT_S });
    const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
    return {
      widthPx: info.width,
      heightPx: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  };
  try {
    // At 'error' a JPEG with broken Huffman codes would decode to garbage, so warnings count too ...
    return await decodeAt('warning').catch((error) => {
      // ... except those that are common in photographs of some cameras and cost no pixel.
      if (!isHarmless(error)) throw error;
      return decodeAt('error');
    });
  } catch (error) {
    throw unreadable(format, name, error);
  }
}

function toSrgb(input: Sharp, header: Metadata): Sharp {
  const pipeline = input.autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb');
  // Sharp brings 16-bit RGB with a profile to Display P3 and leaves it there unless an output profile is named.
  return header.space === 'rgb16' && header.hasProfile ? pipeline.withIccProfile('srgb') : pipeline;
}

function isHarmless(error: unknown): boolean {
  const lines = messageLines(error);
  return lines.length > 0 && lines.every((line) => /extraneous bytes before marker|Invalid SOS parameters/.test(line));
}

function unreadable(format: ImageFormat, name: string, cause: unknown): InputError {
  const detail = messageLines(cause).at(-1);
  const reason = detail === undefined ? '' : ` (${detail})`;
  return new InputError(`${name}: truncated or damaged ${format.toUpperCase()} file${reason}`, {
    hint: DAMAGED_HINT,
    cause,
  });
}

/** The lines of libvips' message that say something: seeks that failed on the way, bare error numbers and sharp's opening do not. */
function messageLines(error: unknown): string[] {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .split('\n')
    .map((line) => line.replace(/^Input buffer (has corrupt header:|contains unsupported image format)/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('source: bad seek') && !/^[\s(]*[\d.]+\)?$/.test(line));
}
