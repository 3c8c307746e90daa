import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Findings, parseFindings } from '../../src/audit/findings.ts';
import { PLANTED } from '../../src/audit/inversion/planted.ts';
import { BiometricCipher, openKeyFile } from '../../src/data/biometric-cipher.ts';
import { splitOf } from '../../src/data/splits.ts';
import { readGraph, writeGraph } from '../../src/graph/onnx-file.ts';
import { encodePng } from '../../src/image/encode.ts';
import { readProvenance } from '../../src/image/mark.ts';
import { Random } from '../../src/util/random.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { wavyImage } from '../fixtures/image-files.ts';
import { tinyEncoderFile } from '../fixtures/tiny-encoder-file.ts';

/** Long enough for a machine that does other things as well. */
const PATIENCE_MS = 600_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-resume-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (words: readonly string[]) => startFaceward(words, { cache: join(folder, 'cache') });

const faceward = (...words: readonly string[]): Promise<Outcome> => start(words).outcome;

/** Runs the command and kills it, as `kill -9` does, as soon as `isReached`. */
async function killedWhen(isReached: () => boolean | Promise<boolean>, words: readonly string[]): Promise<Outcome> {
  const { child, outcome } = start(words);
  while (child.exitCode === null && child.signalCode === null) {
    if (await isReached()) child.kill('SIGKILL');
    await sleep(5);
  }
  return outcome;
}

describe('a training', () => {
  // The average of the weights is brought up to date at step 8: a checkpoint at 3 lies before it, the end behind it.
  const STEPS = 9;
  const KINDS = [
    { kind: 'generator', options: (): string[] => [] },
    { kind: 'inverter', options: () => ['--encoder', join(folder, 'tiny.onnx'), '--begin', 'fresh'] },
  ] as const;

  beforeAll(async () => {
    await makeFaces(join(folder, 'faces'));
    await writeFile(join(folder, 'tiny.onnx'), tinyEncoderFile('tiny'));
  });

  describe.each(KINDS)('of the $kind', ({ kind, options }) => {
    let killed: Outcome;
    let stepKilled: number;
    let refused: { readonly anew: Outcome; readonly otherSeed: Outcome; readonly otherData: Outcome };
    let resumed: Outcome;
    let models: { readonly undisturbed: Buffer; readonly resumed: Buffer; readonly fromLastStep: Buffer };
    let leftOver: string[];

    beforeAll(async () => {
      const words = (out: string, data = 'faces'): string[] => [
        ...['train', kind, '--data', join(folder, data), ...options(), '--out', join(folder, kind, `${out}.onnx`)],
        ...['--steps', String(STEPS), '--batch', '2', '--checkpoint-every', '3', '--threads', '1'],
      ];
      const checkpoint = (out: string): string => join(folder, kind, `${out}.onnx.checkpoint`);
      const model = (out: string): Promise<Buffer> => readFile(join(folder, kind, `${out}.onnx`));

      expect(await faceward(...words('undisturbed'))).toMatchObject({ status: 0 });
      killed = await killedWhen(() => existsSync(checkpoint('killed')), words('killed'));
      const { metadata, ...saved } = readGraph(await readFile(checkpoint('killed')));
      stepKilled = Number(metadata.step);
      await writeFile(checkpoint('last'), writeGraph({ ...saved, metadata: { ...metadata, step: String(STEPS) } }));
      // As a process leaves it that was killed while it wrote the next one.
      await writeFile(`${checkpoint('killed')}.part`, 'half a checkpo');

      await mkdir(join(folder, 'nobody'), { recursive: true });
      refused = {
        anew: await faceward(...words('killed')),
        otherSeed: await faceward(...words('killed'), '--resume', '--seed', '2'),
        otherData: await faceward(...words('killed', 'nobody'), '--resume'),
      };
      resumed = await faceward(...words('killed'), '--resume');
      await faceward(...words('last'), '--resume');
      models = {
        undisturbed: await model('undisturbed'),
        resumed: await model('killed'),
        fromLastStep: await model('last'),
      };
      leftOver = (await readdir(join(folder, kind))).sort();
    }, PATIENCE_MS);

    test('dies of the kill, with a whole checkpoint', () => {
      expect(killed).toMatchObject({ status: null, signal: 'SIGKILL' });
      expect(stepKilled).toBeGreaterThanOrEqual(3);
      expect(stepKilled).toBeLessThan(STEPS);
    });

    test('gives the same bytes when resumed as undisturbed', () => {
      expect(resumed).toMatchObject({ status: 0 });
      expect(models.resumed.equals(models.undisturbed)).toBe(true);
    });

    test('goes on from the checkpoint rather than from the beginning', () => {
      expect(models.fromLastStep.equals(models.undisturbed)).toBe(false);
    });

    test('leaves models alone behind', () => {
      expect(leftOver).toEqual(['killed.onnx', 'last.onnx', 'undisturbed.onnx']);
    });

    test('does not begin over an unfinished one', () => {
      expect(refused.anew.stderr).toMatch(/holds an unfinished training\nhint: add --resume/);
      expect(refused.anew.status).toBe(2);
    });

    test('is not resumed with another seed or other data', () => {
      for (const { status, stderr } of [refused.otherSeed, refused.otherData]) {
        expect(stderr).toContain('resume with the options that the training was started with');
        expect(status).toBe(2);
      }
    });
  });

  test('that never began is not resumed', async () => {
    const out = join(folder, 'never.onnx');
    const { status, stderr } = await faceward(
      ...['train', 'generator', '--data', join(folder, 'faces'), '--out', out, '--resume'],
    );
    expect(stderr).toContain('leave out --resume to begin');
    expect(status).toBe(2);
  });
});

