import type { MaskingRow, MaskingSummary } from '../audit/masking/summary.ts';
import type { Estimate } from '../metric/intervals.ts';
import { html, type Markup } from './escape.ts';

const SIZE = { width: 860, height: 560 } as const;
const PLOT = { left: 64, right: 600, top: 24, bottom: 500 } as const;

/** Names stand in a column beside the plot, a line each, so that none lies on another. */
const NAMES = { left: 650, line: 20 } as const;

/** Free room around the outermost intervals, as a share of the axis. */
const MARGIN = 0.05;

/** What a person reads beside whom: adaptive maskings are told from the others by shape and colour. */
const LOOKS = {
  adaptive: { fill: '#b5461a', stroke: '#b5461a' },
  other: { fill: '#ffffff', stroke: '#33475b' },
} as const;

/** A masking, and where it is. */
interface Point {
  readonly row: MaskingRow;
  readonly x: number;
  readonly y: number;
}

/**
 * Privacy against utility as an SVG picture of its own: how often training mixes are linked with open photos by the attacker who links most (less is better, to the left) against accuracy on strangers (more is
 * better, upwards), with intervals.
 */
export function maskingPlot({ rows }: MaskingSummary): string {
  const x = axis(
    rows.map(({ linked }) => linked),
    PLOT.left,
    PLOT.right,
  );
  const y = axis(
    rows.map(({ accuracy }) => accuracy),
    PLOT.bottom,
    PLOT.top,
  );
  const points = rows.map((row) => ({ row, x: x.at(row.linked.value), y: y.at(row.accuracy.value) }));
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="system-ui, sans-serif" font-size="13" fill="#1d2733" role="img" aria-label="Accuracy against linkage of each masking"><rect width="${SIZE.width}" height="${SIZE.height}" fill="#ffffff"/>${x.ticks.map(
    (tick) =>
      html`<line x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${PLOT.top}" y2="${PLOT.bottom}" stroke="#e3e7ec"/><text x="${x.at(tick)}" y="${PLOT.bottom + 18}" text-anchor="middle">${percentOf(tick)}</text>`,
  )}${y.ticks.map(
    (tick) =>
      html`<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y.at(tick)}" y2="${y.at(tick)}" stroke="#e3e7ec"/><text x="${PLOT.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${percentOf(tick)}</text>`,
  )}<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}" text-anchor="middle">training mixes linked with open photos by the attacker who links most (to the left is better)</text><text x="18" y="${(PLOT.top + PLOT.bottom) / 2}" text-anchor="middle" transform="rotate(-90 18 ${(PLOT.top + PLOT.bottom) / 2})">accuracy on strangers, ten folds (up is better)</text>${points.map(
    (point) => cross(point, x.at, y.at),
  )}${named(points)}${points.map(mark)}</svg>`;
  return `${svg.text}\n`;
}

const percentOf = (share: number): string => `${Number((100 * share).toPrecision(4))} %`;

/** A scale that holds all intervals, and round ticks on it. */
function axis(
  estimates: readonly Estimate[],
  start: number,
  end: number,
): { readonly at: (value: number) => number; readonly ticks: readonly number[] } {
  const [lowest, highest] = [
    Math.min(...estimates.map(({ low }) => low)),
    Math.max(...estimates.map(({ high }) => high)),
  ];
  const room = MARGIN * (highest - lowest || 0.1);
  const [low, high] = [lowest - room, highest + room];
  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((size) => (high - low) / size <= 8) ?? 0.5;
  const first = Math.ceil(low / step);
  return {
    at: (value) => Number((start + ((value - low) / (high - low)) * (end - start)).toFixed(1)),
    ticks: Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => (first + i) * step),
  };
}

const lookOf = ({ row }: Point) => (row.contender.startsWith('adaptive') ? LOOKS.adaptive : LOOKS.other);

/** Intervals of both figures. */
function cross(point: Point, x: (value: number) => number, y: (value: number) => number): Markup {
  const { row } = point;
  const { stroke } = lookOf(point);
  return html`<g stroke="${stroke}" stroke-opacity="0.35"><line x1="${x(row.linked.low)}" x2="${x(row.linked.high)}" y1="${point.y}" y2="${point.y}"/><line x1="${point.x}" x2="${point.x}" y1="${y(row.accuracy.low)}" y2="${y(row.accuracy.high)}"/></g>`;
}

function mark(point: Point): Markup {
  const { fill, stroke } = lookOf(point);
  const { x, y } = point;
  return point.row.contender.startsWith('adaptive')
    ? html`<rect x="${x - 5}" y="${y - 5}" width="10" height="10" fill="${fill}" stroke="${stroke}"/>`
    : html`<circle cx="${x}" cy="${y}" r="5" fill="${fill}" stroke="${stroke}" stroke-width="1.5"/>`;
}

/** Names in the column, in the order of their points from the top, each with a thin line to its own. */
function named(points: readonly Point[]): Markup[] {
  const ordered = points.toSorted((a, b) => a.y - b.y);
  const height = ordered.length * NAMES.line;
  const top = (PLOT.top + PLOT.bottom - height) / 2 + NAMES.line / 2;
  return ordered.map((point, i) => {
    const at = top + i * NAMES.line;
    const { stroke } = lookOf(point);
    return html`<line x1="${point.x}" y1="${point.y}" x2="${NAMES.left - 6}" y2="${at}" stroke="#c6ced6" stroke-width="0.7"/><text x="${NAMES.left}" y="${at + 4}" fill="${stroke}">${point.row.contender}</text>`;
  });
}
