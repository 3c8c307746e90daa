import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import { type Findings, MEASURE, type Queries, type Rate, type Smallest } from '../../audit/findings.ts';
import { VERDICT_FMR } from '../../audit/verdict.ts';
import { html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';

const GOALS = [MEASURE.dodging, MEASURE.impersonation] as const;

/** Of every two encoders: how often faces made with one fool the other. A matrix for each goal, makers down, targets across. */
export function transferSection({ rates, controls }: Findings): Markup {
  const made = rates.filter(
    ({ perturbation, fmr, attack }) => perturbation && fmr === VERDICT_FMR && !attack.includes(','),
  );
  const foreign = made.filter(({ perturbation, target }) => perturbation?.madeWith.join() !== target);
  const [one] = foreign;
  if (!one) return html``;
  // The diagonal: the same attack with the encoder's own gradient.
  const alike = made.filter(
    ({ attack, perturbation }) => attack === one.attack && perturbation?.epsilon === one.perturbation?.epsilon,
  );
  const encoders = [...new Set(alike.map(({ target }) => target))];
  const noise = controls.filter(({ expected, fmr }) => expected === 'chance' && fmr === VERDICT_FMR);
  return html`<section aria-labelledby="transfer"><h2 id="transfer">Does it carry over from one encoder to another?</h2>
<p>Faces made by ${one.attack} with the encoder at the left, no pixel changed by more than ${one.perturbation?.epsilon} of 255 levels, as the encoder at the top judges
them at FMR ${formatExactPercent(VERDICT_FMR)}. An attacker without your weights has what stands in the rows of the others. The last row is noise of equal size, made with none.</p>
${GOALS.map((goal) => transferMatrix(goal, encoders, [...alike, ...noise]))}</section>`;
}

function transferMatrix(goal: string, encoders: readonly string[], rates: readonly Rate[]): Markup {
  const rows = [
    ...Map.groupBy(
      rates.filter(({ name }) => name === goal),
      (rate) => rate.perturbation?.madeWith.join(' and ') || rate.attack,
    ),
  ];
  if (rows.length === 0) return html``;
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'Made with', cell: ([makers]) => makers },
    ...encoders.map((encoder) => ({
      title: `fools ${encoder}`,
      isNumber: true,
      cell: ([makers, own]: (typeof rows)[number]) => {
        const rate = own.find(({ target }) => target === encoder);
        if (!rate) return '–';
        const share = html`${formatPercent(rate.rate)} <span class="range">${formatInterval(rate)}</span>`;
        return makers === encoder ? html`<strong>${share}</strong>` : share;
      },
    })),
  ];
  return dataTable(
    `${capital(goal)}, of ${formatCount(Math.max(...rows.flatMap(([, own]) => own.map(({ trials }) => trials))))} pairs at most`,
    columns,
    rows,
  );
}

/** The smallest perturbations that succeed. */
export function smallestSection({ smallest = [] }: Findings): Markup {
  if (smallest.length === 0) return html``;
  const columns: Column<Smallest>[] = [
    { title: 'Attack', cell: ({ attack }) => attack },
    { title: 'Goal', cell: ({ name }) => name.replace(' success', '') },
    { title: 'Target', cell: ({ target }) => target },
    { title: 'Norm', cell: ({ norm }) => (norm === 'linf' ? 'largest' : 'root mean square') },
    { title: 'Median', cell: ({ median }) => levels(median), isNumber: true },
    { title: 'Interval', cell: ({ low, high }) => `${levels(low)} to ${levels(high)}`, isNumber: true },
    {
      title: 'Pairs',
      cell: ({ pairs, failed }) => (failed > 0 ? `${pairs}, ${failed} held` : `${pairs}`),
      isNumber: true,
    },
  ];
  return html`<section aria-labelledby="smallest"><h2 id="smallest">How small a change is enough?</h2>
<p>The smallest change that succeeds, median over the pairs, in levels of 255: the largest change of any value, or the root mean square of all.
The smaller, the easier the encoder is fooled. An attack that is only ever weak says little: believe the smallest figure of each goal.</p>
${dataTable('Smallest perturbations', columns, smallest)}</section>`;
}

