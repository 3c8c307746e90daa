import { formatCount } from '../audit/figures.ts';
import { type SeriesPoint, type SeriesWindow, windowMeans } from '../metric/window-means.ts';
import { html, type Markup } from './escape.ts';
import { renderPage, titled } from './page.ts';
import { seriesPlot, sharesLegend, sharesPlot } from './plot-series.ts';
import { type Column, dataTable } from './table.ts';

/** One turn of a training: its figures, undefined where one was no number. */
export interface TurnFigures {
  readonly step: number;
  readonly turn: string;
  readonly figures: ReadonlyMap<string, number | undefined>;
}

/** Windows of a curve: as many as can be told apart, and few enough for a page that is light. */
const WINDOWS = 120;

/** Rows of the table behind the curves. */
const ROWS = 12;

/** What the figures mean, in the order in which they are shown; others follow under their own names. */
const MEANINGS: Readonly<Record<string, { readonly title: string; readonly note: string }>> = {
  loss: { title: 'Loss of the recogniser', note: 'which it lowers' },
  policy_loss: { title: 'Loss of the strategy network', note: 'of REINFORCE: its gradient counts, not its height' },
  reward: { title: 'Reward', note: 'which the strategy network raises' },
  policy_entropy: {
    title: 'Entropy of the policy',
    note: 'ln of the choices while undecided, 0 where it always does the same',
  },
  count: { title: 'Faces in a mix', note: 'mean over a batch' },
  price: { title: 'Price of mixing', note: 'mu, which rises while the accuracy is missed' },
  accuracy: { title: 'Accuracy on held-out photos', note: 'of a batch' },
};

const UNIT = 'steps of the recogniser';

/** A figure over the recogniser's steps. */
interface Series {
  readonly name: string;
  readonly windows: readonly SeriesWindow[];
}

/**
 * Renders the figures of a training as one self-contained HTML page: nothing is fetched, no script runs. Curves are thinned to means over windows, so that the page is light however long the training was.
 *
 * @param name - of the log.
 * @param turns - in order.
 * @returns the whole document, UTF-8.
 */
export function renderTrainingCurves(name: string, turns: readonly TurnFigures[]): string {
  const series = seriesOf(turns);
  const shares = series.filter((one) => /^k\d+$/.test(one.name));
  const others = series.filter((one) => !shares.includes(one));
  const missing = series.reduce((sum, { windows }) => sum + windows.reduce((count, one) => count + one.missing, 0), 0);
  return renderPage({
    title: `Training curves of ${name}`,
    header: html`${titled('Faceward, training', `Training curves of ${name}`)}<p>${summary(turns)}</p>`,
    main: html`${sharesSection(shares)}<section aria-labelledby="figures"><h2 id="figures">Figures</h2>
<p>The line is the mean over a window of steps, the band the least and the greatest in it.${
      missing > 0 &&
      html` <strong>${formatCount(missing)} ${missing === 1 ? 'figure was' : 'figures were'} no number</strong>: a cross marks where.`
    }</p>
<div class="grid narrow">${inOrder(others).map(figure)}</div></section>
<section aria-labelledby="table"><h2 id="table">The figures behind the curves</h2>${table([...inOrder(others), ...shares])}</section>`,
    note: 'Figures of the training itself, on the people that it learnt from: they say nothing of other people. Of DP-SGD they are exact, and epsilon does not cover them: keep them to yourself.',
  });
}

function seriesOf(turns: readonly TurnFigures[]): Series[] {
  const points = new Map<string, SeriesPoint[]>();
  let own = 0;
  for (const { turn, figures } of turns) {
    // A training without turns is the recogniser's alone.
    if (turn !== 'strategy') own++;
    for (const [name, y] of figures) {
      const known = points.get(name) ?? [];
      points.set(name, known);
      known.push({ x: own, y });
    }
  }
  return [...points].map(([name, all]) => ({ name, windows: windowMeans(all, WINDOWS) }));
}

function inOrder(series: readonly Series[]): Series[] {
  const names = Object.keys(MEANINGS);
  const place = ({ name }: Series): number => (names.includes(name) ? names.indexOf(name) : names.length);
  return series.toSorted((a, b) => place(a) - place(b));
}

const titleOf = (name: string): string => (Object.hasOwn(MEANINGS, name) ? (MEANINGS[name]?.title ?? name) : name);

function figure({ name, windows }: Series): Markup {
  const note = Object.hasOwn(MEANINGS, name) ? MEANINGS[name]?.note : undefined;
  return html`<figure><figcaption>${titleOf(name)}${note !== undefined && html`<br><span>${note}</span>`}</figcaption>${seriesPlot(titleOf(name), windows, UNIT)}</figure>`;
}

function sharesSection(shares: readonly Series[]): Markup {
  if (shares.length === 0) return html``;
  const bands = shares.map(({ name, windows }) => ({ name: `k = ${name.slice(1)}`, windows }));
  return html`<section aria-labelledby="choice"><h2 id="choice">What the strategy network chooses</h2>
<p>Its mean probability of each number k of faces in a mix: of few at the bottom, of many, darker, at the top.</p>
<figure><figcaption>Distribution of k</figcaption>${sharesPlot('Distribution of k', bands, UNIT)}</figure>${sharesLegend(bands.map((band) => band.name))}</section>`;
}

function summary(turns: readonly TurnFigures[]): string {
  const ofStrategy = turns.filter(({ turn }) => turn === 'strategy').length;
  const ofRecogniser = turns.length - ofStrategy;
  const own = ofRecogniser === 1 ? '1 step of the recogniser' : `${formatCount(ofRecogniser)} ${UNIT}`;
  const begun = turns[0]?.step ?? 0;
  // A training that was resumed can have got its log then.
  const late = begun > 0 ? ` The log begins after ${formatCount(begun)} turns, and steps are counted from there.` : '';
  return ofStrategy === 0 ? `${own}.${late}` : `${own}, ${formatCount(ofStrategy)} of the strategy network.${late}`;
}

/** The curves in numbers: means over fewer, wider windows. */
function table(series: readonly Series[]): Markup {
  const rows = Array.from({ length: ROWS }, (_, row) => ({ row, steps: stepsOf(series, row) })).filter(
    ({ steps }) => steps !== undefined,
  );
  const columns: Column<(typeof rows)[number]>[] = [
    { title: UNIT, cell: ({ steps }) => html`<span class="nowrap">${steps}</span>` },
    ...series.map(({ name, windows }) => ({
      title: titleOf(name),
      cell: ({ row }: { readonly row: number }) => meanOf(partOf(windows, row)),
      isNumber: true,
    })),
  ];
  return dataTable('Means over windows', columns, rows);
}

const partOf = (windows: readonly SeriesWindow[], row: number): readonly SeriesWindow[] =>
  windows.slice(Math.floor((row * windows.length) / ROWS), Math.floor(((row + 1) * windows.length) / ROWS));

function stepsOf(series: readonly Series[], row: number): string | undefined {
  const own = partOf(series[0]?.windows ?? [], row);
  const [first, last] = [own[0], own.at(-1)];
  if (!first || !last) return undefined;
  return first === last
    ? formatCount(Math.round(first.x))
    : `${formatCount(Math.round(first.x))} to ${formatCount(Math.round(last.x))}`;
}

function meanOf(windows: readonly SeriesWindow[]): string {
  const means = windows.flatMap(({ y }) => (y ? [y.mean] : []));
  const broken = windows.some(({ missing }) => missing > 0);
  if (means.length === 0) return broken ? 'no number' : '–';
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return `${Number(mean.toPrecision(4))}${broken ? ' (not all)' : ''}`;
}
