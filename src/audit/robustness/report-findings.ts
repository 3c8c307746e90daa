import { checkFindings, FINDINGS_SCHEMA, type Findings } from '../findings.ts';
import { type AuditRecord, auditProvenance } from '../provenance.ts';
import { showFaces } from '../shown-faces.ts';
import type { RobustnessMeasurements } from './run.ts';

/** The findings of a robustness audit, checked against the schema. */
export async function robustnessFindings(
  measured: RobustnessMeasurements,
  context: AuditRecord & { readonly showFaces: boolean },
): Promise<Findings> {
  const { decision, access, subjects } = measured;
  return checkFindings({
    schema: FINDINGS_SCHEMA,
    audit: 'robustness',
    verdict: decision.verdict,
    sentence: decision.sentence,
    threatCard: {
      target: context.target.id,
      attacker:
        'Somebody who changes a photo a little before the system sees it, so that it is not recognised, or taken for a chosen other person.',
      knows: knowledge(measured, context),
      access: access.kind,
      accessReason: `${access.reason.charAt(0).toUpperCase()}${access.reason.slice(1)}.`,
      queries: measured.queriesSent,
      auxiliary: {
        description: 'none: the attacker has the photos that he changes, and a photo of whom he wants to pass for',
        people: 0,
        images: 0,
        pairs: 0,
      },
      peopleOverlap: 0,
      computeSeconds: context.seconds,
      device: context.device,
    },
    rates: measured.rates,
    controls: decision.controls,
    curves: measured.curves,
    people: [],
    smallest: measured.smallest,
    queries: measured.queries,
    selfTests: measured.selfTests,
    costs: measured.costs,
    quality: [],
    provenance: auditProvenance(context, {
      used: subjects.flatMap(({ template, others }) => [template, ...others.slice(0, 1)]),
      thresholds: measured.thresholds,
      intervals: 'Wilson; of medians order statistics',
    }),
    ...(context.showFaces ? { faces: await showFaces(measured.made, 'edited') } : {}),
  } satisfies Findings);
}

function knowledge(measured: RobustnessMeasurements, context: AuditRecord): string[] {
  const knows = ['the photo that he hands in, and how faces are cut out of photos'];
  if (measured.access.kind === 'white-box') knows.push('the encoder’s architecture and weights');
  if (context.judges.length > 0)
    knows.push(`other encoders (transfer): ${context.judges.map(({ id }) => id).join(', ')}`);
  if (measured.queries.length > 0) knows.push('the system’s answers to what he hands in');
  if (measured.costs.length > 0) knows.push('the defences, in the attacks that are called adaptive');
  if (context.ownership) knows.push(`this audit was allowed: ${context.ownership}`);
  return knows;
}
