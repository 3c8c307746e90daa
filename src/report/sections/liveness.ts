import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import { type Arrangement, type Findings, MEASURE, type Rate, type Species } from '../../audit/findings.ts';
import { BONA_FIDE } from '../../audit/liveness/attempt.ts';
import { LIVENESS_LEVEL } from '../../audit/liveness/decide.ts';
import { html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';
import { intervalRow, intervalTable } from './rates.ts';

const INSTRUMENT: Readonly<Record<Species['instrument'], string>> = {
  print: 'print, before the camera',
  screen: 'screen, before the camera',
  injection: 'handed in past the camera',
};

/** Which attacks pass, and what people themselves come to. */
export function presentationsSection({ rates: all, species = [], threatCard }: Findings): Markup {
  if (species.length === 0) return html``;
  const rates = all.filter(({ target }) => target === threatCard.target);
  const instruments = Map.groupBy(species, ({ instrument }) => instrument);
  const titles = [MEASURE.apcer, MEASURE.iapar, MEASURE.matcherAlone] as const;
  return html`<section aria-labelledby="presentations"><h2 id="presentations">Which attacks pass?</h2>
<p>APCER is how often an attack is taken for a living person; IAPAR how often it gets in, as live and as the right person. Beside it stands what the matcher alone lets in: the difference is what the
liveness checks are worth. The highest is what counts, not the mean. Attacks before the camera and frames that are handed in past it are different things, and stand apart.
The dashed line, ${formatExactPercent(LIVENESS_LEVEL)}, is from where the check counts as fooled.</p>
${[...instruments].map(
  ([instrument, own]) =>
    html`<div class="judge"><h3>${INSTRUMENT[instrument]}</h3><div class="grid">${titles.map((title) =>
      speciesTable(
        title,
        own.flatMap(({ name }) => rates.find((rate) => rate.name === title && rate.attack === name) ?? []),
      ),
    )}</div></div>`,
)}
${ownPresentations(rates)}
${networksTable(all, species)}
${dataTable(
  'What each attack takes, the least first',
  SPECIES_COLUMNS,
  species.toSorted((a, b) => a.cost - b.cost),
)}</section>`;
}

/** Networks that were measured on the same presentations, side by side; nothing where there is one target alone. */
function networksTable(rates: readonly Rate[], species: readonly Species[]): Markup {
  const targets = [...new Set(rates.map(({ target }) => target))];
  if (targets.length < 2) return html``;
  const columns = targets.map(
    (target): Column<(typeof rows)[number]> => ({
      title: target,
      cell: ({ measure, attack }) => {
        const rate = rates.find((one) => one.target === target && one.name === measure && one.attack === attack);
        return rate ? html`${formatPercent(rate.rate)}<br><span class="unit">${formatInterval(rate)}</span>` : '–';
      },
      isNumber: true,
    }),
  );
  const rows = [
    ...species.map(({ name }) => ({ measure: MEASURE.apcer, attack: name, words: name })),
    { measure: MEASURE.bpcer, attack: BONA_FIDE, words: 'people’s own, turned away' },
  ];
  return dataTable(
    'The same presentations, network by network: attacks taken for a living person',
    [{ title: 'Presentation', cell: ({ words }) => words }, ...columns],
    rows,
  );
}

function speciesTable(title: string, rows: readonly Rate[]): Markup {
  if (rows.length === 0) return html``;
  const kind = title === MEASURE.matcherAlone ? 'ceiling' : 'attack';
  const level = title === MEASURE.matcherAlone ? undefined : LIVENESS_LEVEL;
  return intervalTable(
    title,
    'Species',
    rows.map((rate) => intervalRow(rate, kind, rate.attack, level)),
  );
}

function ownPresentations(rates: readonly Rate[]): Markup {
  const own = rates.filter(({ attack }) => attack === BONA_FIDE);
  if (own.length === 0) return html``;
  return html`<h3>People’s own presentations</h3><p>BPCER is how often people themselves do not pass: refused, or asked to try again or for another proof.</p>
${intervalTable(
  'Bona fide presentations',
  'Measure',
  own.map((rate) => intervalRow(rate, 'ceiling', rate.name)),
)}`;
}

const SPECIES_COLUMNS: readonly Column<Species>[] = [
  { title: 'Species', cell: ({ name }) => name },
  { title: 'Instrument', cell: ({ instrument }) => INSTRUMENT[instrument] },
  { title: 'It takes', cell: ({ needs }) => needs },
  { title: 'People', cell: ({ people }) => formatCount(people), isNumber: true },
];

/** The matrix of attacks and checks, what each check adds, and what a new species would come to. */
export function checksSection({ arrangements = [], cheapest }: Findings): Markup {
  if (arrangements.length === 0 && cheapest === undefined) return html``;
  const unseen = arrangements.filter(
    ({ arrangement, presentation }) => arrangement === 'unseen' && presentation !== BONA_FIDE,
  );
  return html`<section aria-labelledby="checks"><h2 id="checks">Which check stops which attack?</h2>
<p>Share of the presentations that pass. Alone: the check by itself, at the threshold that lets 95 % of bona fide presentations of other people pass. Without: all others, calibrated anew. Not seen: calibrated without this species alone; others that are made alike are known.</p>
${matrixTable('What each check lets pass, alone', 'alone', arrangements)}
${matrixTable('What passes without each check', 'without', arrangements)}
${unseen.length > 0 && dataTable('What passes of a species that the calibration has not seen', UNSEEN_COLUMNS, unseen)}
${cheapestPart(cheapest)}</section>`;
}

function matrixTable(
  caption: string,
  arrangement: Arrangement['arrangement'],
  arrangements: readonly Arrangement[],
): Markup {
  const cells = arrangements.filter((cell) => cell.arrangement === arrangement);
  if (cells.length === 0) return html``;
  const presentations = [...new Set(cells.map(({ presentation }) => presentation))];
  const columns: Column<string>[] = [...new Set(cells.map(({ of }) => of))].map((check) => ({
    title: check,
    cell: (presentation) => {
      const cell = cells.find((one) => one.of === check && one.presentation === presentation);
      return cell ? html`${formatPercent(cell.rate)} <span class="unit">(${formatInterval(cell)})</span>` : '–';
    },
    isNumber: true,
  }));
  return dataTable<string>(caption, [{ title: 'Presentation', cell: (name) => name }, ...columns], presentations);
}

const UNSEEN_COLUMNS: readonly Column<Arrangement>[] = [
  { title: 'Species', cell: ({ of }) => of },
  { title: 'Passes', cell: ({ rate }) => formatPercent(rate), isNumber: true },
  { title: 'Interval', cell: (row) => formatInterval(row), isNumber: true },
  {
    title: 'Attempts',
    cell: ({ successes, trials }) => `${formatCount(successes)} of ${formatCount(trials)}`,
    isNumber: true,
  },
];

function cheapestPart(cheapest: Findings['cheapest']): Markup {
  if (cheapest === undefined) return html``;
  if (cheapest === null)
    return html`<h3>The cheapest attack that gets in</h3><p>None of those that were tried gets in clearly more often than the level that counts, in any setting that was tried.</p>`;
  const { species, settings, needs, rate, successes, trials, tried } = cheapest;
  return html`<h3>The cheapest attack that gets in</h3><p><strong>${species}</strong>: ${needs}. With ${settings} it gets in in ${formatPercent(rate)} of attempts (${formatCount(successes)} of ${formatCount(trials)}, interval ${formatInterval(
    cheapest,
  )}; after ${formatCount(tried)} settings of this species and of those that take less).</p>`;
}
