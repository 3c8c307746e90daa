import { checkFindings, FINDINGS_SCHEMA, type Findings } from '../findings.ts';
import { type AuditRecord, auditProvenance } from '../provenance.ts';
import { type MadeFace, showFaces } from '../shown-faces.ts';
import type { InversionMeasurements } from './run.ts';

/** What the findings of an inversion audit need beside what was measured. */
export interface FindingsContext extends AuditRecord {
  readonly showFaces: boolean;
}

/** The findings of an inversion audit, checked against the schema. */
export async function inversionFindings(measured: InversionMeasurements, context: FindingsContext): Promise<Findings> {
  const { decision } = measured;
  return checkFindings({
    schema: FINDINGS_SCHEMA,
    audit: 'inversion',
    verdict: decision.verdict,
    sentence: decision.sentence,
    threatCard: threatCard(measured, context),
    rates: measured.rates,
    controls: decision.controls,
    curves: measured.curves,
    people: measured.people,
    costs: [],
    quality: measured.quality,
    provenance: auditProvenance(context, {
      used: measured.subjects.flatMap(({ template, others }) => [template, ...others]),
      thresholds: measured.thresholds,
    }),
    ...(context.showFaces ? { faces: await showFaces(shownOf(measured), 'reconstructed') } : {}),
  } satisfies Findings);
}

function threatCard(measured: InversionMeasurements, context: FindingsContext): Findings['threatCard'] {
  const { access, inverter, queries, pairs } = measured;
  const knows = ['the stolen templates, in the clear'];
  if (access.kind !== 'black-box') knows.push('the encoder’s architecture and weights');
  if (access.kind !== 'white-box') knows.push('the encoder’s interface: images in, embeddings out');
  if (inverter) knows.push(`an ${inverter}, trained on other people`);
  knows.push('a generator of faces, trained on other people');
  if (context.ownership) knows.push(`this audit was allowed: ${context.ownership}`);
  return {
    target: context.target.id,
    attacker: 'Somebody who has copied the template database and wants faces that pass for the people in it.',
    knows,
    access: access.kind,
    accessReason: `${access.reason.charAt(0).toUpperCase()}${access.reason.slice(1)}.`,
    queries,
    auxiliary: {
      description:
        context.auxiliary.length > 0
          ? `faces of other people of ${context.dataset.name}`
          : 'none beside what the shipped models were trained on',
      people: new Set(context.auxiliary.map(({ person }) => person)).size,
      images: context.auxiliary.length,
      pairs,
    },
    peopleOverlap: overlap(measured, context),
    computeSeconds: context.seconds,
    device: context.device,
  };
}

function overlap({ subjects }: InversionMeasurements, { auxiliary }: FindingsContext): number {
  const known = new Set(auxiliary.map(({ person }) => person));
  return subjects.filter(({ person }) => known.has(person)).length;
}

const shownOf = ({ strongest, subjects }: InversionMeasurements): MadeFace[] =>
  subjects.flatMap(({ person }, i) => {
    const image = strongest.images[i];
    return image ? [{ person, attack: strongest.attack, image }] : [];
  });
