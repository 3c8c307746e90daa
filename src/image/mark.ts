import { InputError } from '../util/errors.ts';
import { drawText, fillRectangle, GLYPH_HEIGHT, textWidth } from './bitmap-font.ts';
import { type FileText, insertTexts, readText, XMP_KEYWORD } from './file-text.ts';
import type { Image } from './image.ts';
import { requireImage } from './image-shape.ts';
import { encodeWritten, type WrittenFormat } from './written-format.ts';

/** How a synthetic face came to be. */
export type SyntheticKind = 'reconstructed' | 'generated' | 'edited' | 'animated';

/** Where a synthetic face comes from; travels inside its file. */
export interface Provenance {
  readonly kind: SyntheticKind;
  /** The method's name, such as "inverse-dcgan". */
  readonly method: string;
  /** What else a reader should know: model, encoder, seed. No personal data. */
  readonly detail?: string;
}

/** What a marked picture is: a face alone, or a whole photo with such faces in it, whose band is smaller. */
export type MarkedExtent = 'face' | 'photo';

/** The most of a picture's height that the band takes where its words could be smaller. */
const BAND_SHARE: Readonly<Record<MarkedExtent, number>> = { face: 1 / 8, photo: 1 / 40 };

/** Words for the band from the fullest on; the first that fits the width is drawn, each entry a line. */
const BAND_TEXTS: readonly ((kind: string) => readonly string[])[] = [
  (kind) => [`${kind} - FACEWARD`],
  (kind) => [kind, 'FACEWARD'],
  () => ['SYNTHETIC'],
  () => ['FAKE'],
];

const KINDS: readonly SyntheticKind[] = ['reconstructed', 'generated', 'edited', 'animated'];
/** Room for the shortest word and two pixels on either side. */
const MIN_SIZE_PX = 27;
const KEYWORD = 'faceward';
const SCHEMA = 'faceward.provenance/1';

/**
 * Draws the mark that every synthetic face carries: a black band at its lower edge with white text, such as "RECONSTRUCTED - FACEWARD".
 *
 * Where the text does not fit in one line it takes two, and below 81 px of width a shorter word stands. There is no option that leaves it out.
 *
 * @param extent - default 'face'.
 * @returns a copy; marking a marked image again changes nothing.
 * @throws InputError below 27x27 px, where no legible mark fits.
 */
export function markSynthetic(image: Image, provenance: Provenance, extent: MarkedExtent = 'face'): Image {
  requireImage(image);
  const { widthPx, heightPx } = image;
  const { lines, scale } = chooseBand(provenance.kind, image, BAND_SHARE[extent]);
  const marked = { widthPx, heightPx, data: image.data.slice() };
  const lineHeight = (GLYPH_HEIGHT + 1) * scale;
  const top = heightPx - lines.length * lineHeight - scale;
  fillRectangle(marked, 0, top, widthPx, heightPx - top, 0);
  lines.forEach((line, i) => {
    const x = Math.floor((widthPx - textWidth(line) * scale) / 2);
    drawText(marked, line, { x, y: top + scale + i * lineHeight, scale });
  });
  return marked;
}

/** {@link encodeMarked} of a face alone, as PNG. */
export const encodeMarkedPng = (image: Image, provenance: Provenance): Promise<Uint8Array> =>
  encodeMarked(image, provenance, { format: 'png', extent: 'face' });

/** How {@link encodeMarked} writes. */
export interface MarkedOptions {
  readonly format: WrittenFormat;
  readonly extent: MarkedExtent;
  /** Of a JPEG, 1..100; default 95. */
  readonly quality?: number;
  /** Further entries for the file. */
  readonly texts?: readonly FileText[];
}

/**
 * Writes a picture with synthetic faces, marked and with provenance: the one way by which such a face leaves the program.
 *
 * Beside the visible band the file carries an XMP packet with IPTC's DigitalSourceType and an entry "faceward" with the
 * provenance as JSON, which {@link readProvenance} reads.
 *
 * @throws InputError as {@link markSynthetic}.
 */
export async function encodeMarked(
  image: Image,
  provenance: Provenance,
  { format, extent, quality, texts = [] }: MarkedOptions,
): Promise<Uint8Array> {
  const { kind, method, detail } = provenance;
  const entry = JSON.stringify({ schema: SCHEMA, kind, method, ...(detail === undefined ? {} : { detail }) });
  return insertTexts(await encodeWritten(markSynthetic(image, provenance, extent), format, quality), [
    // IPTC's terms for what a model made, and for a photograph that a model changed in part.
    xmpText(kind === 'edited' ? 'compositeWithTrainedAlgorithmicMedia' : 'trainedAlgorithmicMedia'),
    { keyword: KEYWORD, text: entry },
    ...texts,
  ]);
}

/**
 * The provenance that {@link encodeMarked} wrote into a file; undefined for any other file.
 *
 * @throws InputError where the entry is there but damaged.
 */
export function readProvenance(bytes: Uint8Array): Provenance | undefined {
  const text = readText(bytes, KEYWORD);
  if (text === undefined) return undefined;
  const { schema, kind, method, detail } = parseObject(text);
  const known = KINDS.find((candidate) => candidate === kind);
  if (schema !== SCHEMA || known === undefined || typeof method !== 'string') throw damaged();
  return { kind: known, method, ...(typeof detail === 'string' ? { detail } : {}) };
}

/**
 * The provenance of a picture that is to be written again without its metadata: what it is and by which method, and nothing else, so that no text rides along.
 *
 * @throws InputError as {@link readProvenance}.
 */
export function carriedProvenance(bytes: Uint8Array): Provenance | undefined {
  const found = readProvenance(bytes);
  return found && { kind: found.kind, method: /^[a-z0-9-]{1,40}$/.test(found.method) ? found.method : 'unknown' };
}

function chooseBand(
  kind: SyntheticKind,
  { widthPx, heightPx }: Pick<Image, 'widthPx' | 'heightPx'>,
  share: number,
): { lines: readonly string[]; scale: number } {
  const candidates = BAND_TEXTS.map((text) => text(kind.toUpperCase())).map((lines) => ({
    lines,
    room: Math.floor((widthPx - 4) / Math.max(...lines.map(textWidth))),
    height: lines.length * (GLYPH_HEIGHT + 1) + 1,
  }));
  const best = candidates.find(({ room }) => room >= 1);
  if (!best || heightPx < MIN_SIZE_PX) {
    throw new InputError(`a synthetic face of ${widthPx}x${heightPx} px is too small for a legible mark`, {
      hint: `make it at least ${MIN_SIZE_PX}x${MIN_SIZE_PX} px`,
    });
  }
  // The band may grow with the picture.
  return { lines: best.lines, scale: Math.max(1, Math.min(best.room, Math.floor((heightPx * share) / best.height))) };
}

/**
 * An XMP packet that says how a picture came to be, and nothing else.
 *
 * @param term - of IPTC's vocabulary "Digital Source Type".
 */
export const xmpText = (term: string): FileText => ({
  keyword: XMP_KEYWORD,
  text: `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
      xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
      xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${term}"
      xmp:CreatorTool="Faceward"/>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`,
});

function parseObject(text: string): { schema?: unknown; kind?: unknown; method?: unknown; detail?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Falls through to the one error for both.
  }
  throw damaged();
}

function damaged(): InputError {
  return new InputError('the provenance of this picture is damaged', { hint: 'treat the picture as synthetic' });
}
