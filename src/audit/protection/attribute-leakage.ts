import { alignedFace } from '../../encoder/aligned-face.ts';
import { alignmentMatrix } from '../../face/alignment.ts';
import type { AttributeReader } from '../../face/attribute-reader.ts';
import type { Face } from '../../face/face.ts';
import { moveFace } from '../../face/moved-face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import { isSameFace } from '../../face/suppression.ts';
import { surroundingsOf } from '../../face/surroundings.ts';
import type { Image } from '../../image/image.ts';
import { cropImage } from '../../image/resize.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { AttributeReading } from './attribute-receipt.ts';
import type { Transformation } from './transformations.ts';

/** A face whose attributes are read, and why each of them. */
export interface ReadFace {
  /** The photo as written. */
  readonly photo: Image;
  /** The same before it was changed, of the same size. */
  readonly clean: Image;
  readonly face: Face;
  /** Attributes by name. */
  readonly roles: ReadonlyMap<string, AttributeReading['role']>;
}

/** What is needed beside the face. */
export interface LeakageOptions extends JobOptions {
  readonly pipeline: FacePipeline;
  readonly transformations: readonly Transformation[];
}

/**
 * What judges read off a face before and after it was protected: found anew in the photo after each transformation, as an attacker would.
 *
 * @param judges - readers that the protection was not made with.
 */
export async function readLeakage(
  { photo, clean, face, roles }: ReadFace,
  judges: readonly AttributeReader[],
  { pipeline, transformations, ...job }: LeakageOptions,
): Promise<AttributeReading[]> {
  const region = surroundingsOf(face.box, photo);
  const placed = moveFace(face, { left: region.x, top: region.y });
  const [a, , , d] = alignmentMatrix(placed.landmarks);
  const before = await readAll(cropImage(clean, region), placed, judges);
  const cut = cropImage(photo, region);
  const readings: AttributeReading[] = [];
  for (const { name, apply } of transformations) {
    throwIfAborted(job);
    const image = await apply(cut, Math.hypot(a, d));
    const expected = moveFace(placed, { scale: image.widthPx / cut.widthPx });
    const found = (await pipeline.detect(image)).find(({ box }) => isSameFace(box, expected.box));
    const after = await readAll(image, found ?? expected, judges);
    judges.forEach((judge, j) => {
      for (const [attribute, role] of roles) {
        const at = judge.attributes.indexOf(attribute);
        const [was, is] = [before[j]?.[at], after[j]?.[at]];
        if (was === undefined || is === undefined) continue;
        readings.push({ attribute, role, judge: judge.id, transformation: name, before: was, after: is });
      }
    });
  }
  return readings;
}

/** Probabilities of each judge's attributes. */
async function readAll(image: Image, { landmarks }: Face, judges: readonly AttributeReader[]): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (const judge of judges) {
    const [logOdds = new Float32Array()] = await judge.read([alignedFace(image, landmarks, judge.view)]);
    rows.push(logOdds.map((value) => 1 / (1 + Math.exp(-value))));
  }
  return rows;
}
