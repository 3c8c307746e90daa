import { describe, expect, test } from 'vitest';
import { leakingFindings } from '../../../test/fixtures/findings.ts';
import { checkFindings, type Findings } from '../../audit/findings.ts';
import { BONA_FIDE } from '../../audit/liveness/attempt.ts';
import { livenessRates } from '../../audit/liveness/measured-rates.ts';
import { clopperPearson } from '../../metric/exact-interval.ts';
import { renderReport } from '../html.ts';

const species = (name: string, passing: number) => ({
  ...{ species: name, people: 20, apcer: clopperPearson(passing, 300), nonResponse: clopperPearson(3, 300) },
  ...{ matched: clopperPearson(285, 300), iapar: clopperPearson(Math.max(0, passing - 1), 300) },
});

const findings: Findings = checkFindings({
  ...leakingFindings,
  audit: 'liveness',
  verdict: 'fooled',
  sentence: 'ours can be fooled.',
  threatCard: { ...leakingFindings.threatCard, target: 'ours' },
  controls: [
    {
      ...{ name: 'IAPAR', attack: 'screen-warp', target: 'lets everybody pass', judge: 'dlib', fmr: 0.001 },
      ...clopperPearson(285, 300),
      ...{ expected: 'fooled', held: true },
    },
  ],
  rates: livenessRates(
    {
      species: [species('screen-warp', 60), species('print-flat', 2)],
      bonaFide: {
        people: 20,
        bpcer: clopperPearson(15, 300),
        nonResponse: clopperPearson(6, 300),
        matched: clopperPearson(297, 300),
      },
    },
    { target: 'ours', matcher: { id: 'dlib', fmr: 0.001 } },
  ),
  species: [
    { name: 'print-flat', instrument: 'print', needs: 'one photo, a printer', cost: 1, people: 20 },
    { name: 'screen-warp', instrument: 'screen', needs: 'one photo, a tablet', cost: 2, people: 20 },
  ],
  arrangements: [
    { arrangement: 'alone', of: 'homography', presentation: 'screen-warp', ...clopperPearson(240, 300) },
    { arrangement: 'alone', of: 'homography', presentation: BONA_FIDE, ...clopperPearson(285, 300) },
    { arrangement: 'unseen', of: 'print-flat', presentation: 'print-flat', ...clopperPearson(30, 300) },
  ],
  cheapest: {
    ...{ species: 'screen-warp', settings: 'a dim screen, held still', needs: 'one photo, a tablet', tried: 24 },
    ...clopperPearson(12, 40),
  },
});

const partOf = (report: string, id: string): string =>
  report.match(new RegExp(`<section aria-labelledby="${id}">.*?</section>`, 's'))?.[0] ?? '';

describe('the report of a liveness audit', () => {
  const report = renderReport(findings);

  test('shows the worst species in large type', () => {
    const first = partOf(report, 'verdict') || (report.match(/<section class="verdict".*?<\/section>/s)?.[0] ?? '');
    expect(first).toContain('Can be fooled');
    expect(first).toContain('IAPAR of the worst species, screen-warp');
    expect(first).toContain('19.7');
    expect(first).toContain('300 attempts');
  });

  test('of several networks the figures in large type are of the one that the verdict is of, and all stand side by side', () => {
    const network = (target: string, passing: number) =>
      livenessRates(
        {
          species: [{ ...species('print-flat', passing), species: 'print-flat' }],
          bonaFide: {
            ...{ people: 20, bpcer: clopperPearson(15, 300), nonResponse: clopperPearson(0, 300) },
            matched: clopperPearson(300, 300),
          },
        },
        { target },
      );
    const both = renderReport({ ...findings, rates: [...network('ours', 30), ...network('theirs', 300)] });
    const first = both.match(/<section class="verdict".*?<\/section>/s)?.[0] ?? partOf(both, 'verdict');
    expect(first).toContain('APCER of the worst species, print-flat');
    expect(first).toContain('10.0');
    expect(first).not.toContain('100 to 100');
    const part = partOf(both, 'presentations');
    expect(part).toMatch(/class="attack"><th[^>]*>print-flat<.*30 of 300/s);
    expect(part).toMatch(/<th[^>]*>ours<.*<th[^>]*>theirs</s);
  });

  test('shows what passes by instrument, with what the matcher alone lets in, and what people come to themselves', () => {
    const part = partOf(report, 'presentations');
    expect(part.indexOf('print, before the camera')).toBeGreaterThan(0);
    expect(part).toMatch(/class="attack"><th[^>]*>screen-warp<.*60 of 300/s);
    expect(part).toMatch(/class="ceiling"><th[^>]*>screen-warp<.*285 of 300/s);
    expect(part).toMatch(/BPCER.*15 of 300/s);
    expect(part).not.toContain('handed in past the camera</h3>');
  });

  test('shows the matrix, the unseen species and the cheapest attack', () => {
    const part = partOf(report, 'checks');
    expect(part).toMatch(/screen-warp<\/th><td class="number">80.0/);
    expect(part).toMatch(/print-flat<\/th><td class="number">10.0/);
    expect(part).toContain('a dim screen, held still');
    expect(part).toContain('12 of 40');
  });

  test('says so where no attack got in', () => {
    expect(partOf(renderReport({ ...findings, cheapest: null }), 'checks')).toContain('None of those that were tried');
  });

  test('states the rule of the verdict', () => {
    expect(report).toContain('Fooled: the lower bound of a species');
  });
});
