import { strongestReadings } from '../../audit/attributes/decide.ts';
import { ATTRIBUTE_LEVEL } from '../../audit/attributes/level.ts';
import { PROTECTED } from '../../audit/attributes/protection.ts';
import { formatCount, formatExactPercent, formatInterval, formatPeople, formatPercent } from '../../audit/figures.ts';
import type { Findings, Rate, Verdict } from '../../audit/findings.ts';
import { decidingPresentations, LIVENESS_LEVEL } from '../../audit/liveness/decide.ts';
import { decidingRates } from '../../audit/robustness/decide.ts';
import { decidingFigure, figuresOf } from '../../audit/training/decide.ts';
import { headlineRate, leakLevel, VERDICT_FMR } from '../../audit/verdict.ts';
import { html, type Markup } from '../escape.ts';
import { intervalAxis, intervalStrip } from '../plot-intervals.ts';
import { recommend } from '../recommendations.ts';
import { galleryPeople } from './training.ts';

/** The verdicts as people read them. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  leaks: 'Leaks',
  'leaks-little': 'Leaks little',
  fooled: 'Can be fooled',
  withstood: 'Withstood these attacks',
  inconclusive: 'Inconclusive',
};

/** Fewer people than this and the report calls the sample small: a rate of 5 % would need about 73 to be told from 0. */
const SMALL_SAMPLE_PEOPLE = 73;

/** The first screen: the verdict, its figure, what it means, how sure it is and what to do. */
export function verdictSection(findings: Findings): Markup {
  const { verdict, sentence } = findings;
  // A figure in large type would be believed, whatever stands beside it; where the measurement failed there is none.
  const held = [...findings.controls, ...(findings.selfTests ?? [])].every((test) => test.held);
  const headline = held ? headlineOf(findings) : undefined;
  return html`<section class="verdict" aria-labelledby="verdict">
<h1 id="verdict" class="is-${GRAVITY[verdict]}">${verdictSign(verdict)}${VERDICT_WORDS[verdict]}</h1>
<p class="sentence">${sentence}</p>
${headline !== undefined && headlineFigure(headline)}
<div class="answers">
<div><h2>What it means for you</h2>${meaningOf(findings)}
<h2>How sure this is</h2>${certainty(findings, headline)}</div>
<div><h2>What to change</h2><ol>${recommend(findings).map(
    ({ action, reason }) => html`<li><strong>${action}</strong> ${reason}</li>`,
  )}</ol></div>
</div></section>`;
}

/** How grave a verdict is, whatever was audited. */
const GRAVITY = {
  leaks: 'grave',
  fooled: 'grave',
  'leaks-little': 'slight',
  withstood: 'slight',
  inconclusive: 'open',
} as const satisfies Readonly<Record<Verdict, string>>;

