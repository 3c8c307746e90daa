import { formatCount, formatDuration, formatExactPercent, formatInterval } from '../../audit/figures.ts';
import type { Findings } from '../../audit/findings.ts';
import { LIVENESS_LEVEL } from '../../audit/liveness/decide.ts';
import { FOUND_LEVEL, MEMBERSHIP_LEVEL } from '../../audit/training/level.ts';
import { leakLevel, VERDICT_FMR } from '../../audit/verdict.ts';
import { html, type Markup } from '../escape.ts';
import { type Column, dataTable } from '../table.ts';

const INVERSION_RULE = `Leaks: at FMR ${formatExactPercent(VERDICT_FMR)}, the lower bound of a type-I or type-II rate is above ${formatExactPercent(leakLevel(VERDICT_FMR))} and above the upper bound of every chance control. Leaks little: every upper bound is below ${formatExactPercent(leakLevel(VERDICT_FMR))}. Otherwise, where a control did not hold, or where the encoder does not even recognise people in real photos: inconclusive.`;

const TRAINING_RULE = `Leaks: the lower bound of an attack accuracy@1 under a judge is more than 10 points above guessing (of an encoder, above people whom it was not trained on), or that of a membership AUC is above ${MEMBERSHIP_LEVEL}, or that of the training photos found at a false positive rate of 1 % is above ${formatExactPercent(FOUND_LEVEL)}. Leaks little: every upper bound is below, but for membership figures of so few photos that they tell nothing. Otherwise, where a control or a self-test did not hold, or where a classifier hardly knows its own training photos: inconclusive.`;

const LIVENESS_RULE = `Fooled: the lower bound of a species’ IAPAR (of its APCER where nobody is compared) is above ${formatExactPercent(LIVENESS_LEVEL)}. Withstood: every upper bound is below. Otherwise, where a control or a self-test did not hold, or where most people are turned away themselves: inconclusive.`;

/** The rules by audit; those of the others are one. */
const RULES: Readonly<Record<string, string>> = { training: TRAINING_RULE, liveness: LIVENESS_RULE };

/** How the figures came about, and the command that gives them again. */
export function provenanceSection({ audit, provenance, schema }: Findings): Markup {
  const { durations, intervals, platform } = provenance;
  const total = durations.reduce((sum, { seconds }) => sum + seconds, 0);
  return html`<section aria-labelledby="provenance"><h2 id="provenance">How to check this</h2>
<p>Run it again; the same seed, models and data give the same figures:</p>
<pre><code>${provenance.command}</code></pre>
<dl><dt>Faceward</dt><dd>${provenance.faceward}, ${schema}</dd>
<dt>Date</dt><dd><time datetime="${provenance.date}">${provenance.date}</time></dd>
<dt>Seed</dt><dd>${provenance.seed}</dd>
<dt>Intervals</dt><dd>${intervals.method}, ${formatExactPercent(intervals.confidence)}</dd>
<dt>Rule of the verdict</dt><dd>${RULES[audit] ?? INVERSION_RULE}</dd>
<dt>Platform</dt><dd>${Object.entries(platform)
    .map(([part, value]) => `${part} ${value}`)
    .join('; ')}</dd>
<dt>Time</dt><dd>${formatDuration(total)}: ${durations.map(({ stage, seconds }) => `${stage} ${formatDuration(seconds)}`).join('; ')}</dd></dl>
${thresholdTable(provenance.thresholds)}${modelTable(provenance.models)}${dataSetTable(provenance.data)}</section>`;
}

function thresholdTable(thresholds: Findings['provenance']['thresholds']): Markup {
  if (thresholds.length === 0) return html``;
  const people: Column<(typeof thresholds)[number]> = {
    title: 'People',
    cell: (row) => (row.impostorPeople === undefined ? '–' : formatCount(row.impostorPeople)),
    isNumber: true,
  };
  return dataTable(
    'Thresholds, on real impostor pairs',
    [
      { title: 'Encoder', cell: (row) => row.encoder },
      { title: 'FMR', cell: (row) => formatExactPercent(row.fmr), isNumber: true },
      {
        title: 'Threshold',
        cell: (row) => `${row.measure} ≥ ${Number(row.similarity.toPrecision(4))}`,
        isNumber: true,
      },
      { title: 'Interval of the FMR', cell: (row) => formatInterval(row), isNumber: true },
      { title: 'Impostor pairs', cell: (row) => formatCount(row.impostorPairs), isNumber: true },
      ...(thresholds.some((row) => row.impostorPeople !== undefined) ? [people] : []),
      { title: 'Data set', cell: (row) => row.dataset },
    ],
    thresholds,
  );
}

function modelTable(models: Findings['provenance']['models']): Markup {
  if (models.length === 0) return html``;
  return dataTable(
    'Models',
    [
      { title: 'Role', cell: (row) => row.role },
      { title: 'Model', cell: (row) => row.id },
      { title: 'SHA-256', cell: (row) => html`<code>${row.sha256}</code>` },
    ],
    models,
  );
}

function dataSetTable(data: Findings['provenance']['data']): Markup {
  if (data.length === 0) return html``;
  return dataTable(
    'Data',
    [
      { title: 'Role', cell: (row) => row.role },
      { title: 'Data set', cell: (row) => row.name },
      { title: 'People', cell: (row) => formatCount(row.people), isNumber: true },
      { title: 'Images', cell: (row) => formatCount(row.images), isNumber: true },
      {
        title: 'Left out',
        cell: (row) => (row.rejected === undefined ? '–' : formatCount(row.rejected)),
        isNumber: true,
      },
      { title: 'SHA-256', cell: (row) => html`<code>${row.sha256}</code>` },
    ],
    data,
  );
}
