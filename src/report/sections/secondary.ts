import { formatCount, formatPercent } from '../../audit/figures.ts';
import type { Cost, Findings, Quality } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';
import { dataTable } from '../table.ts';

/** Image quality, labelled as what cannot make a verdict. */
export function qualitySection({ audit, quality }: Findings): Markup {
  if (quality.length === 0) return html``;
  return html`<section aria-labelledby="quality"><h2 id="quality">Image quality (secondary)</h2>
${
  audit === 'attributes'
    ? html`<p>How near the protected portraits come to the originals. These figures make no verdict: what hardly changes a pixel may hide much, and what is plain to see nothing.</p>`
    : html`<p>How near the rebuilt pixels come to the photo. These figures make no verdict: a blurred average face scores well and is no one,
and a sharp face of the right person scores badly where it looks the other way.</p>`
}
${dataTable<Quality>(
  'Likeness of pixels, mean over images',
  [
    { title: audit === 'attributes' ? 'Protection' : 'Attack', cell: (row) => row.attack },
    { title: 'Measure', cell: (row) => row.measure },
    { title: 'Mean', cell: (row) => withUnit(row.mean, row.unit), isNumber: true },
    {
      title: 'Deviation',
      cell: (row) => (row.deviation === undefined ? '–' : withUnit(row.deviation, row.unit)),
      isNumber: true,
    },
    { title: 'Images', cell: (row) => formatCount(row.images), isNumber: true },
  ],
  quality,
)}</section>`;
}

/** What each defence costs on clean data. */
export function costsSection({ costs }: Findings): Markup {
  if (costs.length === 0) return html``;
  return html`<section aria-labelledby="costs"><h2 id="costs">What defences cost</h2>
${dataTable<Cost>(
  'On clean data',
  [
    { title: 'Defence', cell: (row) => row.defence },
    { title: 'Measure', cell: (row) => row.measure },
    { title: 'Without', cell: (row) => withUnit(row.without, row.unit), isNumber: true },
    { title: 'With', cell: (row) => withUnit(row.with, row.unit), isNumber: true },
  ],
  costs,
)}</section>`;
}

function withUnit(value: number, unit: string): string {
  if (unit === 'rate') return formatPercent(value);
  const figure = Number(value.toPrecision(4));
  return unit === '' ? String(figure) : `${figure}\u00a0${unit}`;
}
