import { type Rate, wilson } from '../../metric/intervals.ts';
import type { Receipt, ReceiptEncoder, ReceiptTest } from './receipt.ts';
import type { TransformationName } from './transformations.ts';

/** What one encoder says of all faces that were compared with other clean photos of their person, after one transformation. */
export interface ProtectionRow {
  readonly encoder: string;
  readonly role: ReceiptEncoder['role'];
  readonly transformation: TransformationName;
  /** Share of the faces that are recognised by at least one other clean photo: the clean ones, transformed alike; and the protected ones. Undefined without a threshold. */
  readonly before: Rate | undefined;
  readonly after: Rate | undefined;
  /** Mean similarity with the other clean photos. */
  readonly meanBefore: number | undefined;
  readonly meanAfter: number;
  /** Share of the faces whose person comes first in the gallery; undefined without one. */
  readonly rankOneBefore: Rate | undefined;
  readonly rankOneAfter: Rate | undefined;
}

/** Sums up the receipts of a folder, for each encoder and transformation; faces without other clean photos of their person are left out. */
export function summariseReceipts(receipts: readonly Receipt[]): ProtectionRow[] {
  const roles = new Map(receipts.flatMap(({ encoders }) => encoders.map(({ id, role }) => [id, role] as const)));
  const tests = receipts
    .flatMap(({ faces }) => faces.flatMap((face) => face.tests))
    .filter(({ otherPhotos }) => otherPhotos);
  const groups = Map.groupBy(tests, ({ encoder, transformation }) => `${encoder}\n${transformation}`);
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    return first ? [rowOf(first, own, roles.get(first.encoder) ?? 'held-out')] : [];
  });
}

function rowOf(first: ReceiptTest, tests: readonly ReceiptTest[], role: ReceiptEncoder['role']): ProtectionRow {
  const ranks = tests.flatMap(({ rank }) => (rank ? [rank] : []));
  return {
    encoder: first.encoder,
    role,
    transformation: first.transformation,
    before: shareOf(tests.map(({ recognisedBefore }) => recognisedBefore)),
    after: shareOf(tests.map(({ recognised }) => recognised)),
    meanBefore: meanOf(tests.flatMap(({ otherPhotos }) => otherPhotos?.before?.mean ?? [])),
    meanAfter: meanOf(tests.flatMap(({ otherPhotos }) => otherPhotos?.after.mean ?? [])) ?? Number.NaN,
    rankOneBefore: shareOf(ranks.map(({ before }) => (before === null ? null : before === 1))),
    rankOneAfter: shareOf(ranks.map(({ after }) => after === 1)),
  };
}

function shareOf(answers: readonly (boolean | null)[]): Rate | undefined {
  const known = answers.filter((answer) => typeof answer === 'boolean');
  return known.length === 0 ? undefined : wilson(known.filter(Boolean).length, known.length);
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
