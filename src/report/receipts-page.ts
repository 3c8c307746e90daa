import { formatInterval, formatPercent } from '../audit/figures.ts';
import type { FailedPhoto, Receipt, ReceiptFace, ReceiptTest, ReceiptVerdict } from '../audit/protection/receipt.ts';
import { type ProtectionRow, summariseReceipts } from '../audit/protection/summary.ts';
import { TRANSFORMATIONS } from '../audit/protection/transformations.ts';
import type { Rate } from '../metric/intervals.ts';
import { html, type Markup } from './escape.ts';
import { renderPage, titled } from './page.ts';
import {
  attributeTables,
  coverNote,
  failedPhotos,
  leakageSummary,
  metadataRows,
  toLookAt,
} from './sections/protection.ts';
import { dataTable } from './table.ts';

/** The verdicts as a reader sees them. */
const VERDICT_WORDS: Readonly<Record<ReceiptVerdict, string>> = {
  protects: 'Protects',
  'protects-partly': 'Protects in part',
  'does-not-protect': 'Does not protect',
  untested: 'Untested on others',
  'left-as-it-is': 'Left as it is',
};

const VERDICTS: readonly ReceiptVerdict[] = [
  'does-not-protect',
  'protects-partly',
  'untested',
  'protects',
  'left-as-it-is',
];

/**
 * Renders the receipts of a folder of photos as one self-contained HTML page: nothing is fetched, no script runs, all of it is escaped, and no face is shown.
 *
 * @returns the whole document, UTF-8.
 */
export function renderReceipts(
  receipts: readonly Receipt[],
  { failed = [] }: { readonly failed?: readonly FailedPhoto[] } = {},
): string {
  const title = `Receipts of ${receipts.length === 1 ? 'one photo' : `${receipts.length} photos`}`;
  return renderPage({
    title,
    header: titled('Faceward, protection of photos', title),
    main: html`<ul>${VERDICTS.map((verdict) => tally(receipts, verdict))}</ul>
${failedPhotos(failed)}
${toLookAt(receipts)}
${limits(receipts)}
${summaryTable(receipts)}
${leakageSummary(receipts)}
${receipts.map(section)}`,
    note: `Made by Faceward ${receipts[0]?.faceward ?? ''}. The same figures, for machines, are in the receipt of each photo.`,
  });
}

function tally(receipts: readonly Receipt[], verdict: ReceiptVerdict): Markup | undefined {
  const count = receipts.filter((receipt) => receipt.verdict === verdict).length;
  return count === 0 ? undefined : html`<li><strong>${count}</strong> ${VERDICT_WORDS[verdict]}</li>`;
}

function limits(receipts: readonly Receipt[]): Markup {
  const all = [...new Set(receipts.flatMap((receipt) => receipt.limits))];
  return html`<h2>What no test here can rule out</h2><ul>${all.map((limit) => html`<li>${limit}</li>`)}</ul>`;
}

/** All photos of people of whom there are other clean photos, summed up. */
function summaryTable(receipts: readonly Receipt[]): Markup | undefined {
  const rows = summariseReceipts(receipts);
  if (rows.length === 0) return undefined;
  return dataTable<ProtectionRow>(
    'Share of faces still recognised by another clean photo of the person, with the 95 % interval',
    [
      { title: 'Encoder', cell: ({ encoder, role }) => `${encoder} (${role === 'used' ? 'used' : 'held out'})` },
      { title: 'After', cell: ({ transformation }) => wordsOf(transformation) },
      { title: 'Clean', cell: ({ before }) => rateWords(before), isNumber: true },
      { title: 'Protected', cell: ({ after }) => rateWords(after), isNumber: true },
      { title: 'Similarity, clean', cell: ({ meanBefore }) => shown(meanBefore), isNumber: true },
      { title: 'Similarity, protected', cell: ({ meanAfter }) => shown(meanAfter), isNumber: true },
      { title: 'Rank 1, clean', cell: ({ rankOneBefore }) => rateWords(rankOneBefore), isNumber: true },
      { title: 'Rank 1, protected', cell: ({ rankOneAfter }) => rateWords(rankOneAfter), isNumber: true },
    ],
    rows,
  );
}

