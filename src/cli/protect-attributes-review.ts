import { join } from 'node:path';
import type { FailedPhoto, ReceiptFace } from '../audit/protection/receipt.ts';
import type { Box } from '../face/face.ts';
import { decodeImage } from '../image/decode.ts';
import { encodePng } from '../image/encode.ts';
import type { Image } from '../image/image.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import { warpAffine } from '../image/warp.ts';
import { type ReviewedFace, type ReviewedPhoto, renderReview } from '../report/review-page.ts';
import { writeWhole } from './output-file.ts';
import type { ProtectedPhoto } from './protect-attributes-run.ts';

/** Side of a face on the sheet, and how much of its surroundings is on it, as a share of the box. */
const SHOWN_PX = 96;
const MARGIN = 0.25;

/** Writes the sheet of a batch into a folder. @returns its path. */
export async function writeReviewSheet(
  photos: readonly ProtectedPhoto[],
  { folder, failed }: { readonly folder: string; readonly failed: readonly FailedPhoto[] },
): Promise<string> {
  const reviewed: ReviewedPhoto[] = [];
  for (const photo of photos) reviewed.push(await reviewPhoto(photo));
  const path = join(folder, 'review.html');
  await writeWhole(path, renderReview(reviewed, failed), { mode: 0o600 });
  return path;
}

async function reviewPhoto({ original, output, receipt }: ProtectedPhoto): Promise<ReviewedPhoto> {
  const { faces, review, input, sentence } = receipt;
  const possible = review?.possible ?? [];
  if (faces.length + possible.length === 0) return { name: input.name, sentence, faces: [], possible: [] };
  const { image: before } = await decodeImage(original);
  const { image: after } = await decodeImage(output.photo);
  const pictures = async (box: Box, isMade: boolean): Promise<Pick<ReviewedFace, 'before' | 'after' | 'isMade'>> => ({
    before: dataUri(await encodePng(cut(before, box))),
    after: dataUri(
      isMade
        ? await encodeMarkedPng(cut(after, box), { kind: 'edited', method: 'attributes' })
        : await encodePng(cut(after, box)),
    ),
    isMade,
  });
  const shown: ReviewedFace[] = [];
  for (const [i, face] of faces.entries()) {
    const reasons = review?.belowQuality.find((one) => one.face === i)?.reasons ?? [];
    shown.push({
      title: face.person ?? `Face ${i + 1}`,
      ...(await pictures(face.box, face.attributes !== undefined)),
      notes: [...reasons, ...notesOf(face)],
    });
  }
  const unsure: ReviewedFace[] = [];
  for (const { box, confidence, covered } of possible) {
    unsure.push({
      title: `confidence ${confidence.toFixed(2)}`,
      ...(await pictures(box, false)),
      notes: [covered ? 'covered' : 'left alone'],
    });
  }
  return { name: input.name, sentence, faces: shown, possible: unsure };
}

function notesOf({ action, attributes, hidden }: ReceiptFace): string[] {
  if (hidden) return [hidden.cover === 'blur' ? 'blurred' : 'covered'];
  if (!attributes) return action === undefined ? [] : [action];
  const missed = attributes.goals.filter(({ role, outcome }) => role === 'hidden' && outcome !== 'reached');
  return [
    `strength ${attributes.strength.toFixed(2)}`,
    ...missed.map(({ attribute, outcome }) =>
      outcome === 'not-within-budget' ? `${attribute}: not within the budget` : `${attribute}: edit too weak`,
    ),
  ];
}

/** The face with a margin, as a square of {@link SHOWN_PX}. */
function cut(image: Image, { x, y, width, height }: Box): Image {
  const side = (1 + 2 * MARGIN) * Math.max(width, height);
  const step = side / SHOWN_PX;
  const [left, top] = [x + (width - side) / 2, y + (height - side) / 2];
  return warpAffine(image, [step, 0, left + step / 2, 0, step, top + step / 2], {
    widthPx: SHOWN_PX,
    heightPx: SHOWN_PX,
  });
}

const dataUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
