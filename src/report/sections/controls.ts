import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import type { Control, Findings } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';

const EXPECTED: Readonly<Record<Control['expected'], string>> = {
  leaks: 'must be found leaking, by type-I or type-II',
  'no-leak': 'must not be found leaking',
  chance: 'must not pass for the person',
};

const COLUMNS: readonly Column<Control>[] = [
  {
    title: 'Control',
    cell: (control) => (control.expected === 'chance' ? control.attack : `${control.target}: ${control.attack}`),
  },
  { title: 'Expected', cell: (control) => EXPECTED[control.expected] },
  {
    title: 'Held',
    cell: (control) =>
      control.held ? html`<span class="held">✓ held</span>` : html`<span class="failed">✗ not held</span>`,
  },
  { title: 'Measure', cell: (control) => html`<span class="nowrap">${control.name}</span>` },
  { title: 'Judge', cell: (control) => control.judge },
  { title: 'FMR', cell: (control) => (control.fmr === null ? '–' : formatExactPercent(control.fmr)), isNumber: true },
  { title: 'Rate', cell: (control) => formatPercent(control.rate), isNumber: true },
  { title: 'Interval', cell: (control) => formatInterval(control), isNumber: true },
  {
    title: 'Trials',
    cell: (control) => `${formatCount(control.successes)} of ${formatCount(control.trials)}`,
    isNumber: true,
  },
];

/** The controls: what was expected of each and whether it held; planted encoders and failures first. */
export function controlsSection({ controls }: Findings): Markup {
  const urgency = (control: Control) => (control.held ? 0 : 2) + (control.expected === 'chance' ? 0 : 1);
  const sorted = controls.toSorted((a, b) => urgency(b) - urgency(a));
  const first = sorted.filter((control) => urgency(control) > 0);
  const rest = sorted.filter((control) => urgency(control) === 0);
  const caption = first.every((control) => control.held) ? 'Planted encoders' : 'Planted encoders and failures';
  return html`<section aria-labelledby="controls"><h2 id="controls">Does the measurement work?</h2>
<p>Encoders planted to leak and not to leak show that the attack tells them apart; faces that owe nothing to the template
show what chance gives. Where one does not hold, the verdict is inconclusive.</p>
${controls.length === 0 && html`<p><strong>No control was run.</strong></p>`}
${first.length > 0 && dataTable(caption, COLUMNS, first)}
${rest.length > 0 && html`<details${first.length === 0 && html` open`}><summary>Chance controls that held: ${rest.length}</summary>${dataTable('Chance controls', COLUMNS, rest)}</details>`}</section>`;
}
