import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import type { Findings, Rate } from '../../audit/findings.ts';
import { leakLevel, VERDICT_FMR } from '../../audit/verdict.ts';
import { type Content, html, type Markup } from '../escape.ts';
import { type JudgePanels, type Panel, panelsByJudge } from '../panels.ts';
import { intervalAxis, intervalLegend, intervalStrip, type MarkKind } from '../plot-intervals.ts';

/** Every measured rate: a small table with its plot for each measure and threshold, each judge apart, chance controls beside. */
export function ratesSection(findings: Findings): Markup {
  const judges = panelsByJudge(findings);
  if (judges.length === 0) return html``;
  const own = new Set(
    findings.provenance.models
      .filter(({ role }) => role === 'inverter')
      .map(({ id }) => id.replace(/^inverter of /, '')),
  );
  return html`<section aria-labelledby="rates"><h2 id="rates">How often the attack succeeds</h2>
<p>A trial succeeds where the rebuilt face is accepted: type-I against the very photo behind the template, type-II against
another photo of the same person. FMR is the share of strangers that the threshold lets pass.</p>
${intervalLegend(levels(findings))}
${judges.map((judge) => judgePart(judge, own.has(judge.judge)))}</section>`;
}

/** From where a rate counts as a leak, at each threshold that is shown, the verdict's first. */
function levels({ rates }: Findings): string {
  const fmrs = new Set([VERDICT_FMR, ...rates.flatMap(({ fmr }) => fmr ?? [])]);
  return [...Map.groupBy(fmrs, leakLevel)]
    .map(
      ([level, at]) => `${formatExactPercent(level)} at FMR ${at.map((fmr) => formatExactPercent(fmr)).join(' and ')}`,
    )
    .join(', ');
}

/** The first cells of a row with its interval: what it is, the plot, the figures. */
export function intervalRow(
  rate: Omit<Rate, 'name' | 'attack' | 'target' | 'judge' | 'fmr'>,
  kind: MarkKind,
  label: Content,
  level?: number,
): Markup {
  return html`<tr role="row" class="${kind}"><th scope="row" role="rowheader">${label}</th><td role="cell" class="plot">${intervalStrip(
    rate,
    kind,
    level,
  )}</td><td role="cell" class="figure"><strong>${formatPercent(rate.rate)}</strong> <span class="count">${formatCount(rate.successes)} of ${formatCount(rate.trials)}</span><span class="range">${formatInterval(rate)}</span></td></tr>
`;
}

/** A table of {@link intervalRow}s under its scale. The roles keep it a table where a narrow screen lays its rows out as grids. */
export function intervalTable(caption: Content, first: string, rows: readonly Markup[]): Markup {
  return html`<table class="panel" role="table"><caption>${caption}</caption>
<thead><tr role="row"><th scope="col" role="columnheader">${first}</th><td class="plot">${intervalAxis()}</td><th scope="col" role="columnheader" class="figure">Rate, trials, interval</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}

/** @param isOfInverter - whether the inverter that the attack used was trained on this judge's embeddings. */
function judgePart({ judge, isTarget, panels }: JudgePanels, isOfInverter: boolean): Markup {
  const title = isTarget ? html`Judged by the attacked encoder, ${judge}` : html`Judged by another encoder, ${judge}`;
  return html`<div class="judge"><h3>${title}</h3><p class="note">${noteOn(isTarget, isOfInverter)}</p><div class="grid">${panels.map(panelTable)}</div></div>`;
}

function noteOn(isTarget: boolean, isOfInverter: boolean): string {
  if (isTarget)
    return 'What the owner’s own system would accept. An attack may fool the very encoder it was made for, so see the other judges too.';
  if (isOfInverter)
    return 'The attack’s inverter was trained on this encoder’s embeddings, so that it judges the faces too well. Believe the other judges first.';
  return 'It took no part in this audit’s attack: what passes here is likeness to the person, not a quirk of the attacked encoder.';
}

function panelTable({ measure, fmr, attacks, controls, ceiling }: Panel): Markup {
  const level = fmr === null ? undefined : leakLevel(fmr);
  const caption = html`${measure} <span>${fmr === null ? 'in a gallery, no threshold' : `at FMR ${formatExactPercent(fmr)}`}</span>`;
  return intervalTable(caption, 'Attack or control', [
    ...attacks.map((rate) => intervalRow(rate, 'attack', rate.attack, level)),
    ...controls.map((control) => intervalRow(control, 'control', control.attack, level)),
    ...(ceiling === undefined ? [] : [intervalRow(ceiling, 'ceiling', ceiling.attack, level)]),
  ]);
}
