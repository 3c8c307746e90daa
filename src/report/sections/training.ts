import { formatCount, formatExactPercent, formatInterval, formatPercent } from '../../audit/figures.ts';
import {
  type Findings,
  type Likeness,
  MEASURE,
  type Membership,
  type Quality,
  type Rate,
  type Recognition,
} from '../../audit/findings.ts';
import {
  accuracyLevel,
  LEAST_HELD_OUT_PEOPLE,
  MEAN_FACE,
  MEMBERSHIP_LEVEL,
  RECOVERED,
  UNTRAINED,
} from '../../audit/training/level.ts';
import { html, type Markup } from '../escape.ts';
import { intervalAxis, intervalStrip } from '../plot-intervals.ts';
import { type Column, dataTable } from '../table.ts';
import { intervalRow, intervalTable } from './rates.ts';

/** People among whom judges looked for the faces. */
export const galleryPeople = ({ provenance }: Pick<Findings, 'provenance'>): number =>
  provenance.data
    .filter(({ role }) => role.startsWith('training') || role.startsWith('gallery'))
    .reduce((sum, { people }) => sum + people, 0) || 1;

/** How often made faces are found to be of their person, each judge apart. */
export function attackAccuracySection(findings: Findings): Markup {
  const measures = [MEASURE.accuracyOne, MEASURE.accuracyFive] as const;
  const rows = findings.rates.filter(({ name }) => measures.some((measure) => measure === name));
  if (rows.length === 0) return html``;
  const people = galleryPeople(findings);
  const isCompared = findings.rates.some(({ name }) => name.endsWith(UNTRAINED));
  return html`<section aria-labelledby="accuracy"><h2 id="accuracy">Can people be rebuilt from the model?</h2>
<p>Each attack makes a face of a class. A judge that had no part in the model or the attack looks for the person among ${formatCount(people)} people, whom it knows from real photos:
accuracy@1 is how often the right one is the most alike, accuracy@5 how often among the five most alike. Guessing gives ${formatPercent(1 / people)} and ${formatPercent(Math.min(1, 5 / people))}.
${isCompared ? COMPARED : html`The dashed line, ${formatExactPercent(accuracyLevel(people))}, is from where accuracy@1 counts as a leak.`} Diamonds are faces that owe nothing to the training.</p>
${[...Map.groupBy(rows, ({ judge }) => judge)].map(
  ([judge, own]) =>
    html`<div class="judge"><h3>Judged by ${judge}</h3><div class="grid">${measures.map((measure) =>
      accuracyTable(
        measure,
        own,
        [
          ...findings.rates.filter((rate) => rate.judge === judge && rate.name.endsWith(UNTRAINED)),
          ...findings.controls.filter((control) => control.judge === judge && control.expected === 'chance'),
        ],
        isCompared ? undefined : accuracyLevel(people),
      ),
    )}</div></div>`,
)}</section>`;
}

const COMPARED = html`An encoder’s attacker is granted each person’s mean embedding, and of that much can be had whoever it is of: what counts is by how much its own people exceed strangers, whom it
was not trained on; 10 points are a leak.`;

/** @param level - of accuracy@1; none where it is not the rate itself that counts. */
function accuracyTable(
  measure: string,
  rates: readonly Rate[],
  compared: readonly Rate[],
  level: number | undefined,
): Markup {
  const own = measure === MEASURE.accuracyOne ? level : undefined;
  const rows = [
    ...rates.filter(({ name }) => name === measure).map((rate) => intervalRow(rate, 'attack', rate.attack, own)),
    ...compared.flatMap((rate) => {
      if (rate.name !== measure && rate.name !== `${measure}${UNTRAINED}`) return [];
      return [intervalRow(rate, 'control', `${rate.attack}${rate.name.slice(measure.length)}`, own)];
    }),
  ];
  return rows.length === 0 ? html`` : intervalTable(measure, 'Faces of', rows);
}