/** A full, a barely filled and an open disc: the verdict without its colour. */
function verdictSign(verdict: Verdict): Markup {
  const filling = {
    grave: html`<circle cx="12" cy="12" r="11" fill="currentColor"/><path d="M12 6v7M12 16.6v.4" stroke="var(--ground)" stroke-width="2.6" stroke-linecap="round"/>`,
    slight: html`<path d="M3.5 16a9.5 9.5 0 0 0 17 0Z" fill="currentColor"/>`,
    open: html`<path d="M7 12h10" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/>`,
  }[GRAVITY[verdict]];
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="2"/>${filling}</svg>`;
}

/** The figure in large type: what the verdict's sentence states. */
interface Headline extends Pick<Rate, 'rate' | 'low' | 'high'> {
  readonly caption: string;
  /** From where it counts; none where no threshold is used. */
  readonly level: number | undefined;
  /** What it rests on: "240 trials". */
  readonly size: string;
}

function headlineOf(findings: Findings): Headline | undefined {
  if (findings.audit === 'attributes') return attributeHeadline(findings);
  if (findings.audit === 'training') return trainingHeadline(findings);
  if (findings.audit === 'liveness') return livenessHeadline(findings);
  if (findings.audit === 'robustness') {
    const [strongest] = decidingRates({
      target: findings.threatCard.target,
      rates: findings.rates,
      queries: findings.queries ?? [],
    });
    return (
      strongest && {
        ...strongest,
        level: leakLevel(VERDICT_FMR),
        size: trialsInWords(strongest.trials),
        caption: `${strongest.name}, ${strongest.attack}, by ${strongest.needs}`,
      }
    );
  }
  const rate = headlineRate(findings);
  const judged = rate && (rate.judge === rate.target ? 'judged by the attacked encoder' : `judged by ${rate.judge}`);
  return (
    rate && {
      ...rate,
      level: rate.fmr === null ? undefined : leakLevel(rate.fmr),
      size: trialsInWords(rate.trials),
      caption: `${rate.name}, ${rate.attack}, ${judged}`,
    }
  );
}

const trialsInWords = (trials: number): string => `${formatCount(trials)} ${trials === 1 ? 'trial' : 'trials'}`;

const isOfProtection = ({ leakage = [] }: Findings): boolean =>
  leakage.some(({ protection }) => protection === PROTECTED);

function attributeHeadline(findings: Findings): Headline | undefined {
  const { threatCard, leakage = [] } = findings;
  const [strongest] = strongestReadings({ target: threatCard.target, leakage, isProtected: isOfProtection(findings) });
  if (!strongest) return undefined;
  const { value, low, high } = strongest.balancedAccuracy;
  const what = strongest.source === 'templates' ? `templates of ${strongest.target}` : 'portraits';
  return {
    ...{ rate: value, low, high, level: ATTRIBUTE_LEVEL },
    size: `${formatCount(strongest.present + strongest.absent)} faces`,
    caption: `balanced accuracy on ${strongest.attribute}, ${strongest.attack}, ${what}; chance is 50\u00a0%`,
  };
}

/** The figure that decides. */
function trainingHeadline(findings: Findings): Headline | undefined {
  const { rates, membership = [] } = findings;
  const first = decidingFigure(figuresOf({ rates, membership, galleryPeople: galleryPeople(findings) }));
  if (!first) return undefined;
  const { value, low, high, level, words } = first;
  const audited = findings.provenance.data.find(({ role }) => role === 'audited');
  return {
    // A difference may be below nothing; the scale begins there.
    ...{ rate: Math.max(0, value), low: Math.max(0, low), high: Math.max(0, high), level },
    ...{ caption: `${words.charAt(0).toUpperCase()}${words.slice(1)}` },
    size:
      first.kind === 'inversion'
        ? formatPeople(audited?.people ?? 0)
        : `${formatCount((membership[0]?.members ?? 0) + (membership[0]?.nonMembers ?? 0))} photos`,
  };
}

function livenessHeadline({ rates, threatCard }: Findings): Headline | undefined {
  // The verdict is of one target; networks that were measured beside it have rates, too.
  const [worst] = decidingPresentations(rates.filter(({ target }) => target === threatCard.target));
  return (
    worst && {
      ...worst,
      level: LIVENESS_LEVEL,
      size: `${formatCount(worst.trials)} attempts`,
      caption: `${worst.name} of the worst species, ${worst.attack}`,
    }
  );
}

function meaningOf(findings: Findings): Markup {
  switch (findings.audit) {
    case 'attributes':
      return meaningOfAttributes(findings);
    case 'training':
      return meaningOfTraining(findings.verdict);
    case 'liveness':
      return meaningOfLiveness(findings.verdict);
    default:
      return meaning(findings.verdict);
  }
}

function meaningOfTraining(verdict: Verdict): Markup {
  if (verdict === 'leaks') {
    return html`<p>Whoever gets hold of this model gets hold of something of the people it was trained on: what they look like, or that their photos were used. Treat the model as personal data of
these people.</p>`;
  }
  if (verdict === 'leaks-little') {
    return html`<p>The attacks tried here learn little of the people whom the model was trained on, and the controls show that they do find what a model gives away. It is a measure of these attacks and
their generator, no proof that none can.</p>`;
  }
  return meaning(verdict);
}

function meaningOfLiveness(verdict: Verdict): Markup {
  if (verdict === 'fooled') {
    return html`<p>Somebody with what the sentence names, and without the person, is let in. A photo of the person is enough to begin with, and photos of most people are public.</p>`;
  }
  if (verdict === 'withstood') {
    return html`<p>The attacks tried here are refused, and the controls show that they would pass an open door. They were simulated, and an attacker with better equipment or newer networks may do better: it is a
measure of these attacks, no proof that none can.</p>`;
  }
  return meaning(verdict);
}

function meaningOfAttributes(findings: Findings): Markup {
  const { verdict } = findings;
  if (verdict === 'inconclusive') return meaning(verdict);
  if (isOfProtection(findings)) {
    return verdict === 'leaks'
      ? html`<p>Whoever gets these photos, or templates of them, can still tell what the protection should hide. Do not tell people that it is hidden.</p>`
      : html`<p>The attackers tried here, those who know the protection among them, tell little from these photos, and the self-tests show that they do
find what is there. It is a measure of these attackers, no proof that none can.</p>`;
  }
  return verdict === 'leaks'
    ? html`<p>Whoever gets hold of your templates can sort people by what they never gave you: a database enrolled for recognition is also a register of these
attributes. Where law protects them, templates are such data too.</p>`
    : html`<p>The attackers tried here tell little from these templates, and the self-tests show that they do find what is there. It is a measure of these
attackers, no proof that none can.</p>`;
}

function headlineFigure(rate: Headline): Markup {
  return html`<div class="headline"><div class="big">${formatPercent(rate.rate)}<span class="range">interval ${formatInterval(
    rate,
  )}</span></div><div class="scale">${intervalStrip(rate, 'attack', rate.level)}${intervalAxis()}<p class="note">${rate.caption}. Dashed: the level that counts.</p></div></div>`;
}

function meaning(verdict: Verdict): Markup {
  switch (verdict) {
    case 'leaks':
      return html`<p>Whoever gets hold of your templates gets hold of faces. A stolen template is a personal data breach as a
stolen photo is, and the rebuilt face can be held up to a system that trusts this encoder.</p>`;
    case 'leaks-little':
      return html`<p>The attacks tried here rebuild few people’s faces from their templates, and the controls show that they do
work on an encoder that leaks. It is a measure of these attacks, no proof that none can.</p>`;
    case 'fooled':
      return html`<p>Where a photo is handed in as a file, somebody can make it pass for another person, or keep himself from being
recognised, and no one who looks at it will notice. A photo that a camera takes is harder to change so exactly.</p>`;
    case 'withstood':
      return html`<p>The attacks tried here hardly change whom this encoder recognises, and the controls show that they do work on an encoder that
can be fooled. It is a measure of these attacks, no proof that none can.</p>`;
    case 'inconclusive':
      return html`<p>This audit neither accuses nor clears what it attacked. Do not read it as a pass.</p>`;
  }
}

function certainty({ controls, selfTests = [], provenance }: Findings, headline: Headline | undefined): Markup {
  const audited = provenance.data.find((set) => set.role === 'audited');
  const confidence = formatExactPercent(provenance.intervals.confidence);
  // What an audit of attributes plants stands among its self-tests.
  const tests = controls.length > 0 ? controls : selfTests;
  const failed = tests.filter(({ held }) => !held).length;
  return html`${audited !== undefined && html`<p>${sampleSize(audited.people, audited.images)}</p>`}
${headline !== undefined && html`<p>The headline rests on ${headline.size}; its interval (${provenance.intervals.method}, ${confidence}) is ${formatPercent(headline.high - headline.low).replace('%', 'points')} wide.</p>`}
<p>${controlsInWords(tests.length, failed)} <a href="#controls">See the controls.</a></p>`;
}

function sampleSize(people: number, images: number): string {
  const size = `${formatPeople(people)}, ${formatCount(images)} photos`;
  return people < SMALL_SAMPLE_PEOPLE
    ? `A very small sample: ${size}. It can show a clear fault; it cannot show that there is none.`
    : `Sample: ${size}. Another population, camera or alignment may give another figure.`;
}

function controlsInWords(all: number, failed: number): string {
  if (all === 0) return 'No control was run.';
  return failed === 0
    ? `All ${formatCount(all)} controls held.`
    : `${formatCount(failed)} of ${formatCount(all)} controls did not hold.`;
}