const levels = (value: number | null): string => (value === null ? 'never' : value.toFixed(2));

/** What attacks that only ask need. */
export function queriesSection({ queries = [] }: Findings): Markup {
  if (queries.length === 0) return html``;
  const columns: Column<Queries>[] = [
    { title: 'Attack', cell: ({ attack }) => attack },
    { title: 'Goal', cell: ({ name }) => name.replace(' success', '') },
    { title: 'Target', cell: ({ target }) => target },
    { title: 'Sees', cell: ({ access }) => (access === 'similarity' ? 'similarities' : 'yes or no') },
    { title: 'Change', cell: ({ norm, epsilon }) => `${epsilon} ${norm === 'linf' ? 'at most' : 'root mean square'}` },
    { title: 'Succeeds', cell: (row) => formatPercent(row.rate), isNumber: true },
    { title: 'Interval', cell: formatInterval, isNumber: true },
    {
      title: 'Trials',
      cell: ({ successes, trials }) => `${formatCount(successes)} of ${formatCount(trials)}`,
      isNumber: true,
    },
    {
      title: 'Median queries',
      cell: ({ median, budget }) => (median === null ? `more than ${formatCount(budget)}` : formatCount(median)),
      isNumber: true,
    },
  ];
  return html`<section aria-labelledby="queries"><h2 id="queries">What can be done by asking alone?</h2>
<p>Attacks that have no weights, and send changed photos until one succeeds. The curves above show success against queries.</p>
${dataTable('Attacks by queries', columns, queries)}</section>`;
}

/** Whole photos, from the file to the decision. */
export function photosSection({ rates }: Findings): Markup {
  const rows = rates.filter(({ attack, name }) => attack.includes('on the photo') || name === 'no face found');
  const [one] = rows;
  if (!one) return html``;
  const columns: Column<Rate>[] = [
    { title: 'Outcome', cell: ({ name }) => name },
    {
      title: 'Attack',
      cell: ({ attack, perturbation }) => `${attack}, at most ${perturbation?.epsilon} of 255 levels`,
    },
    { title: 'Rate', cell: (rate) => formatPercent(rate.rate), isNumber: true },
    { title: 'Interval', cell: formatInterval, isNumber: true },
    {
      title: 'Trials',
      cell: ({ successes, trials }) => `${formatCount(successes)} of ${formatCount(trials)}`,
      isNumber: true,
    },
  ];
  return html`<section aria-labelledby="photos"><h2 id="photos">And with whole photos?</h2>
<p>The photo’s own pixels are changed, the photo is saved, and the system finds, aligns and judges the face anew. Photos in which no
face is found any more are counted apart: that is no other identity. The last rows attack the detector itself: it is Faceward’s own, not that of the audited system.</p>
${dataTable('From file to decision', columns, rows)}</section>`;
}

/** Frames, patches and make-up, in simulation. */
export function physicalSection({ rates }: Findings): Markup {
  const rows = rates.filter(({ name }) => name.endsWith(', worn'));
  if (rows.length === 0) return html``;
  const columns: Column<Rate>[] = [
    { title: 'Worn', cell: ({ attack }) => attack },
    { title: 'Goal', cell: ({ name }) => name.replace(' success, worn', '') },
    { title: 'Succeeds', cell: (rate) => formatPercent(rate.rate), isNumber: true },
    { title: 'Interval', cell: formatInterval, isNumber: true },
    {
      title: 'Trials',
      cell: ({ successes, trials }) => `${formatCount(successes)} of ${formatCount(trials)}`,
      isNumber: true,
    },
  ];
  return html`<section aria-labelledby="physical"><h2 id="physical">And by what somebody wears?</h2>
<p>Eyeglass frames, patches and make-up, simulated: drawn onto the face and seen in random pose, light and blur, and through JPEG. A trial succeeds where half of the views do that the optimisation never
saw. “Plain” is the same thing with nothing adversarial in it: what that does already is no achievement of the attack.</p>
${dataTable('Worn, in simulation', columns, rows)}</section>`;
}