const LIKENESS_COLUMNS: readonly Column<Likeness>[] = [
  { title: 'Faces of', cell: ({ attack }) => attack },
  { title: 'Features', cell: ({ features }) => features },
  {
    title: 'To the nearest training photo',
    cell: ({ nearestTraining: { value, low, high } }) =>
      html`${value.toFixed(3)} <span class="unit">(${low.toFixed(3)} to ${high.toFixed(3)})</span>`,
    isNumber: true,
  },
  { title: 'Fréchet distance', cell: ({ frechetDistance }) => frechetDistance?.toFixed(3) ?? '–', isNumber: true },
  ...(['precision', 'recall', 'density', 'coverage'] as const).map(
    (figure): Column<Likeness> => ({
      title: `${figure.charAt(0).toUpperCase()}${figure.slice(1)}`,
      cell: ({ prdc }) => prdc?.[figure].toFixed(3) ?? '–',
      isNumber: true,
    }),
  ),
  { title: 'Faces', cell: ({ faces }) => formatCount(faces), isNumber: true },
];

/** How near made faces come to the training photos, and what is recovered from behind a front: both secondary. */
export const likenessSection = (findings: Findings): Markup =>
  html`${madeFacesSection(findings)}${recoverySection(findings)}`;

function madeFacesSection({ likeness = [] }: Findings): Markup {
  if (likeness.length === 0) return html``;
  return html`<section aria-labelledby="likeness"><h2 id="likeness">How near do they come to the training photos? (secondary)</h2>
<p>In the embeddings of a judge, made as long as 1: the distance to the nearest training photo of the person (0 is a copy, 2 the most there is), and how the made faces lie among the training photos as a whole.
With these features the Fréchet distance is no FID, and it falls with the number of faces: compare rows of equally many. These figures make no verdict.</p>
${dataTable<Likeness>('Made faces, and real ones beside them', LIKENESS_COLUMNS, likeness)}</section>`;
}

function recoverySection({ rates, quality }: Findings): Markup {
  if (quality.length === 0) return html``;
  const recognised = rates.filter(({ name }) => name === RECOVERED);
  return html`<section aria-labelledby="recovery"><h2 id="recovery">Can faces be recovered from what recognition sends? (secondary)</h2>
<p>A network learnt on public people to make faces of what the model’s front lets through, and was tried on training photos. The mean public face shows what is had without recovering anything. A judge recognises
a recovered face where it takes it and its photo for one person. These figures make no verdict: another network, or more faces to learn from, may recover more.</p>
${[...Map.groupBy(recognised, ({ judge }) => judge)].map(([judge, own]) =>
  intervalTable(
    `${RECOVERED} by ${judge}, FMR ${formatExactPercent(own[0]?.fmr ?? 0)}`,
    'Faces of',
    own.map((rate) => intervalRow(rate, rate.attack === MEAN_FACE ? 'control' : 'attack', rate.attack)),
  ),
)}
${dataTable<Quality>('Likeness of pixels, mean over photos', QUALITY_COLUMNS, quality)}</section>`;
}

const QUALITY_COLUMNS: readonly Column<Quality>[] = [
  { title: 'Faces of', cell: ({ attack }) => attack },
  { title: 'Measure', cell: ({ measure }) => measure },
  {
    title: 'Mean',
    cell: ({ mean, unit }) => `${mean.toFixed(2)}${unit === '' ? '' : `\u00a0${unit}`}`,
    isNumber: true,
  },
  { title: 'Photos', cell: ({ images }) => formatCount(images), isNumber: true },
];

