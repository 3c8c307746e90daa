import { type CloakProvenance, cloakText } from './cloaked-photo.ts';
import { type FileText, insertTexts, readText } from './file-text.ts';
import type { Image } from './image.ts';
import { encodeMarked, type Provenance, xmpText } from './mark.ts';
import { requireNothingElse } from './metadata-inventory.ts';
import { encodeWritten, type WrittenFormat } from './written-format.ts';

/** What can be done to a face of a photo. */
export const FACE_ACTIONS = ['keep', 'attributes', 'cloak', 'hide'] as const;

export type FaceAction = (typeof FACE_ACTIONS)[number];

/** How the faces of a photo were protected; travels inside its file. Neither what was hidden is in it, nor by how much, nor any seed: it is published. */
export interface ProtectionProvenance {
  readonly faceward: string;
  /** What was done to at least one face, each once. */
  readonly actions: readonly FaceAction[];
  /** Where a face was cloaked. */
  readonly cloak?: CloakProvenance | undefined;
  /** What the original said of itself, where it was synthetic: it stays marked, whatever is done to it. */
  readonly original?: Provenance | undefined;
}

/** Keyword of the entry that every photo carries which went through `protect attributes`. */
const KEYWORD = 'faceward-protection';
const SCHEMA = 'faceward.protection/1';

/**
 * Writes a photo whose faces were protected, upright and in sRGB: with none of the original's metadata, and with its provenance.
 *
 * A photo with an edited face carries the mark: a small band at its lower edge, IPTC's DigitalSourceType "compositeWithTrainedAlgorithmicMedia" and the entry that
 * `readProvenance` reads; there is no option that leaves it out. An original that carries such a mark keeps what it says, and gets the band again. One with a covered face and no edited one is
 * called "humanEdits". What was written is read again: nothing but pixels and these entries is in it.
 *
 * @throws InputError where the photo is too small for the mark; ShapeError where the image's bytes do not fit its size.
 */
export async function encodeProtectedPhoto(
  image: Image,
  format: WrittenFormat,
  provenance: ProtectionProvenance,
): Promise<Uint8Array> {
  const { faceward, actions, cloak, original } = provenance;
  const texts: FileText[] = [
    { keyword: KEYWORD, text: JSON.stringify({ schema: SCHEMA, faceward, actions }) },
    ...(cloak ? [cloakText(cloak)] : []),
  ];
  const made: Provenance | undefined =
    original ??
    (actions.includes('attributes')
      ? { kind: 'edited', method: 'attributes', detail: `Faceward ${faceward}` }
      : undefined);
  const written = made
    ? // All but edited photos are synthetic faces alone, with the large band.
      await encodeMarked(image, made, { format, extent: made.kind === 'edited' ? 'photo' : 'face', texts })
    : insertTexts(await encodeWritten(image, format), [
        ...(actions.includes('hide') ? [xmpText('humanEdits')] : []),
        ...texts,
      ]);
  requireNothingElse(written);
  return written;
}

/** What {@link encodeProtectedPhoto} says was done to a photo; undefined for any other file. */
export function readProtection(bytes: Uint8Array): Pick<ProtectionProvenance, 'faceward' | 'actions'> | undefined {
  try {
    const value: unknown = JSON.parse(readText(bytes, KEYWORD) ?? 'null');
    if (typeof value !== 'object' || value === null) return undefined;
    const { schema, faceward, actions } = value as Readonly<Record<string, unknown>>;
    if (schema !== SCHEMA || typeof faceward !== 'string' || !Array.isArray(actions)) return undefined;
    return { faceward, actions: FACE_ACTIONS.filter((action) => actions.includes(action)) };
  } catch {
    return undefined;
  }
}
