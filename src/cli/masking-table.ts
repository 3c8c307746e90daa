import type { InversionRow, MaskingRow, MaskingSummary } from '../audit/masking/summary.ts';
import type { Estimate } from '../metric/intervals.ts';

/** The comparison as a Markdown table of one row for each masking, and one of differences. */
export function maskingTable(summary: MaskingSummary): string {
  const { rows, differences } = summary;
  const columns: readonly (readonly [string, (row: MaskingRow) => string])[] = [
    ['masking', ({ contender }) => `\`${contender}\``],
    ['seeds', ({ seeds }) => String(seeds.length)],
    [
      'faces in a mix',
      ({ meanCount, meanCounts: [first = 0, ...others] }) =>
        others.length === 0
          ? meanCount.toFixed(1)
          : `${meanCount.toFixed(1)}, from ${first.toFixed(1)} to ${others.at(-1)?.toFixed(1)}`,
    ],
    ['accuracy, 10 folds', ({ accuracy }) => shareText(accuracy)],
    ['TAR at FAR 1 %', ({ tarAtFar1 }) => optional(tarAtFar1)],
    ['held-out photos named', ({ named }) => shareText(named)],
    ['linked', ({ linked }) => shareText(linked)],
    ...(rows[0]?.linkage ?? []).map(({ attacker, pairs }, i): readonly [string, (row: MaskingRow) => string] => [
      attacker === 'student' ? `by a student of ${pairs} pairs` : attacker,
      ({ linkage }) => percentText(linkage[i]?.anybody),
    ]),
    ['leading face linked', ({ leading }) => shareText(leading)],
    ['mix with mix', ({ linkedMixes }) => shareText(linkedMixes)],
    ['recovered: SSIM', ({ recovery }) => numberText(recovery.ssim, 2)],
    ['PSNR, dB', ({ recovery }) => numberText(recovery.psnr, 1)],
    ['recognised', ({ recovery }) => optional(recovery.recognised)],
    ['inverted @1', ({ inversion }) => optional(mostInverted(inversion, 1)?.trained)],
    ['strangers @1', ({ inversion }) => optional(mostInverted(inversion, 1)?.strangers)],
    ['inverted @5', ({ inversion }) => optional(mostInverted(inversion, 5)?.trained)],
    ['strangers @5', ({ inversion }) => optional(mostInverted(inversion, 5)?.strangers)],
    ['membership AUC', ({ membership }) => (membership ? numberText(membership, 2) : '')],
    ['epsilon', ({ privacy }) => (privacy ? privacy.epsilon.toFixed(1) : '')],
    ['worth', ({ worth }) => numberText(worth, 3)],
  ];
  const main = markdown([columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]);
  if (differences.length === 0) return main;
  const second = markdown([
    ['masking', 'less', 'accuracy', 'linked', 'worth'],
    ...differences.map(({ of, less, accuracy, linkage, worth }) => [
      `\`${of}\``,
      `\`${less}\``,
      points(accuracy),
      points(linkage),
      numberText(worth, 3),
    ]),
  ]);
  return [main, second, ...bestFixedNote(summary)].join('\n\n');
}

/** How the fixed number was chosen that adaptive ones are compared with. */
const bestFixedNote = ({ bestFixed, differences }: MaskingSummary): string[] =>
  differences.some(({ less }) => less === bestFixed)
    ? [`\`${bestFixed}\` is the fixed number of the greatest worth, chosen by these very figures, which favours it.`]
    : [];

/** By the judge that finds most of the trained people. */
const mostInverted = (rows: readonly InversionRow[], places: number): InversionRow | undefined =>
  rows.filter((row) => row.places === places).toSorted((a, b) => b.trained.value - a.trained.value)[0];

const shareText = ({ value, low, high }: Estimate): string =>
  `${(100 * value).toFixed(1)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;

const percentText = (estimate: Estimate | undefined): string => (estimate ? (100 * estimate.value).toFixed(1) : '');

/** A difference of shares, in points. */
const points = shareText;

const optional = (estimate: Estimate | undefined): string => (estimate ? shareText(estimate) : '');

const numberText = ({ value, low, high }: Estimate, digits: number): string =>
  `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;

const markdown = ([head = [], ...rows]: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