/** How well training photos are told from others. */
export function membershipSection({ membership }: Findings): Markup {
  if (membership === undefined) return html``;
  if (membership.length === 0) {
    return html`<section aria-labelledby="membership"><h2 id="membership">Can it be told who was trained on?</h2>
<p><strong>Not measured.</strong> It takes photos of ${LEAST_HELD_OUT_PEOPLE} of its people or more that the model was not trained on (<code>--held-out</code>).</p></section>`;
  }
  return html`<section aria-labelledby="membership"><h2 id="membership">Can it be told which photos were trained on?</h2>
<p>How well an attacker who holds a photo tells whether the model was trained on it, from other photos of the same people. An AUC of 0.5 is guessing, and so is 1${'\u00a0'}% of the training photos found at a false positive
rate of 1${'\u00a0'}%. The dashed line, ${MEMBERSHIP_LEVEL}, is from where the AUC counts as a leak. A threshold on the loss finds next to nobody at so low a rate: the attack that is calibrated by a model that has not
seen the photo is the one to judge by.</p>
<table class="panel" role="table"><caption>${membershipCaption(membership)}</caption>
<thead><tr role="row"><th scope="col" role="columnheader">Attack</th><td class="plot">${intervalAxis()}</td><th scope="col" role="columnheader" class="figure">AUC, photos found at FPR 1${'\u00a0'}%</th></tr></thead>
<tbody role="rowgroup">${membership.map(membershipRow)}</tbody></table></section>`;
}

const membershipCaption = ([first]: readonly Membership[]): string =>
  first
    ? `${formatCount(first.members)} training photos, ${formatCount(first.nonMembers)} others, of ${formatCount(first.people)} people`
    : '';

function membershipRow({ attack, reference, auc, tprAtFpr1 }: Membership): Markup {
  const area = { rate: auc.value, low: auc.low, high: auc.high };
  const found = tprAtFpr1
    ? `${formatPercent(tprAtFpr1.value)} found, ${formatInterval(tprAtFpr1)}`
    : 'too few photos for FPR 1 %';
  return html`<tr role="row" class="attack"><th scope="row" role="rowheader">${attack}${reference === null ? '' : `, ${reference}`}</th><td role="cell" class="plot">${intervalStrip(
    area,
    'attack',
    MEMBERSHIP_LEVEL,
  )}</td><td role="cell" class="figure"><strong>${auc.value.toFixed(3)}</strong> <span class="count">${auc.low.toFixed(3)} to ${auc.high.toFixed(3)}</span><span class="range">${found}</span></td></tr>
`;
}

/** What the model is good for: how well an encoder tells strangers apart, or a classifier names its people. */
export function utilitySection({ rates, recognition = [] }: Findings): Markup {
  const classified = rates.filter(({ name }) => name === MEASURE.classified);
  if (classified.length + recognition.length === 0) return html``;
  return html`<section aria-labelledby="utility"><h2 id="utility">What is the model good for?</h2>
<p>A model that gives nothing away because it has learnt nothing is of no use. On people whom it was not trained on an encoder is measured, on its own people a classifier.</p>
${
  classified.length > 0 &&
  intervalTable(
    MEASURE.classified,
    'Photos',
    classified.map((rate) => intervalRow(rate, 'attack', rate.attack)),
  )
}
${recognition.length > 0 && dataTable<Recognition>('Verification of public people', RECOGNITION_COLUMNS, recognition)}</section>`;
}

const RECOGNITION_COLUMNS: readonly Column<Recognition>[] = [
  { title: 'Encoder', cell: ({ target }) => target },
  { title: 'TAR at FAR 1 %', cell: ({ tarAtFar1 }) => acceptedCell(tarAtFar1), isNumber: true },
  { title: 'TAR at FAR 0.1 %', cell: ({ tarAtFar01 }) => acceptedCell(tarAtFar01), isNumber: true },
  { title: 'Equal error rate', cell: ({ eer }) => formatPercent(eer), isNumber: true },
  {
    title: 'Pairs of one, of two people',
    cell: ({ genuinePairs, impostorPairs }) => `${formatCount(genuinePairs)}, ${formatCount(impostorPairs)}`,
    isNumber: true,
  },
];

const acceptedCell = (rate: Recognition['tarAtFar1']) =>
  rate ? html`${formatPercent(rate.rate)} <span class="unit">(${formatInterval(rate)})</span>` : 'too few pairs';
