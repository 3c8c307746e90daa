import { createHash } from 'node:crypto';
import { cpus, release, type as systemType } from 'node:os';
import type { Encoder } from '../../encoder/encoder.ts';
import { encodeMarkedPng } from '../../image/mark.ts';
import { resizeImage } from '../../image/resize.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { checkFindings, FINDINGS_SCHEMA, type Findings, type ShownFace } from '../findings.ts';
import type { AuditFace } from '../subjects.ts';
import type { InversionMeasurements } from './run.ts';

type Provenance = Findings['provenance'];

/** What findings need beside what was measured. */
export interface FindingsContext {
  readonly version: string;
  readonly command: string;
  readonly seed: number;
  readonly startedAt: Date;
  readonly seconds: number;
  readonly device: string;
  readonly target: Encoder;
  readonly judges: readonly Encoder[];
  readonly dataset: { readonly name: string; readonly rejected: number };
  readonly attacked: readonly AuditFace[];
  readonly calibration: readonly AuditFace[];
  readonly auxiliary: readonly AuditFace[];
  /** Models that the attacker brought: role, id and hash. */
  readonly models: Provenance['models'];
  readonly showFaces: boolean;
  /** Recorded statement for an endpoint. */
  readonly ownership?: string;
}

/** Width of a reconstruction in a report, in pixels. */
const SHOWN_PX = 96;

/** Reconstructions shown at most. */
const SHOWN_FACES = 12;

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
    provenance: provenance(measured, context),
    ...(context.showFaces ? { faces: await shownFaces(measured) } : {}),
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

function provenance(measured: InversionMeasurements, context: FindingsContext): Provenance {
  const { target, judges, attacked, calibration, auxiliary } = context;
  const used = measured.subjects.flatMap(({ template, others }) => [template, ...others]);
  const data = [dataRow('audited', context.dataset.name, used, context.dataset.rejected)];
  if (calibration.length > 0) data.push(dataRow('calibration', context.dataset.name, calibration));
  if (auxiliary.length > 0) data.push(dataRow('auxiliary', context.dataset.name, auxiliary));
  return {
    faceward: context.version,
    command: context.command,
    seed: context.seed,
    date: context.startedAt.toISOString(),
    platform: {
      system: `${systemType()} ${release()}`,
      processor: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} threads`,
      node: process.version,
      device: context.device,
      candidates: `${new Set(attacked.map(({ person }) => person)).size} people`,
    },
    durations: [{ stage: 'the whole audit', seconds: context.seconds }],
    models: [
      { role: 'target', id: target.id, sha256: hexHash(target.hash) },
      ...judges.map((judge) => ({ role: 'judge', id: judge.id, sha256: hexHash(judge.hash) })),
      ...context.models,
    ],
    data,
    thresholds: measured.thresholds.map(thresholdRow),
    intervals: { method: 'Wilson', confidence: 0.95 },
  };
}

const thresholdRow = ({
  encoder,
  fmr,
  similarity,
  dataset,
  impostorPairs,
  interval,
}: Threshold): Provenance['thresholds'][number] => ({
  encoder,
  fmr,
  similarity,
  measure: 'cosine',
  dataset,
  impostorPairs,
  low: interval.low,
  high: interval.high,
});

function dataRow(
  role: string,
  name: string,
  faces: readonly AuditFace[],
  rejected?: number,
): Provenance['data'][number] {
  const total = createHash('sha256');
  for (const { image } of [...faces].sort((a, b) => (a.id < b.id ? -1 : 1)))
    total.update(createHash('sha256').update(image.data).digest());
  return {
    role,
    name,
    people: new Set(faces.map(({ person }) => person)).size,
    images: faces.length,
    ...(rejected === undefined ? {} : { rejected }),
    sha256: total.digest('hex'),
  };
}

/** A SHA-256 in hex as it is; anything else (the address of an endpoint, a planted encoder's name) hashed. */
export function hexHash(hash: string): string {
  return /^[0-9a-f]{64}$/.test(hash) ? hash : createHash('sha256').update(hash).digest('hex');
}

async function shownFaces({ strongest, subjects }: InversionMeasurements): Promise<ShownFace[]> {
  const shown: ShownFace[] = [];
  for (const [i, { person }] of subjects.slice(0, SHOWN_FACES).entries()) {
    const image = strongest.images[i];
    if (!image) continue;
    const png = await encodeMarkedPng(resizeImage(image, SHOWN_PX, SHOWN_PX), {
      kind: 'reconstructed',
      method: strongest.attack,
    });
    shown.push({
      person,
      attack: strongest.attack,
      reconstruction: `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
    });
  }
  return shown;
}
