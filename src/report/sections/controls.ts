import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import type { Control, Findings, SelfTest } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';

const EXPECTED: Readonly<Record<Control['expected'], string>> = {
  leaks: 'must be found leaking, by one measure at least',
  'no-leak': 'must not be found leaking',
  fooled: 'must be fooled',
  withstands: 'must not be fooled',
  chance: 'must not succeed',
};

const heldMark = ({ held }: { readonly held: boolean }): Markup =>
  held ? html`<span class="held">✓ held</span>` : html`<span class="failed">✗ not held</span>`;

const SELF_TEST_COLUMNS: readonly Column<SelfTest>[] = [
  { title: 'Self-test', cell: (test) => test.name },
  { title: 'Held', cell: heldMark },
  { title: 'What was seen', cell: (test) => test.sentence },
];

const COLUMNS: readonly Column<Control>[] = [
  {
    title: 'Control',
    cell: (control) => (control.expected === 'chance' ? control.attack : `${control.target}: ${control.attack}`),
  },
  { title: 'Expected', cell: (control) => EXPECTED[control.expected] },
  { title: 'Held', cell: heldMark },
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

const WHY: Readonly<Record<string, Markup>> = {
  inversion: html`<p>Encoders planted to leak and not to leak show that the attack tells them apart; faces that owe nothing to the template
show what chance gives. Where one does not hold, the verdict is inconclusive.</p>`,
  robustness: html`<p>An encoder planted to be fooled and one planted to withstand show that the attacks tell them apart; noise as large as
the perturbation shows what chance gives. Where one of these or a self-test does not hold, the verdict is inconclusive.</p>`,
  attributes: html`<p>A coin was tossed for each person, and those of heads were given a mark. Each attack must find the coin where there is a mark, must not where there is none or a protection
erased it, and must see through a protection that only moves the mark; photos that were not changed must give the same figures. Where one of these does not hold, the verdict is inconclusive.</p>`,
  training: html`<p>A planted model that knows its people’s photos by heart must be found by the attacks, one that knows them under other people’s labels must not, and faces that owe nothing to any model must be
found by nobody. Of membership, a look-up table of the training photos must be found, labels must count, and in encoders that have seen neither kind of photo nothing may be found. Where one of these does not
hold, the verdict is inconclusive.</p>`,
  liveness: html`<p>A check that lets everybody pass must be found to be fooled, and one that refuses everybody must not; where even the first is not, no attack deceives the matcher, and the figures would say nothing.
Self-tests try what no session may accept. Where one of these does not hold, the verdict is inconclusive.</p>`,
};

/** The controls: what was expected of each and whether it held; planted encoders and failures first. */
export function controlsSection({ audit, controls, selfTests = [] }: Findings): Markup {
  const urgency = (control: Control) => (control.held ? 0 : 2) + (control.expected === 'chance' ? 0 : 1);
  const sorted = controls.toSorted((a, b) => urgency(b) - urgency(a));
  const first = sorted.filter((control) => urgency(control) > 0);
  const rest = sorted.filter((control) => urgency(control) === 0);
  const caption = first.every((control) => control.held) ? 'Planted encoders' : 'Planted encoders and failures';
  return html`<section aria-labelledby="controls"><h2 id="controls">Does the measurement work?</h2>
${WHY[audit]}
${selfTests.length > 0 && dataTable('Self-tests', SELF_TEST_COLUMNS, selfTests)}
${controls.length + selfTests.length === 0 && html`<p><strong>No control was run.</strong></p>`}
${first.length > 0 && dataTable(caption, COLUMNS, first)}
${rest.length > 0 && html`<details${first.length === 0 && html` open`}><summary>Chance controls that held: ${rest.length}</summary>${dataTable('Chance controls', COLUMNS, rest)}</details>`}</section>`;
}
