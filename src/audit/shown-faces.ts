import type { Image } from '../image/image.ts';
import { encodeMarkedPng, type SyntheticKind } from '../image/mark.ts';
import { resizeImage } from '../image/resize.ts';
import type { ShownFace } from './findings.ts';

/** Width of a face in a report, in pixels. */
const SHOWN_PX = 96;

/** Faces shown at most. */
const SHOWN_FACES = 12;

/** A face that an attack made. */
export interface MadeFace {
  readonly person: string;
  readonly attack: string;
  readonly image: Image;
}

/** The first few faces as findings carry them: small, and marked as what they are. */
export async function showFaces(faces: readonly MadeFace[], kind: SyntheticKind): Promise<ShownFace[]> {
  const shown: ShownFace[] = [];
  for (const { person, attack, image } of faces.slice(0, SHOWN_FACES)) {
    const png = await encodeMarkedPng(resizeImage(image, SHOWN_PX, SHOWN_PX), { kind, method: attack });
    shown.push({ person, attack, reconstruction: `data:image/png;base64,${Buffer.from(png).toString('base64')}` });
  }
  return shown;
}
