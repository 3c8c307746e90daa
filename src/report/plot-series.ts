import { formatCount } from '../audit/figures.ts';
import type { SeriesWindow } from '../metric/window-means.ts';
import { html, type Markup } from './escape.ts';

const HEIGHT = 220;
const [TOP, BOTTOM] = [12, 172];
const LEFT = 48;

/** Room right of the plot, for names. */
const RIGHT = { line: 30, shares: 64 } as const;
const WIDTH = { line: 360, shares: 760 } as const;

/** A band is named in the plot where it is this high at its end, as a share of the whole. */
const LEAST_NAMED = 0.08;

interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/**
 * A figure over the steps of a training: its mean in each window as a line, the least and greatest as a band. Windows without a number break the line; where a number was missing stands a cross.
 *
 * @param of - what is shown, for who cannot see it.
 * @param unit - of x.
 */
export function seriesPlot(of: string, windows: readonly SeriesWindow[], unit: string): Markup {
  const known = windows.flatMap(({ y }) => y ?? []);
  const x = axisOf(
    windows.map((window) => window.x),
    LEFT,
    WIDTH.line - RIGHT.line,
    3,
  );
  const y = axisOf(
    known.flatMap(({ low, high }) => [low, high]),
    BOTTOM,
    TOP,
    4,
  );
  const runs = unbroken(windows, (window) => window.y !== undefined);
  const path = (run: readonly SeriesWindow[], which: 'mean' | 'low' | 'high'): string =>
    run.map((window) => `${x.at(window.x)},${y.at(window.y?.[which] ?? 0)}`).join(' ');
  return html`<svg class="curve" viewBox="0 0 ${WIDTH.line} ${HEIGHT}" role="img" aria-label="${inWords(of, windows)}">${grid(x, y, WIDTH.line - RIGHT.line)}${runs.map(
    (run) =>
      html`<polygon class="band" points="${path(run, 'low')} ${path(run.toReversed(), 'high')}"/><polyline class="line" points="${path(run, 'mean')}"/>${
        run.length === 1 && dot(x.at(run[0]?.x ?? 0), y.at(run[0]?.y?.mean ?? 0))
      }`,
  )}${crosses(windows, x)}${stepAxis(x, unit, WIDTH.line - RIGHT.line)}</svg>`;
}

/** One of the bands of {@link sharesPlot}. */
export interface ShareBand {
  readonly name: string;
  /** Of the same x in all bands. */
  readonly windows: readonly SeriesWindow[];
}

/** Shares of a whole over the steps of a training, on top of each other, the first at the bottom; each is darker than the one below it. */
export function sharesPlot(of: string, bands: readonly ShareBand[], unit: string): Markup {
  const right = WIDTH.shares - RIGHT.shares;
  const columns = (bands[0]?.windows ?? []).map(({ x, missing }, i) => {
    const shares = bands.map(({ windows }) => windows[i]?.y?.mean);
    return { x, missing, y: undefined, tops: shares.includes(undefined) ? undefined : stacked(shares.map(Number)) };
  });
  const x = axisOf(
    columns.map((column) => column.x),
    LEFT,
    right,
    6,
  );
  const y: Axis = { at: (share) => round(BOTTOM - share * (BOTTOM - TOP)), ticks: [0, 0.5, 1] };
  const runs = unbroken(columns, ({ tops }) => tops !== undefined);
  const edge = (run: readonly (typeof columns)[number][], band: number): string =>
    run.map((column) => `${x.at(column.x)},${y.at(column.tops?.[band] ?? 0)}`).join(' ');
  const last = runs.at(-1)?.at(-1);
  return html`<svg class="curve wide" viewBox="0 0 ${WIDTH.shares} ${HEIGHT}" role="img" aria-label="${of}. ${bands.map(({ name, windows }) => inWords(name, windows)).join(' ')}">${runs.map(
    (run) =>
      bands.map(
        (_, band) =>
          html`<polygon class="share" fill-opacity="${shade(band, bands.length)}" points="${edge(run, band)} ${edge(run.toReversed(), band + 1)}"/>`,
      ),
  )}${grid(x, y, right, percent)}${bands.map(({ name }, band) => {
    const [low, high] = [last?.tops?.[band] ?? 0, last?.tops?.[band + 1] ?? 0];
    return (
      high - low >= LEAST_NAMED &&
      html`<text class="last" x="${right + 6}" y="${y.at((low + high) / 2) + 4}">${name}</text>`
    );
  })}${crosses(columns, x)}${stepAxis(x, unit, right)}</svg>`;
}

