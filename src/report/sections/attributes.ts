import { strongestReadings } from '../../audit/attributes/decide.ts';
import { ATTRIBUTE_LEVEL } from '../../audit/attributes/level.ts';
import { PROTECTED } from '../../audit/attributes/protection.ts';
import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import type { Findings, Leakage } from '../../audit/findings.ts';
import { type Content, html, type Markup } from '../escape.ts';
import { intervalAxis, intervalStrip, type MarkKind } from '../plot-intervals.ts';
import { dataTable } from '../table.ts';

/** What templates and photos give away, attribute by attribute: a strip for each attack, and all figures behind it. */
export function leakageSection({ leakage = [] }: Findings): Markup {
  const rows = leakage.filter(({ protection, subgroup }) => protection === null && subgroup === null);
  const asked = rows.filter((row) => row.asked);
  if (rows.length === 0) return html``;
  return html`<section aria-labelledby="leakage"><h2 id="leakage">What is given away?</h2>
<p>How often attackers tell who has an attribute from who has not, as the mean over both: 50 % is guessing. They learnt from other people, and fixed their thresholds on yet others.
The dashed line, ${formatExactPercent(ATTRIBUTE_LEVEL)}, is from where it counts as a leak. That photos show what they show is no news: they stand beside the templates for comparison.</p>
<div class="grid">${[...Map.groupBy(asked, ({ attribute }) => attribute)].map(([attribute, own]) =>
    readingTable(
      html`${attribute} <span>${facesInWords(own)}</span>`,
      own.map((row) => readingRow(row, row.source === 'templates' ? 'attack' : 'control', readerName(row))),
    ),
  )}</div>
${othersTable(rows.filter((row) => !row.asked))}
<details><summary>All figures: AUC, equal error rate, mutual information</summary>${figuresTable('Unprotected', rows)}</details></section>`;
}

/** What protected photos give away, beside the originals. */
export function protectedSection({ leakage = [], provenance }: Findings): Markup {
  const after = leakage.filter(({ protection, subgroup }) => protection === PROTECTED && subgroup === null);
  const plain = after.filter(({ transformation }) => transformation === null);
  if (plain.length === 0) return html``;
  const before = leakage.filter(({ protection, subgroup }) => protection === null && subgroup === null);
  const asked = [
    ...Map.groupBy(
      plain.filter((row) => row.asked),
      ({ attribute }) => attribute,
    ),
  ];
  return html`<section aria-labelledby="protected"><h2 id="protected">What does the protection change?</h2>
${leftOutTable(provenance.data)}
<p>Each attack on the same people’s protected photos, or templates of them: once as it learnt from original photos, once trained anew on protected photos of other people. Judge a protection by
the second: who may protect photos himself can learn from them. Diamonds are the original photos.</p>
<div class="grid">${asked.map(([attribute, own]) =>
    readingTable(
      html`${attribute} <span>${facesInWords(own)}</span>`,
      own.flatMap((row) => {
        const was = before.find((other) => isSameReading(other, row));
        return [
          ...(was && !row.adaptive ? [readingRow(was, 'control', `${readerName(row)}, original photos`)] : []),
          readingRow(
            row,
            'attack',
            `${readerName(row)}, ${row.adaptive ? 'trained on protected photos' : 'protected photos'}`,
          ),
        ];
      }),
    ),
  )}</div>
${transformedTable(after.filter((row) => row.asked))}
${changedTable(
  before,
  plain.filter((row) => !row.asked),
)}
<details><summary>All figures on protected photos</summary>${figuresTable('Protected photos', after)}</details></section>`;
}

/** Photos that are named in the report; findings.json names all. */
const NAMED = 40;

/** Whose protected photo is missing or unreadable. */
function leftOutTable(data: Findings['provenance']['data']): Markup {
  const rows = data.flatMap(({ role, images, leftOut = [] }) =>
    [...Map.groupBy(leftOut, ({ reason }) => reason)].map(([reason, photos]) => ({ role, images, reason, photos })),
  );
  const total = rows.reduce((sum, { photos }) => sum + photos.length, 0);
  if (total === 0) return html``;
  return html`<details><summary>${formatCount(total)} protected ${total === 1 ? 'photo is' : 'photos are'} missing or unreadable, and in none of these figures</summary>${dataTable<
    (typeof rows)[number]
  >(
    'Left out',
    [
      { title: 'Photos', cell: ({ role }) => role },
      { title: 'Why', cell: ({ reason }) => reason },
      { title: 'Left out', cell: ({ photos }) => formatCount(photos.length), isNumber: true },
      { title: 'Read', cell: ({ images }) => formatCount(images), isNumber: true },
      {
        title: 'Which',
        cell: ({ photos }) =>
          `${photos
            .slice(0, NAMED)
            .map(({ id }) => id)
            .join(
              ', ',
            )}${photos.length > NAMED ? ` and ${formatCount(photos.length - NAMED)} more, in findings.json` : ''}`,
      },
    ],
    rows,
  )}</details>`;
}

