import { formatCount, formatPercent } from '../audit/figures.ts';
import type { Curve } from '../audit/findings.ts';
import { html, type Markup } from './escape.ts';

const WIDTH = 360;
const HEIGHT = 220;
const PLOT = { left: 40, right: 330, top: 12, bottom: 172 } as const;
/** Where zero stands on a logarithmic axis: as far left of the smallest point as this share of the width. */
const ZERO_GAP = 0.14;
/** Two tick labels nearer than this would run into each other. */
const LABEL_SPACE = 34;

type Point = Curve['points'][number];

/**
 * A rate against what the attacker has, with its interval as a band, as SVG that scales with its column.
 *
 * @param top - end of the y axis, 0..1, so that curves side by side share a scale.
 * @param level - rate drawn as a dashed line.
 */
export function curvePlot(curve: Curve, top: number, level: number): Markup {
  const x = horizontalScale(curve);
  const y = (share: number) => round(PLOT.bottom - (share / top) * (PLOT.bottom - PLOT.top));
  const path = (points: readonly Point[], height: (point: Point) => number) =>
    points.map((point) => `${x(point.x)},${y(height(point))}`).join(' ');
  const low = path(curve.points, (point) => point.low ?? point.y);
  const high = path(curve.points.toReversed(), (point) => point.high ?? point.y);
  return html`<svg class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${describeCurve(curve)}">${[
    0,
    top / 2,
    top,
  ].map((tick) =>
    horizontalLine(tick, y(tick)),
  )}<polygon class="band" points="${low} ${high}"/><line class="level" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(level)}" y2="${y(level)}"/><polyline class="line" points="${path(
    curve.points,
    (point) => point.y,
  )}"/>${curve.points.map((point) => html`<circle class="mark" cx="${x(point.x)}" cy="${y(point.y)}" r="4"/>`)}${lastLabel(
    curve,
    x,
    y,
  )}${ticks(curve, x)}<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${axisLabel(curve)}</text></svg>`;
}

/** The end of a y axis that all curves fit under: 25, 50 or 100 %. */
export function sharedTop(curves: readonly Curve[]): number {
  const highest = Math.max(0, ...curves.flatMap((curve) => curve.points.map((point) => point.high ?? point.y)));
  return [0.25, 0.5, 1].find((top) => highest <= top) ?? 1;
}

/** What a curve shows, in words: its ends. */
function describeCurve({ name, x, points }: Curve): string {
  const say = (point: Point | undefined) =>
    point === undefined ? 'nothing' : `${formatPercent(point.y)} at ${formatCount(point.x)} ${x.unit}`;
  return `${name}: from ${say(points[0])} to ${say(points.at(-1))}.`;
}

/** Maps x to pixels; on a logarithmic axis zero gets a place of its own at the left. */
function horizontalScale({ x, points }: Curve): (value: number) => number {
  const values = points.map((point) => point.x);
  const width = PLOT.right - PLOT.left;
  if (x.scale === 'linear') {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value) => round(PLOT.left + ((value - low) / (high - low || 1)) * width);
  }
  const positive = values.filter((value) => value > 0);
  const start = positive.length < values.length ? ZERO_GAP : 0;
  const [low, high] = [Math.log(Math.min(...positive)), Math.log(Math.max(...positive))];
  return (value) =>
    value <= 0
      ? PLOT.left
      : round(PLOT.left + (start + ((1 - start) * (Math.log(value) - low)) / (high - low || 1)) * width);
}

/** Labels at the points themselves, right to left, leaving out those that would run into a neighbour. */
function ticks({ points }: Curve, x: (value: number) => number): Markup[] {
  let free = Number.POSITIVE_INFINITY;
  return points.toReversed().map(({ x: value }) => {
    const position = x(value);
    const isFree = free - position >= LABEL_SPACE;
    if (isFree) free = position;
    return html`<line class="axis" x1="${position}" x2="${position}" y1="${PLOT.bottom}" y2="${PLOT.bottom + 4}"/>${
      isFree && html`<text x="${position}" y="${PLOT.bottom + 17}" text-anchor="middle">${formatCount(value)}</text>`
    }`;
  });
}

function lastLabel({ points }: Curve, x: (value: number) => number, y: (share: number) => number): Markup | undefined {
  const last = points.at(-1);
  if (last === undefined) return undefined;
  // Above the band where there is room, else below it.
  const above = y(last.high ?? last.y) - 6;
  const height = above > PLOT.top ? above : y(last.low ?? last.y) + 15;
  return html`<text class="last" x="${x(last.x) + 8}" y="${height}" text-anchor="end">${formatPercent(last.y)}</text>`;
}

function horizontalLine(share: number, height: number): Markup {
  const name = share === 0 ? 'axis' : 'grid-line';
  return html`<line class="${name}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${height}" y2="${height}"/><text x="${PLOT.left - 6}" y="${height + 4}" text-anchor="end">${Number((100 * share).toPrecision(3))}${share > 0 && ' %'}</text>`;
}

function axisLabel({ x }: Curve): string {
  const scale = x.scale === 'log' ? ', log scale' : '';
  return x.label.toLowerCase().includes(x.unit.toLowerCase()) ? `${x.label}${scale}` : `${x.label} (${x.unit}${scale})`;
}

function round(pixels: number): number {
  return Number(pixels.toFixed(2));
}
