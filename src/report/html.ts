import type { Findings } from '../audit/findings.ts';
import { compareFindings } from './compare.ts';
import { html, type Markup } from './escape.ts';
import { renderPage } from './page.ts';
import { projectionSection, recognitionSection } from './sections/attribute-recognition.ts';
import { leakageSection, protectedSection, subgroupsSection } from './sections/attributes.ts';
import { comparisonSection } from './sections/comparison.ts';
import { controlsSection } from './sections/controls.ts';
import { curvesSection } from './sections/curves.ts';
import { facesSection } from './sections/faces.ts';
import { checksSection, presentationsSection } from './sections/liveness.ts';
import { peopleSection } from './sections/people.ts';
import { provenanceSection } from './sections/provenance.ts';
import { ratesSection } from './sections/rates.ts';
import {
  defencesSection,
  photosSection,
  physicalSection,
  queriesSection,
  smallestSection,
  transferSection,
} from './sections/robustness.ts';
import { costsSection, qualitySection } from './sections/secondary.ts';
import { threatCardSection } from './sections/threat-card.ts';
import { attackAccuracySection, likenessSection, membershipSection, utilitySection } from './sections/training.ts';
import { VERDICT_WORDS, verdictSection } from './sections/verdict.ts';

/** Options of {@link renderReport}. */
export interface ReportOptions {
  /** Findings of an earlier audit to compare with. */
  readonly baseline?: Findings | undefined;
}

const AUDIT_WORDS: Readonly<Record<string, string>> = {
  inversion: 'template inversion',
  robustness: 'robustness',
  attributes: 'attribute',
  training: 'training',
  liveness: 'liveness',
};

/**
 * Renders findings as one self-contained HTML page: nothing is fetched, no script runs, all of it is escaped.
 *
 * Faces appear only where the findings carry them.
 *
 * @returns the whole document, UTF-8.
 */
export function renderReport(findings: Findings, { baseline }: ReportOptions = {}): string {
  const kind = `${AUDIT_WORDS[findings.audit] ?? findings.audit} audit`;
  const title = `${VERDICT_WORDS[findings.verdict]}: ${kind} of ${findings.threatCard.target}`;
  const { target } = findings.threatCard;
  const { date, faceward } = findings.provenance;
  return renderPage({
    title,
    header: html`<p class="kicker">Faceward, ${kind} of <strong>${target}</strong>, <time datetime="${date}">${date.slice(0, 10)}</time></p>`,
    main: sections(findings, baseline),
    note: `Made by Faceward ${faceward} for the owner of the audited system. The same figures, for machines, are in findings.json.`,
    hasPictures: true,
  });
}

function sections(findings: Findings, baseline: Findings | undefined): Markup[] {
  return [
    verdictSection(findings),
    ...(baseline === undefined ? [] : [comparisonSection(compareFindings(findings, baseline))]),
    threatCardSection(findings),
    ...sectionsOf(findings),
    provenanceSection(findings),
  ];
}

function sectionsOf(findings: Findings): Markup[] {
  switch (findings.audit) {
    case 'robustness':
      return robustnessSections(findings);
    case 'attributes':
      return attributeSections(findings);
    case 'training':
      return trainingSections(findings);
    case 'liveness':
      return livenessSections(findings);
    default:
      return inversionSections(findings);
  }
}

const inversionSections = (findings: Findings): Markup[] => [
  ratesSection(findings),
  controlsSection(findings),
  curvesSection(findings),
  peopleSection(findings),
  facesSection(findings),
  costsSection(findings),
  qualitySection(findings),
];

const robustnessSections = (findings: Findings): Markup[] => [
  curvesSection(findings),
  smallestSection(findings),
  transferSection(findings),
  queriesSection(findings),
  physicalSection(findings),
  photosSection(findings),
  facesSection(findings),
  defencesSection(findings),
  controlsSection(findings),
];

const attributeSections = (findings: Findings): Markup[] => [
  protectedSection(findings),
  leakageSection(findings),
  subgroupsSection(findings),
  recognitionSection(findings),
  qualitySection(findings),
  projectionSection(findings),
  controlsSection(findings),
];

const trainingSections = (findings: Findings): Markup[] => [
  attackAccuracySection(findings),
  membershipSection(findings),
  curvesSection(findings),
  utilitySection(findings),
  facesSection(findings),
  likenessSection(findings),
  controlsSection(findings),
];

const livenessSections = (findings: Findings): Markup[] => [
  presentationsSection(findings),
  checksSection(findings),
  curvesSection(findings),
  facesSection(findings),
  costsSection(findings),
  controlsSection(findings),
];
