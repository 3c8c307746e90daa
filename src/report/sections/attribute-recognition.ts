import { ATTRIBUTE_LEVEL } from '../../audit/attributes/level.ts';
import { projectionOf, UNPROJECTED } from '../../audit/attributes/projection.ts';
import { PROTECTED } from '../../audit/attributes/protection.ts';
import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import type { Cost, Findings, Leakage, Rate, Recognition } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';
import { intervalStrip } from '../plot-intervals.ts';
import { type Column, dataTable } from '../table.ts';
import { estimateCell, isSameReading } from './attributes.ts';

/** How well people are recognised, in original and in protected photos. */
export function recognitionSection({ recognition = [], rates, leakage = [] }: Findings): Markup {
  // The projections have a section of their own.
  const rows = recognition.filter(({ comparison }) => !comparison.startsWith(PROJECTION));
  if (rows.length === 0) return html``;
  const found = rates.filter(({ name }) => name === 'face still found');
  const isProtected = leakage.some(({ protection }) => protection === PROTECTED);
  const columns: Column<Recognition>[] = [
    { title: 'Encoder', cell: ({ target }) => target },
    { title: 'Compared', cell: ({ comparison }) => comparison },
    { title: 'After', cell: ({ transformation }) => transformation ?? '–' },
    { title: 'People', cell: ({ subgroup }) => subgroup ?? 'all' },
    {
      title: 'Matched at the original threshold',
      cell: ({ matched }) => (matched ? withInterval(matched) : '–'),
      isNumber: true,
    },
    { title: 'TAR at FAR 1 %', cell: ({ tarAtFar1 }) => (tarAtFar1 ? withInterval(tarAtFar1) : '–'), isNumber: true },
    {
      title: 'TAR at FAR 0.1 %',
      cell: ({ tarAtFar01 }) => (tarAtFar01 ? withInterval(tarAtFar01) : '–'),
      isNumber: true,
    },
    { title: 'EER', cell: ({ eer }) => formatPercent(eer), isNumber: true },
    { title: 'Rank 1', cell: ({ rankOne }) => (rankOne ? withInterval(rankOne) : '–'), isNumber: true },
    { title: 'Genuine pairs', cell: ({ genuinePairs }) => formatCount(genuinePairs), isNumber: true },
  ];
  const all = rows.filter(({ subgroup }) => subgroup === null);
  const parts = rows.filter(({ subgroup }) => subgroup !== null);
  return html`<section aria-labelledby="recognition"><h2 id="recognition">${isProtected ? 'Are people still recognised?' : 'How well are people recognised?'}</h2>
<p>Pairs of different photos of one person. The original threshold is the one that lets ${formatExactPercent(rows[0]?.fmr ?? 0)} of strangers pass in original photos.</p>
${dataTable('Recognition', columns, all)}
${parts.length > 0 && html`<details><summary>By part of the people</summary>${dataTable('Recognition by part of the people', columns, parts)}</details>`}
${
  found.length > 0 &&
  dataTable<Rate>(
    'Faces that are still found, by the bundled detector',
    [
      { title: 'Photos', cell: ({ attack }) => attack },
      { title: 'Found', cell: withInterval, isNumber: true },
      { title: 'Of', cell: ({ trials }) => formatCount(trials), isNumber: true },
    ],
    found,
  )
}</section>`;
}

const PROJECTION = projectionOf('');

/** What taking an attribute out of templates is worth, and what it costs. */
export function projectionSection({ leakage = [], costs }: Findings): Markup {
  const before = leakage.filter(({ protection }) => protection === UNPROJECTED);
  const rows = leakage.filter((row) => row.protection?.startsWith(PROJECTION) && !before.includes(row));
  if (rows.length === 0) return html``;
  return html`<section aria-labelledby="projection"><h2 id="projection">Can templates be freed of an attribute?</h2>
<p>Null-space projection takes the directions out of templates along which a line tells the attribute (Ravfogel et al. 2020). It was fitted
on half of the training people. Attacks learnt from the other half, from templates as they are and anew from what is left of them: those that follow no line may still read it.</p>
${dataTable<Leakage>(
  'What is still read',
  [
    { title: 'Attribute taken out', cell: ({ attribute }) => attribute },
    { title: 'Templates of', cell: ({ target }) => target },
    { title: 'Attack, trained anew', cell: ({ attack }) => attack },
    {
      title: 'Before',
      cell: (row) => {
        const was = before.find((other) => isSameReading(other, row));
        return was ? estimateCell(was) : '–';
      },
      isNumber: true,
    },
    { title: 'After', cell: estimateCell, isNumber: true },
    {
      title: 'Strip',
      cell: ({ balancedAccuracy: { value, ...rest } }) =>
        intervalStrip({ rate: value, ...rest }, 'attack', ATTRIBUTE_LEVEL),
    },
  ],
  rows,
)}
${
  costs.length > 0 &&
  dataTable<Cost>(
    'What it costs in recognition, thresholds of each’s own',
    [
      { title: 'Projection', cell: ({ defence }) => defence },
      { title: 'Measure', cell: ({ measure }) => measure },
      { title: 'Before', cell: ({ without }) => formatPercent(without), isNumber: true },
      { title: 'After', cell: ({ with: after }) => formatPercent(after), isNumber: true },
    ],
    costs,
  )
}</section>`;
}

const withInterval = (rate: Pick<Rate, 'rate' | 'low' | 'high'>): Markup =>
  html`${formatPercent(rate.rate)} <span class="unit">(${formatInterval(rate)})</span>`;