/** The readings that decide, by part of the people. */
export function subgroupsSection(findings: Findings): Markup {
  const { leakage = [], threatCard } = findings;
  const isProtected = leakage.some(({ protection }) => protection === PROTECTED);
  const strongest = strongestReadings({ target: threatCard.target, leakage, isProtected });
  // Of a protection: before it, and after it as either attacker reads.
  const isCompared = ({ protection, transformation }: Leakage): boolean =>
    transformation === null && (protection === null || (isProtected && protection === PROTECTED));
  const compared = leakage.filter(isCompared);
  const rows = strongest.flatMap((reading) => {
    const own = compared.filter((row) => isSameReading(row, reading));
    return own.some(({ subgroup }) => subgroup !== null)
      ? [...Map.groupBy(own, ({ subgroup }) => subgroup).values()].flat()
      : [];
  });
  if (rows.length === 0) return html``;
  return html`<section aria-labelledby="subgroups"><h2 id="subgroups">Is it alike for all?</h2>
<p>The attack that decides for each attribute, on parts of the test people.</p>
${dataTable<Leakage>(
  'By part of the people',
  [
    { title: 'Attribute', cell: ({ attribute }) => attribute },
    { title: 'People', cell: ({ subgroup }) => subgroup ?? 'all' },
    ...(isProtected ? [{ title: 'Photos', cell: photosInWords }] : []),
    { title: 'Attack', cell: readerName },
    {
      title: 'Balanced accuracy',
      cell: ({ balancedAccuracy }) => formatPercent(balancedAccuracy.value),
      isNumber: true,
    },
    { title: 'Interval', cell: ({ balancedAccuracy }) => formatInterval(balancedAccuracy), isNumber: true },
    {
      title: 'Faces with, without',
      cell: ({ present, absent }) => `${formatCount(present)}, ${formatCount(absent)}`,
      isNumber: true,
    },
  ],
  rows,
)}</section>`;
}