/** A defence's rates at the verdict's threshold. */
interface DefenceRow {
  readonly defence: string;
  readonly clean: string;
  readonly goal: string;
  readonly rates: Readonly<Record<'none' | 'plain' | 'adaptive', Rate | undefined>>;
  readonly asked: Queries | undefined;
}

/** What each defence costs on clean photos, and how it stands against who does not know it, who does, and who only asks. */
export function defencesSection(findings: Findings): Markup {
  const { costs, rates, queries = [], threatCard } = findings;
  const specs = defencesOf(findings);
  if (specs.length === 0) return html``;
  const epsilon = Math.max(
    0,
    ...rates.flatMap(({ perturbation, attack }) =>
      attack.endsWith(', plain') && (perturbation?.epsilon ?? 0) <= 8 ? [perturbation?.epsilon ?? 0] : [],
    ),
  );
  const rows = specs.flatMap((defence): DefenceRow[] =>
    GOALS.map((goal) => {
      const cost = costs.find((row) => row.defence === defence);
      const target = `${threatCard.target}+${defence}`;
      const rateOf = (of: string, knows?: string): Rate | undefined =>
        rates.find(
          (rate) =>
            rate.name === goal &&
            rate.target === of &&
            rate.fmr === VERDICT_FMR &&
            rate.perturbation?.epsilon === epsilon &&
            rate.perturbation.madeWith.join() === threatCard.target &&
            (knows ? rate.attack.endsWith(`, ${knows}`) : rate.attack === mainAttackOf(rates)),
        );
      return {
        defence,
        clean: cost ? `${formatPercent(cost.without)} → ${formatPercent(cost.with)}` : '–',
        goal,
        rates: {
          none: rateOf(threatCard.target),
          plain: rateOf(target, 'plain'),
          adaptive: rateOf(target, 'adaptive'),
        },
        asked: queries.find((row) => row.name === goal && row.target === target),
      };
    }),
  );
  const share = (rate: Pick<Rate, 'rate' | 'low' | 'high'> | undefined) =>
    rate ? html`${formatPercent(rate.rate)} <span class="range">${formatInterval(rate)}</span>` : '–';
  const columns: Column<DefenceRow>[] = [
    { title: 'Defence', cell: ({ defence }) => defence },
    { title: 'Clean photos accepted', cell: ({ clean }) => clean, isNumber: true },
    { title: 'Goal', cell: ({ goal }) => goal.replace(' success', '') },
    { title: 'Without defence', cell: (row) => share(row.rates.none), isNumber: true },
    { title: 'Attacker does not know it', cell: (row) => share(row.rates.plain), isNumber: true },
    { title: 'Attacker knows it', cell: (row) => html`<strong>${share(row.rates.adaptive)}</strong>`, isNumber: true },
    { title: 'By asking alone', cell: (row) => share(row.asked), isNumber: true },
  ];
  return html`<section aria-labelledby="defences"><h2 id="defences">What are the defences worth?</h2>
<p>Success of the attack with changes of at most ${epsilon} of 255 levels, at FMR ${formatExactPercent(VERDICT_FMR)} with thresholds of the defended encoder’s own. Judge a
defence by the attacker who knows it: what holds only against the others is no defence.</p>
${dataTable('Defences', columns, rows)}</section>`;
}

/** The defences that were measured, as they were asked for. */
function defencesOf({ rates, queries = [], threatCard }: Findings): string[] {
  const start = `${threatCard.target}+`;
  const targets = [...rates, ...queries].map(({ target }) => target).filter((target) => target.startsWith(start));
  return [...new Set(targets)].map((target) => target.slice(start.length));
}

/** The attack that defences were measured with. */
const mainAttackOf = (rates: readonly Rate[]): string | undefined =>
  rates.find(({ attack }) => attack.endsWith(', plain'))?.attack.replace(/, plain$/, '');

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
