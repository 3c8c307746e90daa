import { html, type Markup } from './escape.ts';

/** What a row of an interval plot shows; each kind has a shape of its own, so that colour is never needed to tell them apart. */
export type MarkKind = 'attack' | 'control' | 'ceiling';

interface Interval {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;
/** Vertical middle of a strip of 20 px. */
const MIDDLE = 10;

/**
 * One rate as a dot with its interval on a scale from 0 to 100 %.
 *
 * Positions are percentages, so a strip fills whatever width it gets and its marks keep their shape. It is hidden from screen
 * readers: the same figures stand beside it as text.
 *
 * @param level - drawn as a dashed line where given.
 */
export function intervalStrip(interval: Interval, kind: MarkKind, level?: number): Markup {
  return html`<svg class="strip ${kind}" aria-hidden="true">${TICKS.map((tick) => upright(tick, 'grid-line'))}${
    level !== undefined && upright(level, 'level')
  }<line class="whisker" x1="${at(interval.low)}" x2="${at(interval.high)}" y1="${MIDDLE}" y2="${MIDDLE}"/><svg class="strip-mark" x="${at(
    interval.rate,
  )}" y="${MIDDLE}" overflow="visible">${markShape(kind)}</svg></svg>`;
}

/** The scale above or below strips: 0, 50 and 100 %. */
export function intervalAxis(): Markup {
  const label = (tick: number, anchor: string) =>
    html`<text x="${at(tick)}" dx="${anchor === 'end' ? 8 : 0}" y="14" text-anchor="${anchor}">${100 * tick}${tick === 1 && ' %'}</text>`;
  return html`<svg class="strip" aria-hidden="true">${label(0, 'middle')}${label(0.5, 'middle')}${label(1, 'end')}</svg>`;
}

/** What the marks mean. */
export function intervalLegend(level: string): Markup {
  const key = (kind: MarkKind, text: string) =>
    html`<li><svg class="${kind}" aria-hidden="true"><line class="whisker" x1="2" x2="24" y1="6" y2="6"/><svg x="13" y="6" overflow="visible">${markShape(kind)}</svg></svg>${text}</li>`;
  return html`<ul class="legend">${key('attack', 'attack, with its interval')}${key('control', 'chance control')}${key(
    'ceiling',
    'real photos of the same person, the ceiling',
  )}<li><svg aria-hidden="true"><line class="level" x1="13" x2="13" y1="-2" y2="14"/></svg>counts as a leak from here: ${level}</li></ul>`;
}

/** The shape of a mark around the origin: a dot, a diamond, a square. */
function markShape(kind: MarkKind): Markup {
  switch (kind) {
    case 'attack':
      return html`<circle class="mark" r="5.5"/>`;
    case 'control':
      return html`<path class="mark" d="M0-5 5 0 0 5-5 0Z"/>`;
    case 'ceiling':
      return html`<rect class="mark" x="-4" y="-4" width="8" height="8"/>`;
  }
}

function upright(share: number, name: string): Markup {
  return html`<line class="${name}" x1="${at(share)}" x2="${at(share)}" y1="0" y2="20"/>`;
}

function at(share: number): string {
  return `${Number((100 * share).toFixed(3))}%`;
}
