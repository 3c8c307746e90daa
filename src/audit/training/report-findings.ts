import { checkFindings, FINDINGS_SCHEMA, type Findings } from '../findings.ts';
import { type AuditRecord, auditProvenance } from '../provenance.ts';
import { type MadeFace, showFaces } from '../shown-faces.ts';
import type { TrainingAuditOptions } from './context.ts';
import type { UnusableData } from './people.ts';
import type { TrainingMeasurements } from './run.ts';

/** What ran; the faces are those that were measured. */
export interface TrainingRecord
  extends Omit<AuditRecord, 'attacked' | 'calibration' | 'auxiliary' | 'dataset' | 'target' | 'judges'> {
  readonly audited: Pick<TrainingAuditOptions, 'model' | 'kind' | 'judges' | 'people' | 'strangers'>;
  /** Names of the data sets. */
  readonly names: { readonly training: string; readonly public: string; readonly heldOut?: string };
  /** Photos, people and classes that were left out, by the set they are of. */
  readonly leftOut: Readonly<Record<'training' | 'public' | 'heldOut', readonly UnusableData[]>>;
  /** What a reader must know of the public people, one clause each. */
  readonly publicNotes: readonly string[];
  readonly showFaces: boolean;
}

/** The findings of an audit of a trained model, checked against the schema. */
export async function trainingFindings(measured: TrainingMeasurements, record: TrainingRecord): Promise<Findings> {
  const { decision } = measured;
  return checkFindings({
    schema: FINDINGS_SCHEMA,
    audit: 'training',
    verdict: decision.verdict,
    sentence: decision.sentence,
    threatCard: threatCard(measured, record),
    rates: measured.rates,
    controls: measured.controls,
    curves: [...measured.curves],
    people: [],
    selfTests: [...measured.selfTests],
    recognition: measured.recognition,
    likeness: measured.likeness,
    membership: [...measured.membership],
    costs: [],
    quality: [...measured.quality],
    provenance: provenanceOf(measured, record),
    ...(record.showFaces ? { faces: await showFaces(shownOf(measured), 'reconstructed') } : {}),
  } satisfies Findings);
}

function provenanceOf(measured: TrainingMeasurements, record: TrainingRecord): Findings['provenance'] {
  const { audited, names, leftOut } = record;
  const heldOut = audited.people.flatMap((person) => person.heldOut);
  const attacked = measured.attackedPeople.flatMap(({ faces }) => faces);
  const common = {
    ...{ ...record, target: audited.model, judges: audited.judges },
    ...{ attacked, calibration: [], auxiliary: [] },
    dataset: { name: names.training, rejected: leftOut.training.length },
  };
  const { data, ...provenance } = auditProvenance(common, {
    used: attacked,
    thresholds: measured.thresholds,
    further: [
      {
        ...{ role: 'training, all people of the audit', name: names.training, leftOut: reasons(leftOut.training) },
        faces: audited.people.flatMap(({ faces }) => faces),
      },
      ...(measured.comparedStrangers.length > 0
        ? [
            {
              ...{ role: 'gallery, people not trained on', name: names.public },
              faces: measured.comparedStrangers.flatMap(({ faces }) => faces),
            },
          ]
        : []),
      { role: 'auxiliary', name: names.public, faces: audited.strangers, leftOut: reasons(leftOut.public) },
      ...(heldOut.length > 0
        ? [{ role: 'held out', name: names.heldOut ?? '', faces: heldOut, leftOut: reasons(leftOut.heldOut) }]
        : []),
    ],
    intervals: 'bootstrap over people; of shares no narrower than Wilson’s',
  });
  return { ...provenance, data };
}

const reasons = (leftOut: readonly UnusableData[]) => leftOut.map(({ name, reason }) => ({ id: name, reason }));

function threatCard(measured: TrainingMeasurements, record: TrainingRecord): Findings['threatCard'] {
  const { audited } = record;
  const access = new Set(measured.attacks.map((attack) => attack.access));
  return {
    target: audited.model.id,
    attacker:
      'Somebody who got hold of the trained model, and wants to know whom it was trained on and what they look like.',
    knows: knowledge(measured, record),
    access: access.size > 1 ? 'both' : access.has('white-box') ? 'white-box' : 'black-box',
    accessReason: [
      access.has('white-box')
        ? 'Whoever deploys a model hands out its weights; the label-only attack shows what remains where it is behind an interface.'
        : 'The attacks that ran ask for labels alone.',
      ...(measured.notMeasured.length > 0 ? [`Not measured: ${measured.notMeasured.join('; ')}.`] : []),
    ].join(' '),
    queries: measured.queries,
    auxiliary: {
      description: [`${record.names.public}, people whom the model was not trained on`, ...record.publicNotes].join(
        '; ',
      ),
      people: new Set(audited.strangers.map(({ person }) => person)).size,
      images: audited.strangers.length,
      pairs: 0,
    },
    peopleOverlap: 0,
    computeSeconds: record.seconds,
    device: record.device,
  };
}

function knowledge(measured: TrainingMeasurements, { audited, ownership }: TrainingRecord): string[] {
  const attacks = new Set(measured.attacks.map(({ access }) => access));
  return [
    ...(attacks.has('white-box') ? ['the model’s architecture and weights'] : []),
    ...(attacks.has('label-only') ? ['the model’s interface: an image in, a label out'] : []),
    audited.kind === 'classifier'
      ? 'which of the model’s answers is which person'
      : `the mean embedding of each person, of ${measured.centrePhotos} photos at most, granted to him as a classifier’s last weights would be; a deployed encoder does not hold it, and what can be had of it can be had of strangers’ too, so that these are compared by as many photos`,
    'a generator of faces; what it knows of these people from its own training, and not of those whom they are compared with, counts as the model’s, and files alone do not tell whom it knows',
    ...(measured.membership.length > 0
      ? ['for membership: the photo in question, its label, and judges that have seen neither kind of photo']
      : []),
    ...(measured.curves.length > 0
      ? ['for linkage: faces behind the model’s front, and of public people pairs of such a face and an open template']
      : []),
    ...(measured.quality.length > 0
      ? ['for recovery: of public people faces, and what the model’s front makes of them']
      : []),
    ...(ownership ? [`this audit was allowed: ${ownership}`] : []),
  ];
}

/** What the first attack made, once for each person. */
const shownOf = ({ made: [first], attackedPeople }: TrainingMeasurements): MadeFace[] =>
  attackedPeople.flatMap(({ person }, i) => {
    const image = first?.faces[i]?.[0];
    return first && image ? [{ person, attack: first.attack, image }] : [];
  });
