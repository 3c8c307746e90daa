import { formatExactPercent, formatInterval, formatPercent, formatPoints } from '../../audit/figures.ts';
import { MEASURE, type Rate } from '../../audit/findings.ts';
import { VERDICT_FMR } from '../../audit/verdict.ts';
import { type ComparedRate, type Comparison, READING } from '../compare.ts';
import { html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';
import { VERDICT_WORDS } from './verdict.ts';

const COLUMNS: readonly Column<ComparedRate>[] = [
  { title: 'Attack', cell: (row) => row.attack },
  { title: 'Measure', cell: (row) => html`<span class="nowrap">${row.name}</span>` },
  { title: 'Judge', cell: (row) => row.judge },
  { title: 'FMR', cell: (row) => (row.fmr === null ? '–' : formatExactPercent(row.fmr)), isNumber: true },
  { title: 'Baseline', cell: (row) => figures(row.baseline), isNumber: true },
  { title: 'Now', cell: (row) => figures(row.current), isNumber: true },
  {
    title: 'Difference',
    cell: (row) => (row.difference === undefined ? '–' : formatPoints(row.difference)),
    isNumber: true,
  },
  { title: 'Told apart', cell: toldApart },
];

/** What changed since the baseline. */
export function comparisonSection({ verdict, rows, caveats }: Comparison): Markup {
  const change =
    verdict.current === verdict.baseline
      ? `The verdict is what it was: ${VERDICT_WORDS[verdict.current].toLowerCase()}.`
      : `The verdict was “${VERDICT_WORDS[verdict.baseline].toLowerCase()}” and is now “${VERDICT_WORDS[verdict.current].toLowerCase()}”.`;
  const isDeciding = ({ name, fmr, difference }: ComparedRate) =>
    (fmr === VERDICT_FMR || name.startsWith(READING)) && name !== MEASURE.genuine && difference !== undefined;
  const deciding = rows.filter(isDeciding);
  const rest = rows.filter((row) => !isDeciding(row));
  return html`<section aria-labelledby="comparison"><h2 id="comparison">Against the baseline</h2><p>${change}</p>
${caveats.length > 0 && html`<p>What else differs:</p><ul>${caveats.map((caveat) => html`<li>${caveat}</li>`)}</ul>`}
${deciding.length > 0 && html`<p>Two rates are told apart where their intervals do not overlap.</p>`}
${deciding.length > 0 && dataTable('Deciding rates, now and before', COLUMNS, deciding)}
${rest.length > 0 && html`<details><summary>The other ${rest.length} rates</summary>${dataTable('Other rates, now and before', COLUMNS, rest)}</details>`}</section>`;
}

function figures(rate: Pick<Rate, 'rate' | 'low' | 'high'> | undefined): Markup | string {
  if (rate === undefined) return 'not measured';
  return html`${formatPercent(rate.rate)} <span class="unit">(${formatInterval(rate)})</span>`;
}

function toldApart({ difference, overlaps }: ComparedRate): string {
  if (difference === undefined) return '–';
  if (overlaps) return 'no';
  return difference > 0 ? '▲\u00a0higher' : '▼\u00a0lower';
}
