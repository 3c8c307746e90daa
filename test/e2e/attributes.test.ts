import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectionOf, UNPROJECTED } from '../../src/audit/attributes/projection.ts';
import { type Findings, parseFindings } from '../../src/audit/findings.ts';
import { type Drawing, draw, drawings, nameOf, writeDrawings } from '../fixtures/attribute-faces.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { tinyEncoderFile } from '../fixtures/tiny-encoder-file.ts';

const PATIENCE_MS = 600_000;

let folder = '';
let data = '';
let encoder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-attributes-'));
  data = join(folder, 'celeba');
  encoder = join(folder, 'tiny.onnx');
  const all = drawings(170);
  // Of the size by which aligned faces are known.
  await writeDrawings(join(data, 'images'), all, (drawing) => draw(drawing, { sidePx: 112 }));
  await writeFile(join(data, 'attributes.csv'), labelsOf(all));
  await writeFile(encoder, tinyEncoderFile('attributes'));
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As CelebA's labels come. */
function labelsOf(all: readonly Drawing[]): string {
  const names = ['Male', 'Young', 'Eyeglasses'] as const;
  const rows = all.map((drawing) =>
    [nameOf(drawing), drawing.person + 1, ...names.map((name) => (drawing.attributes[name] ? 1 : -1))].join(),
  );
  return `${[['file', 'identity', ...names].join(), ...rows].join('\n')}\n`;
}

const faceward = (...words: readonly string[]): Promise<Outcome> =>
  startFaceward(['audit', 'attributes', ...words], { cache: join(folder, 'cache') }).outcome;

describe('audit attributes of an encoder that sees colours, on drawn faces', () => {
  let outcome: Outcome;
  let findings: Findings;
  let report: string;
  beforeAll(async () => {
    const out = join(folder, 'out');
    outcome = await faceward(
      ...[
        '--data',
        data,
        '--encoder',
        encoder,
        '--attributes',
        'Male,Young',
        '--others',
        'Eyeglasses',
        '--people',
        '24',
      ],
      ...['--attacks', 'neighbours,histograms', '--fail-on', 'leaks', '--out', out, '--threads', '1'],
    );
    findings = parseFindings(await readFile(join(out, 'findings.json'), 'utf8'));
    report = await readFile(join(out, 'report.html'), 'utf8');
  }, PATIENCE_MS);

  test('finds it leaking, which the gate tells by its exit status', () => {
    expect(outcome.stderr).not.toContain('error');
    expect(findings.selfTests?.filter(({ held }) => !held)).toEqual([]);
    expect(findings.verdict).toBe('leaks');
    expect(outcome.status).toBe(3);
    expect(outcome.stdout).toContain('LEAKS  Templates of tiny');
  });

  test('measured templates and photos, and what a projection is worth', () => {
    const rows = (findings.leakage ?? []).filter(({ subgroup }) => subgroup === null);
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['templates', 'photos']));
    expect(new Set(rows.map(({ protection }) => protection))).toEqual(
      new Set([null, UNPROJECTED, projectionOf('Male'), projectionOf('Young')]),
    );
    expect(findings.threatCard.peopleOverlap).toBe(0);
    expect(findings.recognition?.length).toBeGreaterThan(0);
  });

  test('reports without any picture', () => {
    expect(report).toContain('What is given away?');
    expect(report).toContain('Can templates be freed of an attribute?');
    expect(report).not.toContain('data:image');
  });
});

test.each([
  [['--attributes', 'Mal'], 'celeba has no attribute "Mal"'],
  [['--attacks', 'neighbours'], '--attacks needs one on templates and one on photos'],
  [['--attacks', 'guess'], '--attacks guess is unknown'],
  [['--people', '5'], '--people 5 is no whole number from 20 on'],
  [['--fail-on', 'fooled'], '--fail-on fooled is unknown'],
  [['--protected', 'docs'], 'holds no photo that is called as one of celeba'],
])(
  '%j: a clear error',
  async (words, message) => {
    const { status, stderr } = await faceward(
      '--data',
      data,
      '--encoder',
      encoder,
      ...words,
      '--out',
      join(folder, 'no'),
    );
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  },
  PATIENCE_MS,
);