describe('an audit', () => {
  const OPTIONS = ['--people', '4', '--iterations', '3', '--queries', '32', '--threads', '1', '--fail-on', 'leaks'];
  const run = (out: string, ...more: readonly string[]): string[] => [
    'audit',
    ...OPTIONS,
    '--out',
    join(folder, out),
    ...more,
  ];
  const read = (out: string, file: string): Promise<string> => readFile(join(folder, out, file), 'utf8');
  const findingsOf = async (out: string): Promise<Findings> => parseFindings(await read(out, 'findings.json'));

  let killed: Outcome;
  let otherSeed: Outcome;
  let resumed: Outcome;
  let anew: Outcome;

  // Of two copies with spoilt reconstructions one is gone on with; the other is begun anew, and is what an undisturbed audit finds.
  beforeAll(async () => {
    killed = await killedWhen(() => hasReconstruction(join(folder, 'killed', 'work')), run('killed', '--seed', '1'));
    for (const copy of ['anew', 'spoilt']) {
      await cp(join(folder, 'killed'), join(folder, copy), { recursive: true });
      expect(await spoil(join(folder, copy, 'work'))).toBeGreaterThan(0);
    }
    otherSeed = await faceward(...run('killed', '--resume', '--seed', '2'));
    resumed = await faceward(...run('killed', '--seed', '1', '--resume'));
    anew = await faceward(...run('anew', '--seed', '1'));
  }, PATIENCE_MS);

  test('dies of the kill, and gives the same findings when resumed as when begun anew without --resume', async () => {
    expect(killed).toMatchObject({ status: null, signal: 'SIGKILL' });
    expect(resumed.status).toBe(anew.status);
    expect(comparable(await findingsOf('killed'))).toEqual(comparable(await findingsOf('anew')));
  });

  test('goes on from the reconstructions that are there', { timeout: PATIENCE_MS }, async () => {
    await faceward(...run('spoilt', '--seed', '1', '--resume'));
    expect(comparable(await findingsOf('spoilt'))).not.toEqual(comparable(await findingsOf('anew')));
  });

  test('leaves nothing of its work behind', async () => {
    for (const out of ['anew', 'killed'])
      expect((await readdir(join(folder, out))).sort()).toEqual(['findings.json', 'report.html']);
  });

  test('is not resumed with another seed', () => {
    expect(otherSeed.stderr).toMatch(/holds an audit with other options\nhint: give the same options again/);
    expect(otherSeed.status).toBe(2);
  });

  test('names a command that runs it again', async () => {
    expect((await findingsOf('killed')).provenance.command).toBe(
      ['faceward', 'audit', ...OPTIONS, '--out', join(folder, 'killed'), '--seed', '1'].join(' '),
    );
  });

  test('of three iterations is inconclusive, and no gate lets it pass', async () => {
    const { verdict, controls } = await findingsOf('anew');
    expect(verdict).toBe('inconclusive');
    expect(controls.some(({ target, held }) => target === PLANTED.weak && !held)).toBe(true);
    expect(anew.status).toBe(4);
    expect(anew.stdout).toMatch(/^INCONCLUSIVE {2}/);
  });

  test('shows no face that was not asked for', async () => {
    expect((await findingsOf('anew')).faces).toBeUndefined();
    expect(await read('anew', 'report.html')).not.toContain('data:image');
  });

  describe('that finds a leak', () => {
    let outcome: Outcome;
    let findings: Findings;

    beforeAll(async () => {
      const enough = ['--people', '8', '--iterations', '8', '--queries', '64', '--threads', '1'];
      outcome = await faceward(
        ...['audit', ...enough, '--out', join(folder, 'leak'), '--fail-on', 'leaks', '--json', '--show-faces'],
        ...['--baseline', join(folder, 'anew', 'findings.json')],
      );
      findings = await findingsOf('leak');
    }, PATIENCE_MS);

    test('fails the gate', () => {
      expect({ verdict: findings.verdict, status: outcome.status }).toEqual({ verdict: 'leaks', status: 3 });
    });

    test('prints its findings and nothing else', () => {
      expect(parseFindings(outcome.stdout)).toEqual(findings);
    });

    test('attacks the planted encoders, and knows what to expect of each', () => {
      const expectations = new Map(findings.controls.map(({ target, expected }) => [target, expected]));
      expect(Object.fromEntries(expectations)).toEqual({
        dlib: 'chance',
        [PLANTED.weak]: 'leaks',
        [PLANTED.strong]: 'no-leak',
      });
      expect(findings.controls.every(({ held }) => held)).toBe(true);
    });

    test('marks each face that it shows', async () => {
      const shown = (findings.faces ?? []).map(({ reconstruction }) => reconstruction);
      expect(shown).toHaveLength(8);
      const report = await read('leak', 'report.html');
      for (const uri of shown) {
        expect(readProvenance(bytesOf(uri))?.kind).toBe('reconstructed');
        expect(report).toContain(uri);
      }
      expect(new Set(report.match(/data:image[^"')\s]+/g))).toEqual(new Set(shown));
    });

    test('is compared with the baseline, where one is given', async () => {
      expect(await read('leak', 'report.html')).toContain('Against the baseline');
      expect(await read('anew', 'report.html')).not.toContain('Against the baseline');
    });
  });

  test('reads its baseline before it works for minutes', async () => {
    const { status, stderr } = await faceward(...run('none', '--baseline', join(folder, 'nowhere.json')));
    expect(stderr).toContain('nowhere.json cannot be read');
    expect(status).toBe(2);
  });
});

/** 24 people with two photos each, all in the canonical frame; most of them on the training side. */
async function makeFaces(root: string): Promise<void> {
  const people = Array.from({ length: 24 }, (_, i) => `person ${String.fromCharCode(97 + i)}`);
  expect(people.filter((name) => splitOf(name) === 'train').length).toBeGreaterThan(10);
  for (const name of people) {
    await mkdir(join(root, name), { recursive: true });
    for (const photo of ['1', '2'])
      await writeFile(
        join(root, name, `${photo}.png`),
        await encodePng(wavyImage(112, 112, new Random(`${name} ${photo}`))),
      );
  }
}

const reconstructionsIn = async (work: string): Promise<string[]> =>
  (await readdir(work).catch(() => [])).filter((name) => name.endsWith('.bin'));

const hasReconstruction = async (work: string): Promise<boolean> => (await reconstructionsIn(work)).length > 0;

/** Puts their negatives in place of the reconstructions, so that it shows whether they are used; how many there are. */
async function spoil(work: string): Promise<number> {
  const cipher = new BiometricCipher(await openKeyFile(join(folder, 'cache', 'audit.key')));
  const names = await reconstructionsIn(work);
  for (const name of names) {
    const label = cipher.label(basename(name, '.bin'));
    const pixels = cipher.open(await readFile(join(work, name)), label);
    if (!pixels) throw new Error(`${name} cannot be opened`);
    await writeFile(
      join(work, name),
      cipher.seal(
        pixels.map((value) => 255 - value),
        label,
      ),
    );
  }
  return names.length;
}

/** Findings without what differs between two runs by its nature: when, how long, and the command line with its folder. */
function comparable({ threatCard, provenance, ...rest }: Findings): unknown {
  const { computeSeconds: _seconds, ...card } = threatCard;
  const { date: _date, durations: _durations, command: _command, ...lasting } = provenance;
  return { ...rest, threatCard: card, provenance: lasting };
}

const bytesOf = (dataUri: string): Uint8Array => Buffer.from(dataUri.slice(dataUri.indexOf(',') + 1), 'base64');
