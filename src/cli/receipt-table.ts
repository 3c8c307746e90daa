import { resolve } from 'node:path';
import type { Receipt, ReceiptEncoder, ReceiptFace } from '../audit/protection/receipt.ts';
import { type ProtectionRow, summariseReceipts } from '../audit/protection/summary.ts';
import { percent, printLine, table } from './print.ts';

/** What each encoder said of a face after each transformation, for the terminal. */
export function receiptTable({ tests }: ReceiptFace, encoders: readonly ReceiptEncoder[]): string {
  const roleOf = (id: string): string => (encoders.find((one) => one.id === id)?.role === 'used' ? 'used' : 'held out');
  const thresholdOf = (id: string): string =>
    encoders.find((one) => one.id === id)?.threshold?.similarity.toFixed(3) ?? 'none';
  const shown = (value: number | null | undefined): string => value?.toFixed(3) ?? '–';
  return table([
    ['encoder', 'role', 'after', 'same photo', 'others, before', 'others, after', 'threshold', 'rank', 'recognised'],
    ...tests.map(({ encoder, transformation, samePhoto, otherPhotos, rank, recognised }) => [
      encoder,
      roleOf(encoder),
      transformation,
      shown(samePhoto),
      shown(otherPhotos?.before?.best),
      shown(otherPhotos?.after.best),
      thresholdOf(encoder),
      rank ? `${rank.before ?? '–'} > ${rank.after} of ${rank.people}` : '–',
      recognised === null ? '–' : recognised ? 'yes' : 'no',
    ]),
  ]);
}

/** Prints what came of a folder of photos, and where the page is. */
export function printReceipts(receipts: readonly Receipt[], page: string): void {
  printLine(
    table(
      [
        ['photo', 'faces', 'DSSIM', 'seconds', 'verdict'],
        ...receipts.map(({ input, faces, verdict }) => [
          input.name,
          String(faces.length),
          Math.max(...faces.map(({ cloak }) => cloak?.dssim ?? 0)).toFixed(4),
          faces.reduce((sum, { cloak }) => sum + (cloak?.seconds ?? 0), 0).toFixed(1),
          verdict,
        ]),
      ],
      { align: 'left' },
    ),
  );
  printLine();
  const summary = summariseReceipts(receipts);
  if (summary.length > 0) printLine(`still recognised by another clean photo of the person:\n${summaryTable(summary)}`);
  else for (const { input, sentence } of receipts) printLine(`${input.name}: ${sentence}`);
  printLine();
  for (const limit of receipts[0]?.limits ?? []) printLine(limit);
  printLine(`\nreceipts  ${resolve(page)}`);
}

function summaryTable(rows: readonly ProtectionRow[]): string {
  const share = (rate: ProtectionRow['after']): string =>
    rate ? `${percent(rate.rate, 0)} (${percent(rate.low, 0)} to ${percent(rate.high, 0)})` : '–';
  return table([
    ['encoder', 'role', 'after', 'clean', 'protected', 'similarity, clean', 'protected', 'rank 1, clean', 'protected'],
    ...rows.map((row) => [
      row.encoder,
      row.role === 'used' ? 'used' : 'held out',
      row.transformation,
      share(row.before),
      share(row.after),
      row.meanBefore?.toFixed(3) ?? '–',
      row.meanAfter.toFixed(3),
      share(row.rankOneBefore),
      share(row.rankOneAfter),
    ]),
  ]);
}
