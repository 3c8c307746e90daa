import type { Findings, Rate, Verdict } from '../audit/findings.ts';

type Figures = Pick<Rate, 'rate' | 'low' | 'high'>;

/** One rate in both audits; one side is undefined where only the other measured it. */
export interface ComparedRate extends Pick<Rate, 'name' | 'attack' | 'judge' | 'fmr'> {
  readonly current: Figures | undefined;
  readonly baseline: Figures | undefined;
  /** current - baseline, as a share of 1. */
  readonly difference: number | undefined;
  /** Where they overlap, the difference may be chance; where they do not, it is unlikely to be. */
  readonly overlaps: boolean | undefined;
}

/** Two audits side by side. */
export interface Comparison {
  readonly verdict: { readonly current: Verdict; readonly baseline: Verdict };
  readonly rows: readonly ComparedRate[];
  /** What differs in how they were measured, each a reason not to compare their figures; empty where nothing does. */
  readonly caveats: readonly string[];
}

/**
 * Compares the rates of two audits, matched by measure, attack, judge and FMR.
 *
 * An attacked encoder that judged itself is matched with the other one that did, though they be two encoders: that is what a
 * change of encoder is compared by.
 */
export function compareFindings(current: Findings, baseline: Findings): Comparison {
  const before = new Map(ratesOf(baseline).map((rate) => [keyOf(rate), rate]));
  const now = new Map(ratesOf(current).map((rate) => [keyOf(rate), rate]));
  const keys = [...new Set([...now.keys(), ...before.keys()])];
  return {
    verdict: { current: current.verdict, baseline: baseline.verdict },
    rows: keys.flatMap((key) => compareRate(now.get(key), before.get(key))),
    caveats: caveatsOf(current, baseline),
  };
}

type Compared = Pick<Rate, 'name' | 'attack' | 'target' | 'judge' | 'fmr'> & Figures;

/** All that can be compared: rates, and how well attributes are read, of all people. */
function ratesOf({ rates, leakage = [] }: Findings): Compared[] {
  const read = leakage
    .filter(({ subgroup }) => subgroup === null)
    .map((row): Compared => {
      const { attribute, attack, target, protection, adaptive, transformation, balancedAccuracy } = row;
      const { value: rate, low, high } = balancedAccuracy;
      const further = [protection, adaptive ? 'trained anew' : null, transformation].filter((part) => part !== null);
      return {
        name: `${READING}${attribute}`,
        attack: [attack, ...further].join(', '),
        ...{ target, judge: target, fmr: null, rate, low, high },
      };
    });
  return [...rates, ...read];
}

/** What the names of compared readings begin with. */
export const READING = 'balanced accuracy on ';

function keyOf({ name, attack, target, judge, fmr }: Compared): string {
  return JSON.stringify([name, attack, judge === target ? null : judge, fmr]);
}

function compareRate(current: Compared | undefined, baseline: Compared | undefined): ComparedRate[] {
  const either = current ?? baseline;
  if (either === undefined) return [];
  const { name, attack, judge, fmr } = either;
  const both = current !== undefined && baseline !== undefined;
  return [
    {
      ...{ name, attack, judge, fmr, current, baseline },
      difference: both ? current.rate - baseline.rate : undefined,
      overlaps: both ? current.low <= baseline.high && baseline.low <= current.high : undefined,
    },
  ];
}

function caveatsOf(current: Findings, baseline: Findings): string[] {
  const hashes = ({ provenance: { data } }: Findings) =>
    data
      .filter((set) => set.role === 'audited')
      .map((set) => set.sha256)
      .toSorted()
      .join();
  const target = ({ provenance: { models }, threatCard }: Findings) =>
    models.find((model) => model.role === 'target')?.sha256 ?? threatCard.target;
  return [
    current.audit !== baseline.audit && `They are audits of two kinds: ${current.audit} and ${baseline.audit}.`,
    target(current) !== target(baseline) &&
      `The attacked encoder changed: ${baseline.threatCard.target} before, ${current.threatCard.target} now.`,
    hashes(current) !== hashes(baseline) && 'Other faces were audited, so the difference may lie in them.',
    current.provenance.faceward !== baseline.provenance.faceward &&
      `Faceward changed from ${baseline.provenance.faceward} to ${current.provenance.faceward}.`,
    current.provenance.seed !== baseline.provenance.seed && 'The seeds differ.',
  ].filter((caveat) => caveat !== false);
}
