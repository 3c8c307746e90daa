import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import { toPlanar } from '../../image/tensor.ts';
import { psnr, ssim } from '../../metric/image-quality.ts';
import { clusterRate } from '../../metric/intervals.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { Random } from '../../util/random.ts';
import type { Leakage, Quality, Rate, Recognition } from '../findings.ts';
import type { AttributeFace } from './faces.ts';
import { type Attributes, type LeakageOrigin, labelsOf, leakageRows, namesOf, type ReadSide } from './leakage.ts';
import { type ReadingOptions, type Readings, readAttributes, type Source } from './reading.ts';
import { recognitionRows, templates } from './recognition.ts';
import type { Sides } from './sides.ts';

/** How a protection is called in rows. */
export const PROTECTED = 'protected photos';

/** The protected photos, read as the originals were; a side may be empty. */
export interface ProtectedFaces extends Sides {
  /** The test people's protected photos after each transformation, by its words: what survives an upload, and what an attacker may do first. */
  readonly transformed: ReadonlyMap<string, readonly AttributeFace[]>;
}

/** Fewest protected faces of training people on which an attacker is trained anew. */
const FEWEST_TO_LEARN_FROM = 30;

/** The sets of protected faces that an attack reads, by the names of its readings. */
export const protectedSets = ({ test, transformed }: ProtectedFaces): Record<string, readonly AttributeFace[]> => ({
  [AS_IT_IS]: test,
  ...Object.fromEntries([...transformed].map(([words, faces]) => [`${PROTECTED}, ${words}`, faces])),
});

const AS_IT_IS = `${PROTECTED}, as they are`;

/** What stands in every row of an attack on protected photos, and whose scores fix its rules. */
interface ProtectedReading {
  readonly origin: Pick<LeakageOrigin, 'source' | 'target' | 'attack' | 'adaptive'>;
  readonly calibration: ReadSide;
}

/** Rows of an attack that read {@link protectedSets}: as they are, by subgroup; and after each transformation. */
export function protectedRows(
  { origin, calibration }: ProtectedReading,
  read: Readings<string>,
  { test, transformed }: ProtectedFaces,
  options: { readonly attributes: Attributes; readonly random: Random },
): Leakage[] {
  const { asked } = options.attributes;
  const plain = { faces: test, scores: read[AS_IT_IS] ?? [] };
  const own = { ...origin, protection: PROTECTED };
  return [
    ...leakageRows(calibration, plain, { ...own, transformation: null }, { ...options, parts: 'subgroups' }),
    ...[...transformed].flatMap(([words, faces]) =>
      leakageRows(
        calibration,
        { faces, scores: read[`${PROTECTED}, ${words}`] ?? [] },
        { ...own, transformation: words },
        { ...options, attributes: { asked, others: [] }, parts: 'all' },
      ),
    ),
  ];
}

/** Trains an attack anew on protected photos of training people, whose attributes it knows, and has it read those of the test people; none where there are too few. */
export async function adaptiveLeakage(
  attack: AttributeAttack,
  source: Source,
  protectedFaces: ProtectedFaces,
  options: ReadingOptions & { readonly attributes: Attributes; readonly random: Random },
): Promise<Leakage[]> {
  if (!canAdapt(protectedFaces)) return [];
  const { train, calibration } = protectedFaces;
  const read = await readAttributes<string>(
    attack,
    source,
    { faces: train, labels: labelsOf(train, namesOf(options.attributes)) },
    { calibration, ...protectedSets(protectedFaces) },
    { ...options, key: 'learning from protected photos' },
  );
  return protectedRows(
    {
      origin: { source: source.kind, target: source.target, attack: attack.name, adaptive: true },
      calibration: { faces: calibration, scores: read.calibration ?? [] },
    },
    read,
    protectedFaces,
    options,
  );
}

/** Whether attackers can be trained on protected photos. */
const canAdapt = ({ train, calibration }: Sides): boolean =>
  train.length >= FEWEST_TO_LEARN_FROM && calibration.length >= FEWEST_TO_LEARN_FROM;

/** How well people are still recognised by one encoder: protected with original, protected with protected, and after each transformation. */
export function protectedRecognition(
  encoder: { readonly id: string; readonly index: number },
  originals: Sides,
  protectedFaces: ProtectedFaces,
  { threshold, random }: { readonly threshold: Threshold; readonly random: Random },
): Recognition[] {
  const { id: target, index } = encoder;
  const references = templates(originals.test, index);
  const changed = templates(protectedFaces.test, index);
  const compare = (comparison: string, probes: typeof changed, others: typeof changed): Recognition[] =>
    recognitionRows(probes, others, {
      threshold,
      origin: { target, comparison, transformation: null },
      parts: 'subgroups',
      random,
    });
  return [
    ...compare('protected with original', changed, references),
    ...compare('protected with protected', changed, changed),
    ...[...protectedFaces.transformed].flatMap(([words, faces]) =>
      recognitionRows(templates(faces, index), references, {
        threshold,
        origin: { target, comparison: 'protected with original', transformation: words },
        parts: 'all',
        random,
      }),
    ),
  ];
}

/** In how many protected photos a face is still found, as they are and after each transformation; nothing is said of aligned photos, where none is looked for. */
export function foundRates({ test, transformed }: ProtectedFaces, random: Random): Rate[] {
  const searched = [['as it is', test] as const, ...transformed].map(
    ([words, faces]) => [words, faces.filter(({ place }) => place !== 'canonical')] as const,
  );
  return searched.flatMap(([words, faces]) =>
    faces.length === 0
      ? []
      : [
          {
            name: 'face still found',
            attack: `${PROTECTED}, ${words}`,
            target: 'detector',
            judge: 'detector',
            fmr: null,
            ...clusterRate(
              [...Map.groupBy(faces, ({ person }) => person).values()].map((own) => own.map(({ isFound }) => isFound)),
              { random: random.fork(`found, ${words}`) },
            ),
          },
        ],
  );
}

/** How alike the protected portraits are to the originals, of the faces that are in both. */
export function protectedQuality(originals: readonly AttributeFace[], changed: readonly AttributeFace[]): Quality[] {
  const byId = new Map(originals.map((face) => [face.id, face]));
  const pairs = changed.flatMap((face) => {
    const original = byId.get(face.id);
    return original ? [[toPlanar([original.portrait]), toPlanar([face.portrait]), face.portrait] as const] : [];
  });
  if (pairs.length === 0) return [];
  const row = (measure: string, unit: string, values: readonly number[]): Quality => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { attack: PROTECTED, measure, unit, mean, deviation: Math.sqrt(variance), images: values.length };
  };
  return [
    // Where nothing was changed there is no noise at all: 100 dB stands for that.
    row(
      'PSNR',
      'dB',
      pairs.map(([a, b]) => Math.min(100, psnr(a, b))),
    ),
    row(
      'SSIM',
      '',
      pairs.map(([a, b, size]) => ssim(a, b, size)),
    ),
  ];
}
