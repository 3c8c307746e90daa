import type { InversionRow, MaskingRow, MaskingSummary } from '../audit/masking/summary.ts';
import type { Estimate } from '../metric/intervals.ts';

type Column = readonly [title: string, cell: (row: MaskingRow) => string];

/** The comparison as Markdown: what maskings cost and whom they give away, by what, and what the trained models give away; then differences. */
export function maskingTable(summary: MaskingSummary): string {
  const { rows, differences } = summary;
  const name: Column = ['masking', ({ contender }) => `\`${contender}\``];
  const tables = [
    costColumns(),
    attackerColumns(rows[0]),
    [
      ...(['@1', '@5'] as const).flatMap((rank): Column[] => [
        [`inverted ${rank}`, ({ inversion }) => optional(mostInverted(inversion, rank)?.trained)],
        [`strangers ${rank}`, ({ inversion }) => optional(mostInverted(inversion, rank)?.strangers)],
      ]),
      ['membership AUC', ({ membership }): string => (membership ? numberText(membership, 2) : '')] satisfies Column,
    ],
  ].map((columns) => columnTable([name, ...columns], rows));
  if (differences.length === 0) return tables.join('\n\n');
  const last = markdown([
    ['masking', 'less', 'accuracy', 'linked', 'worth'],
    ...differences.map(({ of, less, accuracy, linkage, worth }) => [
      `\`${of}\``,
      `\`${less}\``,
      points(accuracy),
      points(linkage),
      numberText(worth, 3),
    ]),
  ]);
  return [...tables, last, ...bestFixedNote(summary)].join('\n\n');
}

const costColumns = (): Column[] => [
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
  ['worth', ({ worth }) => numberText(worth, 3)],
  ['epsilon', ({ privacy }) => (privacy ? privacy.epsilon.toFixed(1) : '')],
];

/** Who links, and what is recovered; attackers are those of `first`, as of all rows. */
const attackerColumns = (first: MaskingRow | undefined): Column[] => [
  ...(first?.linkage ?? []).map(
    ({ attacker, pairs }, i): Column => [
      attacker === 'student' ? `linked by a student of ${pairs} pairs` : `linked, ${attacker}`,
      ({ linkage }) => percentText(linkage[i]?.anybody),
    ],
  ),
  ['leading face linked', ({ leading }) => shareText(leading)],
  ['mix with mix', ({ linkedMixes }) => shareText(linkedMixes)],
  ['recovered: SSIM', ({ recovery }) => numberText(recovery.ssim, 2)],
  ['PSNR, dB', ({ recovery }) => numberText(recovery.psnr, 1)],
  ['recognised', ({ recovery }) => optional(recovery.recognised)],
];

const columnTable = (columns: readonly Column[], rows: readonly MaskingRow[]): string =>
  markdown([columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]);

/** How the fixed number was chosen that adaptive ones are compared with. */
const bestFixedNote = ({ bestFixed, differences }: MaskingSummary): string[] =>
  differences.some(({ less }) => less === bestFixed)
    ? [`\`${bestFixed}\` is the fixed number of the greatest worth, chosen by these very figures, which favours it.`]
    : [];

/** By the judge that finds most of the trained people. */
const mostInverted = (rows: readonly InversionRow[], rank: '@1' | '@5'): InversionRow | undefined =>
  rows.filter(({ places }) => `@${places}` === rank).toSorted((a, b) => b.trained.value - a.trained.value)[0];

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
