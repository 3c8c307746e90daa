import { describe, expect, test } from 'vitest';
import { leakingFindings as findings } from '../../test/fixtures/findings.ts';
import { MEASURE } from '../audit/findings.ts';
import { VERDICT_FMR } from '../audit/verdict.ts';
import { renderReport } from './html.ts';
import { panelsByJudge } from './panels.ts';

describe('panelsByJudge', () => {
  const judges = panelsByJudge(findings);
  const { target } = findings.threatCard;

  test('the attacked encoder comes first, and no other judge is taken for it', () => {
    expect(judges.length).toBeGreaterThan(1);
    expect(judges.map(({ judge, isTarget }) => [judge === target, isTarget])).toEqual(
      judges.map((_, i) => [i === 0, i === 0]),
    );
    expect(renderReport(findings).match(/Judged by the attacked encoder/g)).toHaveLength(1);
  });

  test('real photos stand beside type-II alone, under every judge', () => {
    for (const { judge, panels } of judges) {
      for (const { measure, fmr, ceiling } of panels) {
        const isTypeTwo = measure === MEASURE.typeTwo;
        expect([judge, measure, ceiling?.judge, ceiling?.fmr]).toEqual([
          judge,
          measure,
          isTypeTwo ? judge : undefined,
          isTypeTwo ? fmr : undefined,
        ]);
      }
    }
  });

  test('the verdict’s threshold comes before stricter and laxer ones, rank last', () => {
    const stricter = findings.rates.filter(({ fmr }) => fmr === VERDICT_FMR).map((rate) => ({ ...rate, fmr: 1e-4 }));
    const [first] = panelsByJudge({ ...findings, rates: [...stricter, ...findings.rates] });
    expect([...new Set(first?.panels.map(({ fmr }) => fmr))]).toEqual([VERDICT_FMR, 1e-4, 1e-2, null]);
  });
});

test('a judge whose embeddings the inverter was trained on is said to flatter', () => {
  const judge = panelsByJudge(findings)[1]?.judge ?? '';
  const flattered = 'The attack’s inverter was trained on this encoder’s embeddings';
  expect(renderReport(findings)).not.toContain(flattered);
  const inverter = { role: 'inverter', id: `inverter of ${judge}`, sha256: 'a'.repeat(64) };
  const { provenance } = findings;
  const models = [...provenance.models.filter(({ role }) => role !== 'inverter'), inverter];
  expect(renderReport({ ...findings, provenance: { ...provenance, models } })).toContain(flattered);
});