/** Names of the bands, each with its shade. */
export const sharesLegend = (names: readonly string[]): Markup =>
  html`<ul class="legend">${names.map(
    (name, band) =>
      html`<li><svg aria-hidden="true" viewBox="0 0 26 12"><rect class="share" width="26" height="12" fill-opacity="${shade(band, names.length)}"/></svg>${name}</li>`,
  )}</ul>`;

const shade = (band: number, bands: number): number => round(0.12 + (0.78 * band) / Math.max(1, bands - 1));

/** Lower edges of the bands, and the upper one of the last. */
function stacked(shares: readonly number[]): number[] {
  const tops = [0];
  for (const share of shares) tops.push((tops.at(-1) ?? 0) + share);
  return tops;
}

/** Neighbours that have something to draw, together. */
function unbroken<T>(items: readonly T[], isKnown: (item: T) => boolean): T[][] {
  const runs: T[][] = [[]];
  for (const item of items) {
    if (isKnown(item)) runs.at(-1)?.push(item);
    else if (runs.at(-1)?.length) runs.push([]);
  }
  return runs.filter(({ length }) => length > 0);
}

/** How much closer than wanted ticks may stand, before the next wider step is taken. */
const ENOUGH = 0.75;

/** An axis on which the values fill the room, with round ticks. */
function axisOf(values: readonly number[], from: number, to: number, wanted: number): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const isFlat = !(most > least);
  // A share of what is great, where a half would be lost in its rounding.
  const room = Math.max(0.5, Math.abs(least) / 1000);
  const [low, high] = values.length === 0 ? [0, 1] : isFlat ? [least - room, least + room] : [least, most];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= ENOUGH * rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  return { at: (value) => round(from + ((value - low) / (high - low)) * (to - from)), ticks };
}

const percent = (share: number): string => `${100 * share}${share > 0 ? ' %' : ''}`;
const plain = (value: number): string => String(Number(value.toPrecision(4)));

const grid = (x: Axis, y: Axis, right: number, label = plain): Markup =>
  html`${y.ticks.map((tick) => html`<line class="grid-line" x1="${LEFT}" x2="${right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/><text x="${LEFT - 6}" y="${y.at(tick) + 4}" text-anchor="end">${label(tick)}</text>`)}${x.ticks.map((tick) => html`<line class="axis" x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${BOTTOM}" y2="${BOTTOM + 4}"/>`)}`;

const stepAxis = (x: Axis, unit: string, right: number): Markup =>
  html`<line class="axis" x1="${LEFT}" x2="${right}" y1="${BOTTOM}" y2="${BOTTOM}"/>${x.ticks.map(
    (tick) => html`<text x="${x.at(tick)}" y="${BOTTOM + 17}" text-anchor="middle">${formatCount(tick)}</text>`,
  )}<text x="${(LEFT + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${unit}</text>`;

/** Where numbers were missing. */
const crosses = (windows: readonly Pick<SeriesWindow, 'x' | 'missing'>[], x: Axis): Markup[] =>
  windows
    .filter(({ missing }) => missing > 0)
    .map((window) => html`<path class="missing" d="M${round(x.at(window.x) - 4)} ${BOTTOM - 9}l8 8m0-8l-8 8"/>`);

const dot = (x: number, y: number): Markup => html`<circle class="mark" cx="${x}" cy="${y}" r="3"/>`;

function inWords(of: string, windows: readonly SeriesWindow[]): string {
  const known = windows.flatMap(({ y }) => y ?? []);
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return `${of}: no number.`;
  const missing = windows.reduce((sum, window) => sum + window.missing, 0);
  return `${of}: from ${plain(first.mean)} to ${plain(last.mean)}${missing > 0 ? `; ${missing} without a number` : ''}.`;
}

const round = (value: number): number => Number(value.toFixed(2));
