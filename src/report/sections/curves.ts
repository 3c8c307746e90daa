import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import type { Curve, Findings } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';
import { curvePlot, sharedTop } from '../plot-curve.ts';
import { BUDGET_LEVEL, smallestBudget } from '../recommendations.ts';
import { dataTable } from '../table.ts';

/** What an attacker gets for what he spends: one small plot a curve, all on the same scale, and the figures behind them. */
export function curvesSection({ curves }: Findings): Markup {
  if (curves.length === 0) return html``;
  const top = sharedTop(curves);
  return html`<section aria-labelledby="curves"><h2 id="curves">What the attack costs</h2>
<p>The dashed line marks a success rate of ${formatExactPercent(BUDGET_LEVEL)}; the band is the interval.</p>
${[...Map.groupBy(curves, (curve) => curve.x.label).values()].map((group) => curveGroup(group, top))}
<details><summary>The figures behind the curves</summary>${curves.map(curveTable)}</details></section>`;
}

/** Curves over the same budget, under what their names have in common. */
function curveGroup(curves: readonly Curve[], top: number): Markup {
  const shared = sharedStart(curves.map(({ name }) => name));
  const figures = curves.map(
    (curve) =>
      html`<figure><figcaption>${curve.name.slice(shared.length).replace(/^, /, '')}<br><span>${budgetInWords(curve)}</span></figcaption>${curvePlot(curve, top, BUDGET_LEVEL)}</figure>`,
  );
  return html`${shared !== '' && html`<h3>${shared}</h3>`}<div class="grid narrow">${figures}</div>`;
}

/** What several names begin with, whole clauses alone; of a single name nothing. */
function sharedStart(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split(', '));
  if (others.length === 0) return '';
  // The last clause stays with each curve, though all be alike.
  const end = first.findIndex((clause, i) => i === first.length - 1 || others.some((other) => other[i] !== clause));
  return first.slice(0, end).join(', ');
}

function budgetInWords(curve: Curve): string {
  const smallest = smallestBudget(curve);
  if (smallest === undefined) return 'never reaches 10 %';
  if (curve.points[0]?.x === smallest) return 'above 10\u00a0% from the start';
  return `reaches 10\u00a0% with ${formatCount(smallest)} ${curve.x.unit}`;
}

function curveTable(curve: Curve): Markup {
  return dataTable(
    curve.name,
    [
      { title: curve.x.label, cell: (point) => formatCount(point.x) },
      { title: curve.y.label, cell: (point) => formatPercent(point.y), isNumber: true },
      {
        title: 'Interval',
        cell: ({ low, high }) => (low === undefined || high === undefined ? '–' : formatInterval({ low, high })),
        isNumber: true,
      },
    ],
    curve.points,
  );
}
