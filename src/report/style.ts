/**
 * The report's style sheet: system fonts, one accent, no image and nothing fetched.
 *
 * Contrast of text to ground is at least 4.5 in both schemes. Marks differ by shape as well as colour.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f6f7; --line: #d5d9de; --grid: #e6e9ec;
  --ink: #16191d; --muted: #565e68; --accent: #1d4f91; --band: #1d4f9126;
  --leaks: #a3241c; --leaks-little: #1d4f91; --inconclusive: #7a5200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --raised: #1d2125; --line: #3a4149; --grid: #2a3036;
    --ink: #e8eaec; --muted: #a4acb5; --accent: #8ab6f2; --band: #8ab6f233;
    --leaks: #f59a90; --leaks-little: #8ab6f2; --inconclusive: #e3b866;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 66rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
h1, h2, h3 { line-height: 1.2; margin: 0; text-wrap: balance; }
h2 { font-size: 1.35rem; padding-top: 1.5rem; }
h3 { font-size: 1rem; }
p { margin: .5rem 0; max-width: 42rem; }
a { color: var(--accent); }
section { margin-top: 2.5rem; border-top: 1px solid var(--line); }
.kicker, .note, .unit, caption span, figcaption span { color: var(--muted); }
.kicker { margin: 0; font-size: .9rem; }
.note { font-size: .9rem; }

.verdict { border: 0; margin: 1.25rem 0 0; }
.verdict h1 { font-size: clamp(2.2rem, 7vw, 3.4rem); letter-spacing: -.02em; display: flex; align-items: center; gap: .35em; }
.verdict h1 svg { width: .72em; height: .72em; flex: none; }
.is-grave { color: var(--leaks); } .is-slight { color: var(--leaks-little); } .is-open { color: var(--inconclusive); }
.verdict .sentence { font-size: clamp(1.1rem, 2.6vw, 1.3rem); max-width: 54rem; margin: .6rem 0 1.1rem; text-wrap: pretty; }
.headline { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.75rem; margin: 0 0 1.5rem; }
.headline .big { font-size: 2.4rem; font-weight: 650; line-height: 1.1; letter-spacing: -.02em; }
.headline .range { display: block; font-size: .9rem; font-weight: 400; letter-spacing: 0; color: var(--muted); }
.headline .note { max-width: none; }
.headline .scale { flex: 1 1 18rem; min-width: 0; padding: 0 1rem; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem 2.5rem; }
.answers h2 { font-size: 1.05rem; padding: .6rem 0 0; border-top: 2px solid var(--ink); }
.answers div > * + h2 { margin-top: 1.25rem; }
.answers ol { margin: .5rem 0; padding-left: 1.2rem; } .answers li { margin: .35rem 0; }

.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.75rem 2.5rem; margin-top: 1rem; align-items: start; }
.grid.narrow { align-items: stretch; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); }
.judge { margin-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .35rem; font-size: .95rem; }
caption span, figcaption span { font-weight: 400; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; }
thead th, thead td { font-weight: 500; color: var(--muted); font-size: .8rem; border-bottom: 1px solid var(--line); vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
.number { text-align: right; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
.scroll { overflow-x: auto; margin-top: 1rem; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.panel th { width: 32%; overflow-wrap: anywhere; } .panel .plot { width: auto; padding: .3rem 1rem; } .panel .figure { width: 8.6rem; white-space: nowrap; }
.panel .range, .panel .count { color: var(--muted); font-size: .8rem; }
.panel .range { display: block; line-height: 1.3; }
.panel strong { font-weight: 650; }
.panel .control th, .panel .ceiling th, .panel .control strong, .panel .ceiling strong { color: var(--muted); font-weight: 400; }
.strip { display: block; width: 100%; height: 20px; overflow: visible; }
.strip .grid-line { stroke: var(--grid); } .strip .level, .curve .level { stroke: var(--muted); stroke-dasharray: 3 3; }
.strip text, .curve text { fill: var(--muted); font-size: 11px; }
.curve text { font-size: 12px; }
.whisker { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; opacity: .55; }
.mark { fill: var(--accent); stroke: var(--ground); stroke-width: 1.5; }
.control .whisker, .ceiling .whisker { stroke: var(--muted); stroke-width: 2; }
.control .mark, .ceiling .mark { fill: var(--ground); stroke: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; font-size: .85rem; color: var(--muted); margin: 1rem 0 0; padding: 0; list-style: none; }
.legend li { padding-left: 34px; text-indent: -34px; }
.legend svg { width: 26px; height: 12px; margin-right: .4rem; vertical-align: -1px; overflow: visible; }
.legend .level { stroke: var(--muted); stroke-dasharray: 3 3; }

figure { margin: 0; }
.grid.narrow + h3 { margin-top: 2rem; }
.grid figure { display: flex; flex-direction: column; justify-content: space-between; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .35rem; text-wrap: balance; }
.curve { display: block; width: 100%; max-width: 30rem; height: auto; overflow: visible; }
.curve .grid-line { stroke: var(--grid); } .curve .axis { stroke: var(--muted); }
.curve .band { fill: var(--band); } .curve .line { fill: none; stroke: var(--accent); stroke-width: 2; }
.curve.wide { max-width: none; } .share { fill: var(--accent); stroke: var(--ground); } .curve .missing { stroke: var(--leaks); stroke-width: 2; fill: none; }
.curve .last { fill: var(--ink); font-weight: 600; font-size: 13px; }

dl { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; gap: .35rem 1rem; margin: 1rem 0; }
dt { color: var(--muted); } dd { margin: 0; min-width: 0; } dd ul { margin: 0; padding-left: 1.1rem; }
.held, .nowrap { white-space: nowrap; } .failed { color: var(--leaks); font-weight: 650; white-space: nowrap; }
details { margin-top: 1rem; } summary { cursor: pointer; color: var(--accent); padding: .35rem 0; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; } td code { font-size: .75rem; overflow-wrap: anywhere; }
.faces { display: flex; flex-wrap: wrap; gap: 1.25rem; margin-top: 1rem; }
.faces figure { width: 9.5rem; font-size: .8rem; } .faces figcaption { font-size: .8rem; font-weight: 400; margin: .35rem 0 0; }
.faces .pair { display: flex; gap: .4rem; } .faces img { width: 72px; height: 72px; object-fit: cover; display: block; }
.faces .made { outline: 3px dashed var(--leaks); outline-offset: -3px; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }

@media (max-width: 34rem) {
  .panel tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: .75rem; padding: .35rem 0; }
  .panel tbody tr + tr > * { border-top: 0; } .panel tbody tr + tr { border-top: 1px solid var(--grid); }
  .panel th, .panel .figure { width: auto; padding: 0 0 .1rem; } .panel .figure { text-align: right; }
  .panel .plot { grid-column: 1 / -1; grid-row: 2; padding: .1rem .6rem 0; }
  .panel thead th { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .panel thead tr { padding: 0; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
  .headline .note { max-width: none; }
.headline .scale { flex-basis: 100%; padding: 0 .6rem; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #fff; --raised: #f5f6f7; --line: #bbb; --grid: #ddd; --ink: #000; --muted: #444;
    --accent: #1d4f91; --band: #1d4f9126; --leaks: #a3241c; --leaks-little: #1d4f91; --inconclusive: #7a5200;
  }
  body { padding: 0; max-width: none; font-size: 10pt; }
  section { margin-top: 1.25rem; } h2 { padding-top: .75rem; }
  h2, h3, caption, figcaption { break-after: avoid; }
  tr, figure, .panel, .answers li { break-inside: avoid; }
  .scroll { overflow: visible; }
  * { print-color-adjust: exact; }
}
`;
