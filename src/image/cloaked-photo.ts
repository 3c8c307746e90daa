import { type FileText, insertTexts, readText } from './file-text.ts';
import type { Image } from './image.ts';
import { encodeMarked, type Provenance } from './mark.ts';
import { encodeWritten, type WrittenFormat } from './written-format.ts';

/** How a photo was protected; travels inside its file, and holds nothing of its owner. */
export interface CloakProvenance {
  /** Encoders that the cloak was made with, by id and hash. */
  readonly encoders: readonly { readonly id: string; readonly hash: string }[];
  readonly dssim: number;
  readonly faceward: string;
}

const KEYWORD = 'faceward-cloak';
const SCHEMA = 'faceward.cloak/1';

/**
 * Writes a photo whose faces are cloaked: a JPEG of quality 95 with full chroma, or a PNG; without the metadata of the original, upright, and with its provenance as a
 * comment (JPEG) or text entry (PNG). There is no visible band: it is its owner's own photo.
 *
 * @param original - what the photo said of itself, where it was synthetic: then it stays marked.
 * @throws ShapeError where the image's bytes do not fit its size.
 */
export async function encodeCloakedPhoto(
  image: Image,
  format: WrittenFormat,
  provenance: CloakProvenance,
  original?: Provenance,
): Promise<Uint8Array> {
  if (original) {
    const extent = original.kind === 'edited' ? 'photo' : 'face';
    return encodeMarked(image, original, { format, extent, texts: [cloakText(provenance)] });
  }
  return insertTexts(await encodeWritten(image, format), [cloakText(provenance)]);
}

/** The entry that says how a photo was cloaked, for files that hold other entries beside it. */
export const cloakText = (provenance: CloakProvenance): FileText => ({
  keyword: KEYWORD,
  text: JSON.stringify({ schema: SCHEMA, ...provenance }),
});

/** The provenance that {@link encodeCloakedPhoto} wrote; undefined for any other file, or where it is damaged: it only says which encoders are not independent. */
export function readCloakProvenance(bytes: Uint8Array): CloakProvenance | undefined {
  try {
    const text = readText(bytes, KEYWORD);
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
