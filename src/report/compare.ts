import type { Control, Findings, Rate, Verdict } from '../audit/findings.ts';

type Figures = Pick<Rate, 'successes' | 'trials' | 'rate' | 'low' | 'high'>;

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
  const before = new Map(baseline.rates.map((rate) => [keyOf(rate), rate]));
  const now = new Map(current.rates.map((rate) => [keyOf(rate), rate]));
  const keys = [...new Set([...now.keys(), ...before.keys()])];
  return {
    verdict: { current: current.verdict, baseline: baseline.verdict },
    rows: keys.flatMap((key) => compareRate(now.get(key), before.get(key))),
    caveats: caveatsOf(current, baseline),
  };
}

function keyOf({ name, attack, target, judge, fmr }: Rate | Control): string {
  return JSON.stringify([name, attack, judge === target ? null : judge, fmr]);
}

function compareRate(current: Rate | undefined, baseline: Rate | undefined): ComparedRate[] {
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
