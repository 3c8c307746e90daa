import { describe, expect, it } from 'vitest';
import { leakingFindings, littleFindings } from '../../test/fixtures/findings.ts';
import type { Findings, Rate } from '../audit/findings.ts';
import { compareFindings } from './compare.ts';

const base: Rate = {
  ...{ name: 'SAR type-II', attack: 'a', target: 'E', judge: 'E', fmr: 1e-3 },
  ...{ successes: 50, trials: 100, rate: 0.5, low: 0.4, high: 0.6 },
};

function findings(...rates: Rate[]): Findings {
  return { ...leakingFindings, rates };
}

describe('compareFindings', () => {
  it.each([
    ['apart', { successes: 20, rate: 0.2, low: 0.13, high: 0.29 }, -0.3, false],
    ['overlapping', { successes: 45, rate: 0.45, low: 0.35, high: 0.55 }, -0.05, true],
    ['touching', { successes: 30, rate: 0.3, low: 0.2, high: 0.4 }, -0.2, true],
  ])('subtracts the baseline and tells whether intervals overlap: %s', (_, change, difference, overlaps) => {
    const [row] = compareFindings(findings({ ...base, ...change }), findings(base)).rows;
    expect(row?.difference).toBeCloseTo(difference, 12);
    expect(row?.overlaps).toBe(overlaps);
  });

  it('keeps what only one of them measured', () => {
    const { rows } = compareFindings(findings({ ...base, attack: 'new' }), findings({ ...base, attack: 'gone' }));
    expect(rows.map(({ attack, current, baseline }) => [attack, !!current, !!baseline])).toEqual([
      ['new', true, false],
      ['gone', false, true],
    ]);
    expect(rows.every(({ difference }) => difference === undefined)).toBe(true);
  });

  it('matches the self-judgement of two encoders, and says that the encoder changed', () => {
    const current = findings({ ...base, target: 'F', judge: 'F' });
    const [first, ...others] = current.provenance.models;
    const models = first ? [{ ...first, sha256: 'f'.repeat(64) }, ...others] : [];
    const changed = { ...current, provenance: { ...current.provenance, models } };
    const { rows, caveats } = compareFindings(changed, findings(base));
    expect(rows).toHaveLength(1);
    expect(rows[0]?.difference).toBe(0);
    expect(caveats.join()).toContain('encoder changed');
  });

  it('has no caveat for two runs of one set-up', () => {
    expect(compareFindings(littleFindings, leakingFindings).caveats).toEqual([]);
  });
});
