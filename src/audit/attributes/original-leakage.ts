import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import type { Random } from '../../util/random.ts';
import type { Leakage } from '../findings.ts';
import type { AttributeFace } from './faces.ts';
import { type Attributes, labelsOf, leakageRows, namesOf } from './leakage.ts';
import { type ProtectedFaces, protectedRows, protectedSets } from './protection.ts';
import { type ReadingOptions, readAttributes, type Source } from './reading.ts';
import type { Sides } from './sides.ts';

/** What one attack that learnt from original photos reads. */
export interface OriginalLeakage {
  /** Of original test photos, and of protected ones where there are any. */
  readonly leakage: Leakage[];
  /** Rows of the same test photos, as read the first time and again. */
  readonly copied: { readonly before: Leakage[]; readonly after: Leakage[] };
}

/** Trains an attack on original photos of training people, and has it read those of test people, copies of them, and protected ones. */
export async function originalLeakage(
  attack: AttributeAttack,
  source: Source,
  faces: {
    readonly sides: Sides;
    /** Test photos that were read again. */
    readonly copies: readonly AttributeFace[];
    readonly protectedFaces: ProtectedFaces | undefined;
  },
  options: ReadingOptions & { readonly attributes: Attributes; readonly random: Random },
): Promise<OriginalLeakage> {
  const { sides, copies, protectedFaces } = faces;
  const { attributes, random } = options;
  const ids = new Set(copies.map(({ id }) => id));
  const read = await readAttributes<string>(
    attack,
    source,
    { faces: sides.train, labels: labelsOf(sides.train, namesOf(attributes)) },
    {
      calibration: sides.calibration,
      test: sides.test,
      copies,
      ...(protectedFaces ? protectedSets(protectedFaces) : {}),
    },
    { ...options, key: 'learning from original photos' },
  );
  const calibration = { faces: sides.calibration, scores: read.calibration ?? [] };
  const origin = { source: source.kind, target: source.target, attack: attack.name, adaptive: false };
  const unprotected = { ...origin, protection: null, transformation: null };
  const test = sides.test.map((face, i) => ({ face, score: read.test?.[i] ?? new Float32Array() }));
  const first = test.filter(({ face }) => ids.has(face.id));
  const all = { attributes, parts: 'all', random } as const;
  return {
    leakage: [
      ...leakageRows(calibration, { faces: sides.test, scores: read.test ?? [] }, unprotected, {
        attributes,
        parts: 'subgroups',
        random,
      }),
      ...(protectedFaces ? protectedRows({ origin, calibration }, read, protectedFaces, options) : []),
    ],
    copied: {
      before: leakageRows(
        calibration,
        { faces: first.map(({ face }) => face), scores: first.map(({ score }) => score) },
        unprotected,
        all,
      ),
      after: leakageRows(calibration, { faces: copies, scores: read.copies ?? [] }, unprotected, all),
    },
  };
}
