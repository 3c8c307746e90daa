import { createHash } from 'node:crypto';
import { cpus, release, type as systemType } from 'node:os';
import type { Encoder } from '../encoder/encoder.ts';
import type { Threshold } from '../metric/threshold.ts';
import type { Findings } from './findings.ts';
import type { AuditFace } from './subjects.ts';

type Provenance = Findings['provenance'];

/** What ran, on what, when: what every audit writes down beside what it measured. */
export interface AuditRecord {
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
  /** Models that took part beside the encoders: role, id and hash. */
  readonly models: Provenance['models'];
  /** Recorded statement for an endpoint. */
  readonly ownership?: string;
}

/** What is known by its name and its hash. */
type Identified = Pick<Encoder, 'id' | 'hash'>;

/**
 * The provenance of findings.
 *
 * @param measured.used - the faces of those attacked.
 */
export function auditProvenance(
  context: Omit<AuditRecord, 'target' | 'judges'> & {
    readonly target: Identified;
    readonly judges: readonly Identified[];
  },
  measured: {
    readonly used: readonly AuditFace[];
    readonly thresholds: readonly Threshold[];
    /** Sets of faces beside those of the record. */
    readonly further?: readonly {
      readonly role: string;
      readonly name: string;
      readonly faces: readonly AuditFace[];
      /** Photos that should have been there. */
      readonly leftOut?: readonly { readonly id: string; readonly reason: string }[];
    }[];
    /** Default: Wilson's. */
    readonly intervals?: string;
  },
): Provenance {
  const { target, judges, attacked, calibration, auxiliary } = context;
  const { used } = measured;
  const data = [dataRow('audited', context.dataset.name, used, context.dataset.rejected)];
  if (calibration.length > 0) data.push(dataRow('calibration', context.dataset.name, calibration));
  if (auxiliary.length > 0) data.push(dataRow('auxiliary', context.dataset.name, auxiliary));
  for (const { role, name, faces, leftOut } of measured.further ?? [])
    data.push({ ...dataRow(role, name, faces, leftOut?.length), ...(leftOut ? { leftOut: [...leftOut] } : {}) });
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
    intervals: { method: measured.intervals ?? 'Wilson', confidence: 0.95 },
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
