import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Findings, MEASURE, parseFindings } from '../../src/audit/findings.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';

const PATIENCE_MS = 600_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-robustness-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const faceward = (...words: readonly string[]): Promise<Outcome> =>
  startFaceward(['audit', 'robustness', ...words], { cache: join(folder, 'cache') }).outcome;

describe('audit robustness of the bundled encoder on the sample photos', () => {
  let outcome: Outcome;
  let findings: Findings;
  let report: string;

  beforeAll(async () => {
    const out = join(folder, 'out');
    outcome = await faceward(
      ...['--parts', 'epsilon,transfer,photos', '--attacks', 'FGSM,MIM', '--eps', '2,8', '--pairs', '5'],
      ...['--photo-pairs', '2', '--fail-on', 'fooled', '--out', out, '--threads', '1'],
    );
    findings = parseFindings(await readFile(join(out, 'findings.json'), 'utf8'));
    report = await readFile(join(out, 'report.html'), 'utf8');
  }, PATIENCE_MS);

  test('finds it fooled, which the gate tells by its exit status', () => {
    expect(outcome.stderr).not.toContain('error');
    expect(findings.controls.filter(({ held }) => !held)).toEqual([]);
    expect(findings.verdict).toBe('fooled');
    expect(outcome.status).toBe(3);
    expect(outcome.stdout).toContain('FOOLED  With no pixel changed by more than 8 of 255 levels');
  });

  test('measured impersonation alone, as nobody has two photos', () => {
    const names = findings.rates.filter(({ perturbation }) => perturbation).map(({ name }) => name);
    expect(names).toContain(MEASURE.impersonation);
    expect(names).not.toContain(MEASURE.dodging);
  });

  test('attacked whole photos from file to decision, and counted faces that are not found apart', () => {
    const photos = findings.rates.filter(({ attack }) => attack.startsWith('MIM on the photo'));
    expect(new Set(photos.map(({ name }) => name))).toEqual(
      new Set(['impersonation success, from file to decision', 'no face found while impersonating']),
    );
  });

  test('reports without any picture', () => {
    expect(report).toContain('Can be fooled');
    expect(report).toContain('Does it carry over');
    expect(report).not.toContain('data:image');
    expect(findings.faces).toBeUndefined();
  });
});

test.each([
  [['--attacks', 'FGSN'], 'there is no attack "FGSN"'],
  [['--eps', '1,x'], '--eps 1,x is no list of levels'],
  [['--eps', '300'], '--eps 300 is no list of levels'],
  [['--defence', 'hope:1'], 'there is no defence "hope"'],
  [['--parts', 'everything'], '--parts everything is unknown'],
  [['--pairs', '1'], '--pairs 1 is no whole number from 2 on'],
  [['--fail-on', 'leaks'], '--fail-on leaks is unknown'],
])(
  '%j: a clear error, and nothing is lost',
  async (words, message) => {
    const { status, stderr } = await faceward(...words, '--out', join(folder, 'refused'));
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  },
  PATIENCE_MS,
);
