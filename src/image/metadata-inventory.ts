import exifr from 'exifr';
import { StoreError } from '../util/errors.ts';
import { type JpegSegment, splitJpeg } from './jpeg-segments.ts';
import { sharp } from './vips.ts';

/** What a file can hold beside its pixels, as a receipt names it. */
export type MetadataKind =
  | 'EXIF'
  | 'GPS position'
  | 'thumbnail'
  | 'maker notes'
  | 'XMP'
  | 'IPTC'
  | 'colour profile'
  | 'comment'
  | 'text'
  | 'further images'
  | 'application data'
  | 'data behind the end of the picture';

/** Tells what a picture's file holds beside its pixels, each kind once; never what it says. Damaged blocks count as there. */
export async function listMetadata(bytes: Uint8Array): Promise<MetadataKind[]> {
  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  const kinds: MetadataKind[] = [
    ...(header?.exif ? (['EXIF', ...(await insideExif(header.exif))] as const) : []),
    ...(header?.xmp ? (['XMP'] as const) : []),
    ...(header?.iptc ? (['IPTC'] as const) : []),
    ...(header?.icc ? (['colour profile'] as const) : []),
    ...((header?.pages ?? 1) > 1 ? (['further images'] as const) : []),
    ...(splitJpeg(bytes) ? insideJpeg(bytes) : (insidePng(bytes) ?? insideRiff(bytes) ?? [])),
  ];
  return [...new Set(kinds)];
}

/**
 * Makes sure that a JPEG or PNG that we wrote holds nothing but its pixels and what they need, and the entries of Faceward: an allow-list of segments and chunks.
 *
 * @throws StoreError that names what else is in it.
 */
export function requireNothingElse(bytes: Uint8Array): void {
  const jpeg = splitJpeg(bytes);
  const strange = jpeg
    ? jpeg.segments.filter((segment) => !isAllowed(segment)).map(({ marker }) => `segment ${marker.toString(16)}`)
    : (chunksOf(bytes) ?? [{ type: 'no JPEG or PNG', body: bytes, endsAt: bytes.length }])
        .filter(({ type, body }) => !PNG_ALLOWED.has(type) && !(type === 'iTXt' && isOurs(textOf(body))))
        .map(({ type }) => type);
  const end = jpeg ? jpeg.endsAt : (chunksOf(bytes)?.at(-1)?.endsAt ?? bytes.length);
  if (end !== bytes.length) strange.push(`${bytes.length - end} bytes behind its end`);
  if (strange.length === 0) return;
  throw new StoreError(`the photo would hold more than its pixels (${strange.join(', ')}), so it was not written`);
}

const [APP0, APP1, APP2, APP13, APP14, APP15, COMMENT] = [0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xef, 0xfe];

/** Chunks that pixels need, and their density. Source: PNG specification (third edition), 11.2 and 11.3. */
const PNG_ALLOWED: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'pHYs', 'IDAT', 'IEND']);

/** Segments that only say how the pixels are coded: all that are neither application data nor comments. */
function isAllowed({ marker, body }: JpegSegment): boolean {
  const text = textOf(body);
  if (marker === APP0) return text.startsWith('JFIF\0') && body[12] === 0 && body[13] === 0;
  if (marker === APP1)
    return text.startsWith('http://ns.adobe.com/xap/') && text.includes('xmp:CreatorTool="Faceward"');
  if (marker === APP14) return text.startsWith('Adobe') && body.length === 12;
  if (marker === COMMENT) return isOurs(text);
  return marker < APP0 || marker > COMMENT;
}

const isOurs = (text: string): boolean =>
  text.startsWith('faceward') || (text.startsWith('XML:com.adobe.xmp') && text.includes('xmp:CreatorTool="Faceward"'));

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

async function insideExif(block: Buffer): Promise<MetadataKind[]> {
  const tiff = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  const kinds: MetadataKind[] = [];
  try {
    const tags: unknown = await exifr.parse(tiff, { gps: true, makerNote: true, ifd1: true, mergeOutput: false });
    const blocks = typeof tags === 'object' && tags !== null ? (tags as Readonly<Record<string, unknown>>) : {};
    if (blocks.gps !== undefined) kinds.push('GPS position');
    if (blocks.ifd1 !== undefined || blocks.thumbnail !== undefined) kinds.push('thumbnail');
    if (blocks.makerNote !== undefined) kinds.push('maker notes');
  } catch {
    // A damaged block is named as EXIF alone.
  }
  return kinds;
}

function insideJpeg(bytes: Uint8Array): MetadataKind[] {
  const jpeg = splitJpeg(bytes);
  const kinds = (jpeg?.segments ?? []).flatMap((segment) => kindOfSegment(segment));
  return jpeg && jpeg.endsAt < bytes.length ? [...kinds, 'data behind the end of the picture'] : kinds;
}

function kindOfSegment({ marker, body }: JpegSegment): MetadataKind[] {
  const text = Buffer.from(body.subarray(0, 40)).toString('latin1');
  if (marker === COMMENT) return ['comment'];
  if (marker === APP0) return text.startsWith('JFXX') || (body[12] ?? 0) > 0 ? ['thumbnail'] : [];
  if (marker === APP1) return text.startsWith('Exif') ? ['EXIF'] : ['XMP'];
  if (marker === APP2 && text.startsWith('MPF\0')) return ['further images'];
  if (marker === APP2 && text.startsWith('ICC_PROFILE')) return ['colour profile'];
  if (marker === APP13) return ['IPTC'];
  return marker > APP0 && marker <= APP15 && marker !== APP14 ? ['application data'] : [];
}

/** A chunk of a PNG. */
interface Chunk {
  readonly type: string;
  readonly body: Uint8Array;
  readonly endsAt: number;
}

/** The chunks of a PNG up to its end; undefined for any other file. */
function chunksOf(bytes: Uint8Array): Chunk[] | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined;
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const endsAt = at + 12 + length;
    chunks.push({ type, body: file.subarray(at + 8, at + 8 + length), endsAt });
    if (type === 'IEND') break;
    at = endsAt;
  }
  return chunks;
}

const PNG_KINDS: Readonly<Record<string, MetadataKind>> = {
  tEXt: 'text',
  zTXt: 'text',
  iTXt: 'text',
  tIME: 'text',
  eXIf: 'EXIF',
  iCCP: 'colour profile',
  acTL: 'further images',
  fcTL: 'further images',
  fdAT: 'further images',
};

/** Chunks that say how the pixels are to be shown. Source: PNG specification (third edition), 11.3.2 and 11.3.4. */
const PNG_SHOWN = new Set('cHRM gAMA sBIT sRGB cICP mDCV cLLI bKGD hIST sPLT'.split(' '));

/** The kind of a chunk; what no specification knows is somebody's own data, such as a C2PA manifest. */
const kindOfChunk = ({ type }: Chunk): readonly MetadataKind[] =>
  PNG_ALLOWED.has(type) || PNG_SHOWN.has(type) ? [] : [PNG_KINDS[type] ?? 'application data'];

function insidePng(bytes: Uint8Array): MetadataKind[] | undefined {
  const chunks = chunksOf(bytes);
  const kinds = chunks?.flatMap(kindOfChunk);
  return kinds && (chunks?.at(-1)?.endsAt ?? 0) < bytes.length
    ? [...kinds, 'data behind the end of the picture']
    : kinds;
}

/** WebP: the length in its head says where it ends. Source: RFC 9649, 2.4. */
function insideRiff(bytes: Uint8Array): MetadataKind[] | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  return file.readUInt32LE(4) + 8 < file.length ? ['data behind the end of the picture'] : [];
}
