import { formatCount, formatExactPercent, formatInterval, formatPeople, formatPercent } from '../../audit/figures.ts';
import type { Findings, Rate, Verdict } from '../../audit/findings.ts';
import { headlineRate, leakLevel } from '../../audit/verdict.ts';
import { html, type Markup } from '../escape.ts';
import { intervalAxis, intervalStrip } from '../plot-intervals.ts';
import { recommend } from '../recommendations.ts';

/** The verdicts as people read them. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  leaks: 'Leaks',
  'leaks-little': 'Leaks little',
  inconclusive: 'Inconclusive',
};

/** Fewer people than this and the report calls the sample small: a rate of 5 % would need about 73 to be told from 0. */
const SMALL_SAMPLE_PEOPLE = 73;

/** The first screen: the verdict, its figure, what it means, how sure it is and what to do. */
export function verdictSection(findings: Findings): Markup {
  const { verdict, sentence } = findings;
  // A figure in large type would be believed, whatever stands beside it; where the measurement failed there is none.
  const headline = findings.controls.every((control) => control.held) ? headlineRate(findings) : undefined;
  return html`<section class="verdict" aria-labelledby="verdict">
<h1 id="verdict" class="is-${verdict}">${verdictSign(verdict)}${VERDICT_WORDS[verdict]}</h1>
<p class="sentence">${sentence}</p>
${headline !== undefined && headlineFigure(headline)}
<div class="answers">
<div><h2>What it means for you</h2>${meaning(verdict)}
<h2>How sure this is</h2>${certainty(findings, headline)}</div>
<div><h2>What to change</h2><ol>${recommend(findings).map(
    ({ action, reason }) => html`<li><strong>${action}</strong> ${reason}</li>`,
  )}</ol></div>
</div></section>`;
}

/** A full, a barely filled and an open disc: the verdict without its colour. */
function verdictSign(verdict: Verdict): Markup {
  const filling = {
    leaks: html`<circle cx="12" cy="12" r="11" fill="currentColor"/><path d="M12 6v7M12 16.6v.4" stroke="var(--ground)" stroke-width="2.6" stroke-linecap="round"/>`,
    'leaks-little': html`<path d="M3.5 16a9.5 9.5 0 0 0 17 0Z" fill="currentColor"/>`,
    inconclusive: html`<path d="M7 12h10" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/>`,
  }[verdict];
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="2"/>${filling}</svg>`;
}

function headlineFigure(rate: Rate): Markup {
  const judged = rate.judge === rate.target ? 'judged by the attacked encoder' : `judged by ${rate.judge}`;
  return html`<div class="headline"><div class="big">${formatPercent(rate.rate)}<span class="range">interval ${formatInterval(
    rate,
  )}</span></div><div class="scale">${intervalStrip(rate, 'attack', rate.fmr === null ? undefined : leakLevel(rate.fmr))}${intervalAxis()}<p class="note">${rate.name}, ${rate.attack}, ${judged}. Dashed: the level of a leak.</p></div></div>`;
}

function meaning(verdict: Verdict): Markup {
  switch (verdict) {
    case 'leaks':
      return html`<p>Whoever gets hold of your templates gets hold of faces. A stolen template is a personal data breach as a
stolen photo is, and the rebuilt face can be held up to a system that trusts this encoder.</p>`;
    case 'leaks-little':
      return html`<p>The attacks tried here rebuild few people’s faces from their templates, and the controls show that they do
work on an encoder that leaks. It is a measure of these attacks, no proof that none can.</p>`;
    case 'inconclusive':
      return html`<p>This audit neither accuses nor clears the encoder. Do not read it as a pass.</p>`;
  }
}

function certainty({ controls, provenance }: Findings, headline: Rate | undefined): Markup {
  const audited = provenance.data.find((set) => set.role === 'audited');
  const confidence = formatExactPercent(provenance.intervals.confidence);
  const failed = controls.filter((control) => !control.held).length;
  return html`${audited !== undefined && html`<p>${sampleSize(audited.people, audited.images)}</p>`}
${headline !== undefined && html`<p>The headline rests on ${formatCount(headline.trials)} ${headline.trials === 1 ? 'trial' : 'trials'}; its interval (${provenance.intervals.method}, ${confidence}) is ${formatPercent(headline.high - headline.low).replace('%', 'points')} wide.</p>`}
<p>${controlsInWords(controls.length, failed)} <a href="#controls">See the controls.</a></p>`;
}

function sampleSize(people: number, images: number): string {
  const size = `${formatPeople(people)}, ${formatCount(images)} photos`;
  return people < SMALL_SAMPLE_PEOPLE
    ? `A very small sample: ${size}. It can show a strong leak; it cannot show that there is none.`
    : `Sample: ${size}. Another population, camera or alignment may give another figure.`;
}

function controlsInWords(all: number, failed: number): string {
  if (all === 0) return 'No control was run.';
  return failed === 0
    ? `All ${formatCount(all)} controls held.`
    : `${formatCount(failed)} of ${formatCount(all)} controls did not hold.`;
}
