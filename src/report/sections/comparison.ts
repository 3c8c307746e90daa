import { formatFmr, formatInterval, formatPercent, formatPoints } from '../../audit/figures.ts';
import type { Rate } from '../../audit/findings.ts';
import type { ComparedRate, Comparison } from '../compare.ts';
import { html, type Markup } from '../escape.ts';
import { dataTable } from '../table.ts';
import { VERDICT_WORDS } from './verdict.ts';

/** What changed since the baseline. */
export function comparisonSection({ verdict, rows, caveats }: Comparison): Markup {
  const change =
    verdict.current === verdict.baseline
      ? `The verdict is what it was: ${VERDICT_WORDS[verdict.current].toLowerCase()}.`
      : `The verdict was “${VERDICT_WORDS[verdict.baseline].toLowerCase()}” and is now “${VERDICT_WORDS[verdict.current].toLowerCase()}”.`;
  return html`<section aria-labelledby="comparison"><h2 id="comparison">Against the baseline</h2><p>${change}</p>
${caveats.length > 0 && html`<p>What else differs:</p><ul>${caveats.map((caveat) => html`<li>${caveat}</li>`)}</ul>`}
${dataTable<ComparedRate>(
  'Rates now and before',
  [
    { title: 'Attack', cell: (row) => row.attack },
    { title: 'Measure', cell: (row) => row.name },
    { title: 'Judge', cell: (row) => row.judge },
    { title: 'FMR', cell: (row) => (row.fmr === null ? '–' : formatFmr(row.fmr)), isNumber: true },
    { title: 'Baseline', cell: (row) => figures(row.baseline), isNumber: true },
    { title: 'Now', cell: (row) => figures(row.current), isNumber: true },
    {
      title: 'Difference',
      cell: (row) => (row.difference === undefined ? '–' : formatPoints(row.difference)),
      isNumber: true,
    },
    { title: 'Told apart', cell: toldApart },
  ],
  rows,
)}</section>`;
}

function figures(rate: Pick<Rate, 'rate' | 'low' | 'high'> | undefined): Markup | string {
  if (rate === undefined) return 'not measured';
  return html`${formatPercent(rate.rate)} <span class="unit">(${formatInterval(rate)})</span>`;
}

function toldApart({ difference, overlaps }: ComparedRate): string {
  if (difference === undefined) return '–';
  if (overlaps) return 'no, intervals overlap';
  return difference > 0 ? '▲ higher' : '▼ lower';
}