/** A strip under its scale for each reading. */
function readingTable(caption: Content, rows: readonly Markup[]): Markup {
  return html`<table class="panel" role="table"><caption>${caption}</caption>
<thead><tr role="row"><th scope="col" role="columnheader">Attack</th><td class="plot">${intervalAxis()}</td><th scope="col" role="columnheader" class="figure">Balanced accuracy, AUC</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}

function readingRow({ balancedAccuracy, auc }: Leakage, kind: MarkKind, label: Content): Markup {
  const { value, low, high } = balancedAccuracy;
  return html`<tr role="row" class="${kind}"><th scope="row" role="rowheader">${label}</th><td role="cell" class="plot">${intervalStrip(
    { rate: value, low, high },
    kind,
    ATTRIBUTE_LEVEL,
  )}</td><td role="cell" class="figure"><strong>${formatPercent(value)}</strong> <span class="count">AUC ${auc.value.toFixed(3)}</span><span class="range">${formatInterval(balancedAccuracy)}</span></td></tr>
`;
}

const photosInWords = ({ protection, adaptive }: Leakage): string =>
  protection === null ? 'original' : `protected, the attack learnt from ${adaptive ? 'protected' : 'original'} ones`;

const readerName = ({ attack, source, target }: Leakage): string =>
  source === 'templates' ? `${attack}, templates of ${target}` : `${attack}, portraits`;

/** Whether two rows are of one attack on one attribute. */
export const isSameReading = (a: Leakage, b: Leakage): boolean =>
  a.attribute === b.attribute && a.source === b.source && a.target === b.target && a.attack === b.attack;

const facesInWords = ([first]: readonly Leakage[]): string =>
  first
    ? `${formatCount(first.present)} test faces with it, ${formatCount(first.absent)} without, of ${formatCount(first.people)} people`
    : '';

/** A balanced accuracy with its interval. */
export const estimateCell = ({ balancedAccuracy }: Leakage): Markup =>
  html`${formatPercent(balancedAccuracy.value)} <span class="unit">(${formatInterval(balancedAccuracy)})</span>`;

/** The strongest reading of each attribute from each source. */
function strongestBySource(rows: readonly Leakage[]): Leakage[] {
  return [...Map.groupBy(rows, ({ attribute, target }) => `${attribute} ${target}`).values()].flatMap((own) =>
    own.toSorted((a, b) => b.balancedAccuracy.low - a.balancedAccuracy.low).slice(0, 1),
  );
}

function othersTable(rows: readonly Leakage[]): Markup {
  if (rows.length === 0) return html``;
  return dataTable<Leakage>(
    'Other attributes, by the attack that reads them best',
    [
      { title: 'Attribute', cell: ({ attribute }) => attribute },
      { title: 'Attack', cell: readerName },
      { title: 'Balanced accuracy', cell: estimateCell, isNumber: true },
      { title: 'AUC', cell: ({ auc }) => auc.value.toFixed(3), isNumber: true },
    ],
    strongestBySource(rows),
  );
}

function changedTable(before: readonly Leakage[], after: readonly Leakage[]): Markup {
  if (after.length === 0) return html``;
  return dataTable<Leakage>(
    'Other attributes, which a protection should leave as they are or hide as well',
    [
      { title: 'Attribute', cell: ({ attribute }) => attribute },
      { title: 'Attack', cell: readerName },
      {
        title: 'Original photos',
        cell: (row) => {
          const was = before.find((other) => isSameReading(other, row));
          return was ? estimateCell(was) : '–';
        },
        isNumber: true,
      },
      { title: 'Protected photos', cell: estimateCell, isNumber: true },
    ],
    strongestBySource(after),
  );
}

function transformedTable(rows: readonly Leakage[]): Markup {
  const strongest = [
    ...Map.groupBy(
      rows,
      ({ attribute, transformation, adaptive }) => `${attribute} ${transformation} ${adaptive}`,
    ).values(),
  ].flatMap((own) => own.toSorted((a, b) => b.balancedAccuracy.low - a.balancedAccuracy.low).slice(0, 1));
  if (!strongest.some(({ transformation }) => transformation !== null)) return html``;
  return dataTable<Leakage>(
    'After what happens to a photo, or what an attacker does to it first: the attack that reads best',
    [
      { title: 'Attribute', cell: ({ attribute }) => attribute },
      { title: 'Photo', cell: ({ transformation }) => transformation ?? 'as it is' },
      { title: 'Learnt from', cell: ({ adaptive }) => (adaptive ? 'protected photos' : 'original photos') },
      { title: 'Attack', cell: readerName },
      { title: 'Balanced accuracy', cell: estimateCell, isNumber: true },
    ],
    strongest,
  );
}

function figuresTable(caption: string, rows: readonly Leakage[]): Markup {
  const bits = (value: number): string => value.toFixed(3);
  return dataTable<Leakage>(
    caption,
    [
      { title: 'Attribute', cell: ({ attribute }) => attribute },
      {
        title: 'Attack',
        cell: (row) =>
          `${readerName(row)}${row.adaptive ? ', trained anew' : ''}${row.transformation ? `; ${row.transformation}` : ''}`,
      },
      { title: 'Balanced accuracy', cell: estimateCell, isNumber: true },
      {
        title: 'AUC',
        cell: ({ auc }) =>
          html`${auc.value.toFixed(3)} <span class="unit">(${auc.low.toFixed(3)} to ${auc.high.toFixed(3)})</span>`,
        isNumber: true,
      },
      {
        title: 'EER',
        cell: ({ eer }) => html`${formatPercent(eer.value)} <span class="unit">(${formatInterval(eer)})</span>`,
        isNumber: true,
      },
      {
        title: 'Information, bits',
        cell: ({ informationBits: { value, low, high } }) =>
          html`${bits(value)} <span class="unit">(${bits(low)} to ${bits(high)})</span>`,
        isNumber: true,
      },
      { title: 'By chance, at most', cell: ({ informationChanceBits }) => bits(informationChanceBits), isNumber: true },
      { title: 'Of', cell: ({ entropyBits }) => bits(entropyBits), isNumber: true },
    ],
    rows,
  );
}
