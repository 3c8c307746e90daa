import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Findings, MEASURE, parseFindings } from '../../src/audit/findings.ts';
import type { AuditFace } from '../../src/audit/subjects.ts';
import { writeGraph } from '../../src/graph/onnx-file.ts';
import { encodePng } from '../../src/image/encode.ts';
import { resizeImage } from '../../src/image/resize.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { madePeople, tinyGenerator } from '../fixtures/inversion.ts';
import { tinyClassifier } from '../fixtures/model-inversion.ts';
import { tinyEncoderFile } from '../fixtures/tiny-encoder-file.ts';

const PATIENCE_MS = 600_000;
const PEOPLE = 12;

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-audit-training-'));
  const faces = await madePeople('trained', PEOPLE, 6);
  const [trained, heldOut] = [0, 1].map((side) => faces.filter((_, i) => Number(i % 6 >= 4) === side));
  await writePhotos('train', trained ?? []);
  await writePhotos('held-out', heldOut ?? []);
  await writePhotos('public', await madePeople('public', 20, 2));
  const names = [...new Set(faces.map(({ person }) => person))].sort();
  const labels = (trained ?? []).map(({ person }) => names.indexOf(person));
  const { graph } = await tinyClassifier('people', trained ?? [], labels);
  if (graph) await writeFile(at('model.onnx'), writeGraph(graph));
  await writeFile(at('judge.onnx'), tinyEncoderFile('judge'));
  await writeFile(at('generator.onnx'), writeGraph(tinyGenerator().graph));
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder of each person, of the size by which aligned faces are known. */
async function writePhotos(name: string, faces: readonly AuditFace[]): Promise<void> {
  for (const { id, person, image } of faces) {
    const own = join(at(name), person);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, `${id.replace('/', '-')}.png`), await encodePng(resizeImage(image, 112, 112)));
  }
}

const audit = (...words: readonly string[]): Promise<Outcome> =>
  startFaceward(
    [
      ...['audit', 'training', '--model', at('model.onnx'), '--range', '0..1', '--train', at('train')],
      ...['--public', at('public'), '--judge', at('judge.onnx'), '--generator', at('generator.onnx')],
      ...['--attacks', 'plug-and-play', '--people', '12', '--seeds', '1', '--draws', '160', '--candidates', '2'],
      ...['--iterations', '30', '--threads', '1', ...words],
    ],
    { cache: at('cache') },
  ).outcome;

describe('audit training of a classifier that knows its people by heart', () => {
  let outcome: Outcome;
  let findings: Findings;
  beforeAll(async () => {
    await mkdir(join(at('train'), 'broken'));
    await writeFile(join(at('train'), 'broken', 'x.png'), 'no picture');
    await writeFile(
      at('names.txt'),
      `${Array.from({ length: PEOPLE }, (_, i) => `trained ${i}`)
        .sort()
        .join('\n')}\n`,
    );
    outcome = await audit(
      ...['--held-out', at('held-out'), '--classes', at('names.txt'), '--fail-on', 'leaks', '--out', at('out')],
    );
    findings = parseFindings(await readFile(join(at('out'), 'findings.json'), 'utf8'));
  }, PATIENCE_MS);

  test('finds it leaking, which the gate tells by its exit status', () => {
    expect([...findings.controls, ...(findings.selfTests ?? [])].filter(({ held }) => !held)).toEqual([]);
    expect(outcome.stdout).toMatch(/^LEAKS {2}model-/);
    expect(outcome.status).toBe(3);
  });

  test('measured inversion, likeness, membership and what the classifier is good for', () => {
    expect(new Set(findings.rates.map(({ name }) => name))).toEqual(
      new Set([MEASURE.accuracyOne, MEASURE.accuracyFive, MEASURE.classified]),
    );
    expect(findings.likeness?.length).toBe(4);
    expect(findings.membership?.map(({ reference }) => reference)).toEqual([null, expect.stringMatching(/^judge-/)]);
  });

  test('names the folder that is none of its classes', () => {
    expect(outcome.stderr).toContain('left out: broken: a folder, but none of the model’s classes');
  });

  test('reports without any picture', async () => {
    const report = await readFile(join(at('out'), 'report.html'), 'utf8');
    expect(report).toContain('Can people be rebuilt from the model?');
    expect(report).toContain('Can it be told which photos were trained on?');
    expect(report).not.toContain('data:image');
  });
});

test(
  'refuses what it would leave out, and folders that are not as many as the classes',
  async () => {
    const classes = ['--classes', at('names.txt'), '--bad-data', 'refuse', '--out', at('no')];
    const refused = await audit(...classes);
    expect(refused.stderr).toContain('the data has what cannot be trained on: broken: a folder, but none');
    const unequal = await audit('--kind', 'classifier', '--out', at('no'));
    expect(unequal.stderr).toContain('the model answers 12 numbers, and there are 13 training folders');
    expect([refused.status, unequal.status]).toEqual([2, 2]);
  },
  PATIENCE_MS,
);
