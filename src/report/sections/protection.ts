import { formatInterval, formatPercent } from '../../audit/figures.ts';
import type { AttributeEdit, AttributeGoal, AttributeReading } from '../../audit/protection/attribute-receipt.ts';
import { type LeakageRow, summariseLeakage } from '../../audit/protection/attribute-summary.ts';
import type { FailedPhoto, Receipt, ReceiptFace } from '../../audit/protection/receipt.ts';
import { TRANSFORMATIONS } from '../../audit/protection/transformations.ts';
import { type Content, html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';

/** Photos of which nothing was written; nothing where all were. */
export function failedPhotos(failed: readonly FailedPhoto[]): Markup | undefined {
  if (failed.length === 0) return undefined;
  return html`<h2>Nothing was written for</h2><ul>${failed.map(
    ({ photo, problem, hint }) =>
      html`<li><strong>${photo}</strong>: ${problem}${hint !== undefined && ` (${hint})`}</li>`,
  )}</ul>`;
}

/** Photos that a person should look at before they are published. */
export function toLookAt(receipts: readonly Receipt[]): Markup | undefined {
  const notes = receipts.flatMap((receipt) => lookAt(receipt).map((note) => ({ photo: receipt.input.name, note })));
  if (notes.length === 0) return undefined;
  return html`<h2>To look at before publishing</h2><ul>${notes.map(({ photo, note }) => html`<li><strong>${photo}</strong>: ${note}</li>`)}</ul>`;
}

function lookAt({ kind, faces, review }: Receipt): string[] {
  if (kind !== 'attributes') return [];
  const possible = review?.possible ?? [];
  return [
    ...(faces.length === 0 ? ['no face was found'] : []),
    ...possible.map(
      ({ box, covered }) =>
        `there may be a face at ${Math.round(box.x)}, ${Math.round(box.y)}, ${Math.round(box.width)} px wide${covered ? ', which was covered' : ', which was left alone'}`,
    ),
    ...(review?.belowQuality ?? []).map(
      ({ face, reasons }) => `face ${face + 1} is too poor to be sure of: ${reasons.join(', ')}`,
    ),
  ];
}

/** Rows of one attribute as one judge reads it, by what was done to the photo. */
type ByTransformation<Row> = readonly Row[];

/** A column for each transformation that any of the rows has. */
function transformationColumns<Row extends { readonly transformation: string }>(
  groups: readonly ByTransformation<Row>[],
  cell: (row: Row) => Content,
): Column<ByTransformation<Row>>[] {
  const names = new Set(groups.flatMap((rows) => rows.map(({ transformation }) => transformation)));
  return TRANSFORMATIONS.filter(({ name }) => names.has(name)).map(({ name }) => ({
    title: name.replaceAll('-', ' '),
    cell: (rows) => {
      const row = rows.find(({ transformation }) => transformation === name);
      return row ? cell(row) : '–';
    },
    isNumber: true,
  }));
}

const byAttributeAndJudge = <Row extends { readonly attribute: string; readonly judge: string }>(
  rows: readonly Row[],
): Row[][] => [...Map.groupBy(rows, ({ attribute, judge }) => `${attribute}\n${judge}`).values()];

/** What judges still read of all faces together. */
export function leakageSummary(receipts: readonly Receipt[]): Markup | undefined {
  const groups = byAttributeAndJudge(summariseLeakage(receipts));
  if (groups.length === 0) return undefined;
  return dataTable<ByTransformation<LeakageRow>>(
    'Share of faces of which a judge reads the same as of the clean photo, with the 95 % interval; “if drawn” is what it would be if the truth played no part',
    [
      { title: 'Hidden attribute', cell: ([row]) => row?.attribute },
      { title: 'Judge', cell: ([row]) => row?.judge },
      { title: 'Faces', cell: ([row]) => row?.agreement.trials, isNumber: true },
      {
        title: 'If drawn',
        cell: ([row]) => (row?.chance === undefined ? '–' : formatPercent(row.chance)),
        isNumber: true,
      },
      ...transformationColumns(
        groups,
        ({ agreement }) =>
          html`${formatPercent(agreement.rate)}<br><span class="note">${formatInterval(agreement)}</span>`,
      ),
    ],
    groups,
  );
}

const OUTCOME_WORDS: Readonly<Record<AttributeGoal['outcome'], string>> = {
  reached: 'reached',
  'not-within-budget': 'cannot be hidden within the budget',
  'edit-too-weak': 'the edit is too weak',
};

const ROLE_WORDS: Readonly<Record<AttributeGoal['role'], string>> = {
  hidden: 'hidden',
  along: 'goes along',
  edited: 'edited for looks',
  left: 'left',
};

/** What was done to a face's attributes: the budget, what was aimed at, and what judges read. */
export function attributeTables(title: string, edit: AttributeEdit, person: string | null): Markup {
  const { strength, goals, readings } = edit;
  const moved = goals.filter(({ role }) => role !== 'left');
  return html`<h3>${title}${person !== null && `, ${person}`}: ${strength === 0 ? 'nothing could be changed' : `changed at strength ${strength.toFixed(2)}`}</h3>
<p>${budgetWords(edit).join(' ')}</p>
${moved.length > 0 && goalTable(title, moved)}
${readings.length > 0 && readingTable(title, readings)}`;
}

function budgetWords({ bound, removal, matches, steps, seconds }: AttributeEdit): string[] {
  const operations = steps.filter(({ kind }) => kind === 'operation');
  const named = (some: typeof operations): string => some.map(({ name }) => name).join(', ');
  const [drawn, refused] = [operations.filter((one) => !one.refused), operations.filter((one) => one.refused)];
  return [
    ...(removal === 'draw' ? ['Values are drawn from the population, whatever the face has.'] : []),
    ...(removal === 'middle' ? ['Values are pushed to the undecidable middle.'] : []),
    bound === null ? 'The whole change fits the budget.' : `The match with ${bound} holds it back.`,
    ...[...Map.groupBy(matches, ({ encoder }) => encoder).values()].flatMap(matchWords),
    ...(drawn.length > 0 ? [`Drawn along the face’s landmarks, not learnt: ${named(drawn)}.`] : []),
    ...(refused.length > 0 ? [`Not drawn, as the face is turned too far: ${named(refused)}.`] : []),
    `${seconds} s.`,
  ];
}

/** One encoder's match after all that it was kept after; and that it was kept after nothing, where that is so. */
function matchWords(matches: AttributeEdit['matches']): string[] {
  const lowest = matches.toSorted((a, b) => a.similarity - b.similarity)[0];
  if (!lowest) return [];
  const { encoder, similarity, limit, basis, after = 'as-it-is' } = lowest;
  const kept = `${encoder}: similarity ${similarity.toFixed(3)}, at least ${limit.toFixed(3)} (${basis})`;
  return matches.length > 1
    ? [`${kept}, after each of ${matches.length} transformations; lowest after ${after}.`]
    : [`${kept}. Kept as written alone: after JPEG, resizing, a screenshot or blur it may not hold.`];
}

const goalTable = (title: string, goals: readonly AttributeGoal[]): Markup =>
  dataTable<AttributeGoal>(
    `${title}: what was aimed at, as the editor’s own reader sees it, from -1 (absent) to 1 (present)`,
    [
      { title: 'Attribute', cell: ({ attribute }) => attribute },
      { title: 'Role', cell: ({ role }) => ROLE_WORDS[role] },
      { title: 'Before', cell: ({ before }) => before.toFixed(2), isNumber: true },
      { title: 'Aimed at', cell: ({ target }) => target.toFixed(2), isNumber: true },
      { title: 'After', cell: ({ after }) => after.toFixed(2), isNumber: true },
      { title: 'Outcome', cell: ({ outcome }) => OUTCOME_WORDS[outcome] },
    ],
    goals,
  );

function readingTable(title: string, readings: readonly AttributeReading[]): Markup {
  const groups = byAttributeAndJudge(readings);
  return dataTable<ByTransformation<AttributeReading>>(
    `${title}: probabilities that judges give, who had no part in it`,
    [
      { title: 'Attribute', cell: ([row]) => row?.attribute },
      { title: 'Role', cell: ([row]) => row && ROLE_WORDS[row.role] },
      { title: 'Judge', cell: ([row]) => row?.judge },
      { title: 'Clean photo', cell: ([row]) => (row ? formatPercent(row.before) : '–'), isNumber: true },
      ...transformationColumns(groups, ({ after }) => formatPercent(after)),
    ],
    groups,
  );
}

/** A face that was covered. */
export function coverNote(title: string, { hidden, sentence, person }: ReceiptFace): Markup {
  const how = hidden?.cover === 'blur' ? 'blurred' : 'covered';
  return html`<p>${title}${person !== null && `, ${person}`}: ${how}. ${sentence}</p>`;
}

/** Rows of a photo's list: models and metadata; nothing where the receipt has none. */
export function metadataRows({ models = [], metadata }: Receipt): Markup {
  const cards = models.map(({ role, id, hash }) => html`<li>${role} ${id}, <code>${hash}</code></li>`);
  return html`${cards.length > 0 && html`<dt>Networks</dt><dd><ul>${cards}</ul></dd>`}
${metadata !== undefined && html`<dt>Metadata</dt><dd>${metadataWords(metadata).join(' ')}</dd>`}`;
}

const metadataWords = ({ found, orientation, written }: NonNullable<Receipt['metadata']>): string[] => [
  `Removed: ${found.length > 0 ? found.join(', ') : 'none was there'}.`,
  ...(orientation === 1 ? [] : [`Turned upright (orientation ${orientation}).`]),
  `The photo now holds Faceward’s own entries alone (${written.join(', ')}).`,
];