const rateWords = (rate: Rate | undefined): string =>
  rate ? `${formatPercent(rate.rate)} (${formatInterval(rate)})` : '–';

function section(receipt: Receipt): Markup {
  const { input, output, cloak, verdict, sentence, faces } = receipt;
  return html`<section><h2>${input.name}: ${VERDICT_WORDS[verdict]}</h2>
<p>${sentence}</p>
${faces.map((face, i) => faceTable(face, i, receipt))}
<dl>${cloak !== null && html`<dt>Cloak</dt><dd>strength ${cloak.strength}, DSSIM up to ${cloak.dssim}, ${cloak.steps} steps, seed ${cloak.seed}</dd>`}
<dt>Photo, SHA-256</dt><dd><code>${input.sha256}</code></dd>
${output !== null && html`<dt>Written, SHA-256</dt><dd><code>${output.sha256}</code></dd>`}
${metadataRows(receipt)}
<dt>Encoders</dt><dd><ul>${receipt.encoders.map(
    ({ id, hash, role, threshold }) =>
      html`<li>${id}, ${ROLE_WORDS[role]}: ${threshold ? `threshold ${threshold.similarity.toFixed(3)} at FMR ${100 * threshold.fmr} % (${threshold.dataset})` : 'no threshold'}, <code>${hash}</code></li>`,
  )}</ul></dd></dl></section>
`;
}

const ROLE_WORDS = {
  used: 'the photo was protected with it',
  'held-out': 'the photo was not protected with it',
} as const;

function faceTable(face: ReceiptFace, index: number, { encoders }: Receipt): Markup {
  const { tests, cloak, person, attributes, action } = face;
  const title = `Face ${index + 1}`;
  if (action === 'keep') return html`<p>${title}: left as it is${person !== null && `, ${person}`}.</p>`;
  if (face.hidden) return coverNote(title, face);
  const isUsed = (id: string): boolean => encoders.find((one) => one.id === id)?.role === 'used';
  const figures = cloak
    ? `DSSIM ${cloak.dssim.toFixed(4)}, largest change ${cloak.largestChange} grey levels, ${cloak.seconds} s`
    : attributes
      ? 'is it still recognised'
      : 'not changed here';
  const whom = person === null ? 'compared with the clean photo alone' : `compared with clean photos of ${person}`;
  const recognition = dataTable<ReceiptTest>(
    `${title}: ${figures}; ${whom}`,
    [
      { title: 'Encoder', cell: ({ encoder }) => `${encoder} (${isUsed(encoder) ? 'used' : 'held out'})` },
      { title: 'After', cell: ({ transformation }) => wordsOf(transformation) },
      { title: 'Same photo', cell: ({ samePhoto }) => shown(samePhoto), isNumber: true },
      { title: 'Other photos, before', cell: ({ otherPhotos }) => shown(otherPhotos?.before?.best), isNumber: true },
      { title: 'Other photos, after', cell: ({ otherPhotos }) => shown(otherPhotos?.after.best), isNumber: true },
      {
        title: 'Rank, before and after',
        cell: ({ rank }) => (rank ? `${rank.before ?? '–'}, ${rank.after} of ${rank.people}` : '–'),
        isNumber: true,
      },
      { title: 'Recognised', cell: ({ recognised }) => (recognised === null ? '–' : recognised ? 'yes' : 'no') },
    ],
    tests,
  );
  return attributes ? html`${attributeTables(title, attributes, person)}${recognition}` : recognition;
}

const wordsOf = (name: string): string => TRANSFORMATIONS.find((one) => one.name === name)?.words ?? name;

const shown = (similarity: number | null | undefined): string => similarity?.toFixed(3) ?? '–';
