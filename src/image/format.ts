/** File formats that {@link ./decode.ts} reads. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff' | 'gif' | 'pgm' | 'ppm';

/** What the first bytes of a file say it is: a format we read, one that we know and refuse, or neither. */
export type Identification =
  | { readonly format: ImageFormat }
  | { readonly refused: string; readonly hint: string }
  | { readonly unknown: true };

const EXPORT_HINT = 'export it as JPEG or PNG first';
const NO_IMAGE_HINT = 'give a JPEG, PNG, WebP, AVIF, TIFF, GIF, PGM or PPM file';

/** Signatures as Latin-1 text at the start of the file. */
const READ: readonly (readonly [string, ImageFormat])[] = [
  ['\xff\xd8\xff', 'jpeg'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['GIF87a', 'gif'],
  ['GIF89a', 'gif'],
  ['II*\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['II+\0', 'tiff'],
  ['MM\0+', 'tiff'],
  ['P2', 'pgm'],
  ['P3', 'ppm'],
  ['P5', 'pgm'],
  ['P6', 'ppm'],
];

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['%PDF', 'a PDF document', 'export the page or the picture in it as JPEG or PNG first'],
  ['%!PS', 'a PostScript document', EXPORT_HINT],
  ['PK\x03\x04', 'a ZIP archive', 'unpack it first'],
  ['\x1f\x8b', 'a gzip archive', 'unpack it first'],
  ['Rar!', 'a RAR archive', 'unpack it first'],
  ['7z\xbc\xaf', 'a 7-Zip archive', 'unpack it first'],
  ['BM', 'a BMP picture', EXPORT_HINT],
  ['8BPS', 'a Photoshop document', EXPORT_HINT],
  ['\0\0\x01\0', 'a Windows icon', EXPORT_HINT],
  ['\xff\x0a', 'a JPEG XL picture', EXPORT_HINT],
  ['\0\0\0\x0cJXL ', 'a JPEG XL picture', EXPORT_HINT],
  ['\0\0\0\x0cjP  ', 'a JPEG 2000 picture', EXPORT_HINT],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 picture', EXPORT_HINT],
  ['P1', 'a PBM bitmap', EXPORT_HINT],
  ['P4', 'a PBM bitmap', EXPORT_HINT],
  ['P7', 'a PAM picture', EXPORT_HINT],
  ['\x1aE\xdf\xa3', 'a Matroska video', 'export its frames first'],
  ['\x7fELF', 'a program', NO_IMAGE_HINT],
  ['MZ', 'a program', NO_IMAGE_HINT],
];

/** Tells a file's format from its first bytes alone; its name is never asked. */
export function identifyFormat(bytes: Uint8Array): Identification {
  const head = latin1(bytes, 0, 1024);
  const read = READ.find(([signature]) => head.startsWith(signature));
  if (read) return { format: read[1] };
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return { format: 'webp' };
  if (head.slice(4, 8) === 'ftyp') return identifyBrands(bytes, head);
  if (isSvg(head)) {
    return { refused: 'an SVG drawing', hint: 'SVG can carry scripts and is no photograph; export it as PNG first' };
  }
  const refused = REFUSED.find(([signature]) => head.startsWith(signature));
  return refused ? { refused: refused[1], hint: refused[2] } : { unknown: true };
}

/** ISO base media files (AVIF, HEIC, MP4) differ only by the brands in their first box. */
function identifyBrands(bytes: Uint8Array, head: string): Identification {
  const boxSize = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const brands = head.slice(8, Math.min(boxSize, head.length)).match(/.{4}/gs) ?? [];
  const [major] = brands;
  // The second entry is the minor version, not a brand.
  const has = (...names: string[]) => brands.some((brand, i) => i !== 1 && names.includes(brand));
  if (major === 'avif' || major === 'avis') return { format: 'avif' };
  if (has('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx')) {
    return {
      refused: 'a HEIC picture',
      hint: 'HEIC needs a licensed codec; export it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)',
    };
  }
  if (has('avif', 'avis')) return { format: 'avif' };
  return { refused: 'a video or another ISO media file', hint: 'export its frames first' };
}

function isSvg(head: string): boolean {
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  return text.startsWith('<') && /<svg[\s>]|<!DOCTYPE svg/i.test(text);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Array.from(bytes.subarray(start, end), (byte) => String.fromCharCode(byte)).join('');
}
