import type { Encoder } from '../../encoder/encoder.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { checkFindings, FINDINGS_SCHEMA, type Findings } from '../findings.ts';
import { type AuditRecord, auditProvenance } from '../provenance.ts';
import type { AuditFace } from '../subjects.ts';
import type { LivenessMeasurements } from './context.ts';
import type { LivenessPerson } from './liveness-person.ts';

/** What ran. */
export interface LivenessRecord
  extends Omit<AuditRecord, 'target' | 'judges' | 'attacked' | 'calibration' | 'auxiliary'> {
  /** Hash of the verification, the network, or the endpoint’s address. */
  readonly targetHash: string;
  readonly matchers: readonly Pick<Encoder, 'id' | 'hash'>[];
  readonly people: { readonly calibration: readonly LivenessPerson[]; readonly test: readonly LivenessPerson[] };
  readonly thresholds: readonly Threshold[];
  /** Requests that were sent; 0 where nothing was. */
  readonly queries: number;
  /** What a reader must know, a sentence each: what stood for people, which species could not be presented and why. */
  readonly notes: readonly string[];
}

/** The findings of a liveness audit, checked against the schema. */
export function livenessFindings(measured: LivenessMeasurements, record: LivenessRecord): Findings {
  const { decision } = measured;
  return checkFindings({
    schema: FINDINGS_SCHEMA,
    audit: 'liveness',
    verdict: decision.verdict,
    sentence: decision.sentence,
    threatCard: threatCard(measured, record),
    rates: [...measured.rates],
    controls: [...measured.controls],
    curves: [],
    people: [],
    selfTests: [...measured.selfTests],
    species: [...measured.species],
    arrangements: [...measured.arrangements],
    ...(measured.cheapest === undefined ? {} : { cheapest: measured.cheapest }),
    costs: [],
    quality: [],
    provenance: provenanceOf(measured, record),
  } satisfies Findings);
}

function threatCard(measured: LivenessMeasurements, record: LivenessRecord): Findings['threatCard'] {
  const { people, ownership } = record;
  const photos = people.test.reduce((sum, { others }) => sum + others.length, 0);
  return {
    target: measured.target,
    attacker: 'Somebody who has photos of a person, and wants to be let in as that person.',
    knows: [
      'photos of the person, other than the enrolled one',
      'what a session asks for, when it asks: who drives a face live does it, with a person’s delay',
      'for replays: a recording of the person from another session',
      ...record.notes,
      ...(ownership ? [`this audit was allowed: ${ownership}`] : []),
    ],
    access: 'black-box',
    accessReason: 'An attacker stands before the camera or takes its place, and learns no more than whether he passed.',
    queries: record.queries,
    auxiliary: {
      description: `${record.dataset.name}: photos of the people who are attacked`,
      ...{ people: people.test.length, images: photos, pairs: 0 },
    },
    peopleOverlap: 0,
    computeSeconds: record.seconds,
    device: record.device,
  };
}

function provenanceOf(measured: LivenessMeasurements, record: LivenessRecord): Findings['provenance'] {
  const attacked = record.people.test.flatMap(facesOf);
  return auditProvenance(
    {
      ...record,
      target: { id: measured.target, hash: record.targetHash },
      judges: record.matchers,
      ...{ attacked, calibration: record.people.calibration.flatMap(facesOf), auxiliary: [] },
    },
    {
      used: attacked,
      thresholds: record.thresholds,
      intervals: 'Clopper-Pearson, of attempts taken as independent',
    },
  );
}

const facesOf = ({ person, enrolled, others }: LivenessPerson): AuditFace[] =>
  [enrolled, ...others].map(({ image }, i) => ({ id: `${person} ${i}`, person, image }));
