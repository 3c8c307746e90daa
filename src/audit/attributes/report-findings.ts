import { checkFindings, FINDINGS_SCHEMA, type Findings } from '../findings.ts';
import { type AuditRecord, auditProvenance } from '../provenance.ts';
import type { AuditFace } from '../subjects.ts';
import type { AttributeFace } from './faces.ts';
import { projectionSides } from './projection.ts';
import type { AttributeMeasurements } from './run.ts';

/** What ran; the faces and what was left out are those that were measured. */
export type AttributeRecord = Omit<AuditRecord, 'attacked' | 'calibration' | 'auxiliary' | 'dataset'> & {
  readonly dataset: string;
  /** Name of the folder of protected photos, where there was one. */
  readonly protectedName?: string;
};

/** The findings of an audit of attributes, checked against the schema. */
export function attributeFindings(measured: AttributeMeasurements, record: AttributeRecord): Findings {
  const { sides, decision } = measured;
  const encoders = [record.target, ...record.judges];
  const train = facesOf(sides.train);
  const [people, images] = [new Set(train.map(({ person }) => person)).size, train.length];
  return checkFindings({
    schema: FINDINGS_SCHEMA,
    audit: 'attributes',
    verdict: decision.verdict,
    sentence: decision.sentence,
    threatCard: {
      target: record.target.id,
      attacker:
        record.protectedName === undefined
          ? 'Somebody who has templates or photos of people, and wants to know what nobody enrolled: their sex, their age, what they wear.'
          : 'Somebody who has protected photos of people, or their templates, and wants to know what the protection should hide.',
      knows: knowledge(record),
      access: 'black-box',
      accessReason: 'Templates and photos are read as they are: no attack here needs the encoder’s weights.',
      queries: encoders.reduce((sum, { queries }) => sum + queries, 0),
      auxiliary: {
        description: `${record.dataset}, people of the training side, with their attributes`,
        people,
        images,
        pairs: images,
      },
      peopleOverlap: 0,
      computeSeconds: record.seconds,
      device: record.device,
    },
    rates: measured.rates,
    controls: [],
    curves: [],
    people: [],
    selfTests: measured.selfTests,
    leakage: measured.leakage,
    recognition: measured.recognition,
    costs: measured.costs,
    quality: measured.quality,
    provenance: auditProvenance(
      {
        ...record,
        dataset: { name: record.dataset, rejected: measured.rejected },
        attacked: facesOf(sides.test),
        calibration: facesOf(sides.calibration),
        auxiliary: train,
      },
      {
        used: facesOf(sides.test),
        thresholds: measured.thresholds,
        further: [
          { role: PROJECTION_ROLE, name: record.dataset, faces: facesOf(projectionSides(sides.train).fitting) },
          ...protectedSets(measured, record),
        ],
        intervals: 'bootstrap over people; of shares no narrower than Wilson’s',
      },
    ),
  } satisfies Findings);
}

/** The people of the training side on whom projections were fitted; the others are those from whom attacks on projected templates learnt. */
const PROJECTION_ROLE = 'null-space projection';

/** The protected photos of each side, and whose is missing or unreadable. */
function protectedSets({ protectedPhotos: photos }: AttributeMeasurements, { protectedName: name }: AttributeRecord) {
  if (!photos || name === undefined) return [];
  return (['test', 'calibration', 'train'] as const).map((side) => ({
    role: `protected, ${side} people`,
    name,
    faces: facesOf(photos[side]),
    leftOut: photos.leftOut[side],
  }));
}

/** Faces as the provenance counts and hashes them: by their portraits. */
const facesOf = (faces: readonly AttributeFace[]): AuditFace[] =>
  faces.map(({ id, person, portrait }) => ({ id, person, image: portrait }));

function knowledge({ protectedName, ownership }: AttributeRecord): string[] {
  return [
    'templates and photos of other people, and their attributes',
    'which encoder made the templates, so that he can make such templates himself',
    ...(protectedName === undefined
      ? []
      : [
          'the protection, in the attacks that are called adaptive: he protects photos of other people and learns from them',
        ]),
    ...(ownership ? [`this audit was allowed: ${ownership}`] : []),
  ];
}
