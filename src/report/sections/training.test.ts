import { expect, test } from 'vitest';
import { leakingFindings } from '../../../test/fixtures/findings.ts';
import type { Findings } from '../../audit/findings.ts';
import { MEAN_FACE, RECOVERED } from '../../audit/training/level.ts';
import { wilson } from '../../metric/intervals.ts';
import { renderReport } from '../html.ts';

const row = (attack: string, successes: number): Findings['rates'][number] => ({
  ...{ name: RECOVERED, attack, target: 'the model', judge: 'a judge', fmr: 0.001 },
  ...wilson(successes, 100),
});

const findings: Findings = {
  ...leakingFindings,
  audit: 'training',
  rates: [row('recovery by a U-Net', 60), row(MEAN_FACE, 2)],
  quality: [{ attack: 'recovery by a U-Net', measure: 'PSNR', unit: 'dB', mean: 21.24, images: 100 }],
};

const partOf = (report: string): string =>
  report.match(/<section aria-labelledby="recovery">.*?<\/section>/s)?.[0] ?? '';

test('recovered faces are shown with the mean face beside them, as secondary', () => {
  const part = partOf(renderReport(findings));
  expect(part).toContain('(secondary)');
  expect(part).toContain('recovered face recognised by a judge, FMR 0.1');
  expect(part).toMatch(/class="attack"><th[^>]*>recovery by a U-Net<.*60 of 100/s);
  expect(part).toMatch(/class="control"><th[^>]*>the mean public face<.*2 of 100/s);
  expect(part).toContain('21.24\u00a0dB');
});

test('where nothing was recovered, nothing is said of it', () => {
  expect(partOf(renderReport({ ...findings, rates: [], quality: [] }))).toBe('');
});
