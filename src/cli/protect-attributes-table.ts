import { resolve } from 'node:path';
import { formatInterval } from '../audit/figures.ts';
import type { AttributeGoal } from '../audit/protection/attribute-receipt.ts';
import { type LeakageRow, summariseLeakage } from '../audit/protection/attribute-summary.ts';
import type { FailedPhoto, Receipt } from '../audit/protection/receipt.ts';
import { percent, printLine, someOf, table } from './print.ts';

/** What {@link printProtection} says beside the receipts. */
export interface ProtectionOutcome {
  readonly failed: readonly FailedPhoto[];
  readonly page: string;
  readonly sheet: string | undefined;
  readonly out: string;
}

/** Prints what came of a batch of photos: each photo, what readers still agree on, what a person should look at, and what failed. */
export function printProtection(receipts: readonly Receipt[], { failed, page, sheet, out }: ProtectionOutcome): void {
  if (receipts.length > 0) printLine(photoTable(receipts));
  const rows = summariseLeakage(receipts).filter(({ transformation }) => transformation === 'as-it-is');
  if (rows.length > 0) printLine(`\nfaces of which a judge reads the same as before:\n${leakageTable(rows)}`);
  const notes = [
    [receipts.filter(({ faces }) => faces.length === 0).map(({ input }) => input.name), 'no face was found in'],
    [named(receipts, ({ review }) => (review?.possible.length ?? 0) > 0), 'there may be a face that was missed in'],
    [named(receipts, ({ review }) => (review?.belowQuality.length ?? 0) > 0), 'a face is too poor to be sure of in'],
    [
      named(receipts, hasOutcome('not-within-budget')),
      'something cannot be hidden within the budget (a lower --tar allows more) in',
    ],
    [named(receipts, hasOutcome('edit-too-weak')), 'the editor is too weak for something that was aimed at in'],
    [named(receipts, hasRefusal), 'a face is turned too far for something that was to be drawn in'],
  ] as const;
  for (const [names, what] of notes) if (names.length > 0) printLine(`\n${what}: ${someOf(names)}`);
  if (failed.length > 0) printLine(`\nnothing was written for: ${failed.map(({ photo }) => photo).join(', ')}`);
  printLine();
  for (const limit of receipts[0]?.limits ?? []) printLine(limit);
  printLine(`\nphotos    ${resolve(out)}\nreceipts  ${resolve(page)}`);
  if (sheet !== undefined) printLine(`review    ${resolve(sheet)}`);
}

const hasOutcome =
  (wanted: AttributeGoal['outcome']) =>
  ({ faces }: Receipt): boolean =>
    faces.some(({ attributes }) =>
      attributes?.goals.some(({ role, outcome }) => role === 'hidden' && outcome === wanted),
    );

const hasRefusal = ({ faces }: Receipt): boolean =>
  faces.some(({ attributes }) => attributes?.steps.some(({ refused }) => refused !== undefined));

const named = (receipts: readonly Receipt[], holds: (receipt: Receipt) => boolean): string[] =>
  receipts.filter(holds).map(({ input }) => input.name);

function photoTable(receipts: readonly Receipt[]): string {
  return table(
    [
      ['photo', 'faces', 'strength', 'held back by', 'verdict'],
      ...receipts.map(({ input, faces, verdict }) => [
        input.name,
        facesInWords(faces),
        faces.flatMap(({ attributes }) => attributes?.strength.toFixed(2) ?? []).join(', ') || '–',
        [...new Set(faces.flatMap(({ attributes }) => attributes?.bound ?? []))].join(', ') || '–',
        verdict,
      ]),
    ],
    { align: 'left' },
  );
}

/** Such as "1 keep, 2 attributes". */
function facesInWords(faces: Receipt['faces']): string {
  const groups = Map.groupBy(faces, ({ action }) => action ?? 'keep');
  return [...groups].map(([action, own]) => `${own.length} ${action}`).join(', ') || 'none';
}

function leakageTable(rows: readonly LeakageRow[]): string {
  return table([
    ['attribute', 'judge', 'agrees', 'if drawn'],
    ...rows.map(({ attribute, judge, agreement, chance }) => [
      attribute,
      judge,
      `${percent(agreement.rate, 0)} (${formatInterval(agreement)}) of ${agreement.trials}`,
      chance === undefined ? '–' : percent(chance, 0),
    ]),
  ]);
}
