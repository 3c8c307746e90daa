import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeImage } from '../../src/image/decode.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { SHARED_DATA } from '../fixtures/shared-data.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Three faces, inside an installed package. */
const GROUP = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api')), '../demo/sample1.jpg');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const faceward = (...words: string[]): Promise<Outcome> =>
  startFaceward(words, { cache: join(folder, 'cache') }).outcome;

describe('the shell', () => {
  test('help lists every command, and each command has help with examples', async () => {
    const overview = await faceward('--help');
    expect(overview.status).toBe(0);
    const names = [...overview.stdout.matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S/gm)].map(([, name = '']) => name);
    expect(names).toEqual(expect.arrayContaining(['verify', 'embed', 'detect', 'bench verification', 'devices']));
    for (const name of names) {
      const help = await faceward(...name.split(' '), '--help');
      expect(help.status, name).toBe(0);
      expect(help.stdout, name).toContain(`EXAMPLES\n\n  faceward ${name.split(' ')[0]}`);
    }
  });

  test('the version is that of the package', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    expect((await faceward('--version')).stdout).toBe(`${version}\n`);
  });

  test.each([
    [['nope'], 'there is no command "nope"'],
    [['bench', 'nope'], 'there is no command "bench nope"'],
    [['devices', '--jsno'], 'there is no option --jsno'],
    [['devices', 'x'], '"x" is one argument too many'],
    [['audit', 'nope'], 'there is no command "audit nope"'],
    [['protect', 'nope'], 'there is no command "protect nope"'],
    [['check', 'masking', 'none.jsonl'], 'none.jsonl: there is no such file or folder'],
    [['check', 'masking', 'a.jsonl', '--max-reencodings', '0'], '--max-reencodings 0 is no whole number from 1 on'],
    [['export', 'masked', '--data', 'a', '--out', 'b', '--masking', 'adaptive'], 'needs the strategy network'],
    [['export', 'masked', '--data', 'a', '--out', 'b', '--strategy', 's.onnx'], '--strategy needs --masking adaptive'],
    [['audit', 'training', '--model', 'a.onnx', '--train', 'b'], 'missing required argument: --public'],
    [
      ['audit', 'training', '--model', 'a', '--train', 'b', '--public', 'c', '--attacks', 'guess'],
      '--attacks guess is unknown',
    ],
    [['protect', 'check', 'a.jpg'], 'missing required argument: --against'],
    [['protect', 'attributes', 'a.jpg', '--tar', '1'], '--tar 1 is no share below 1'],
    [['protect', 'attributes', 'a.jpg', '--removal', 'flip'], '--removal flip is unknown'],
    [['protect', 'attributes', 'a.jpg', '--policy', 'none.json'], 'none.json: the policy cannot be read'],
    [['audit', '--seed', '1', '--seed', '2'], '--seed is given twice: 1 and 2'],
    [['verify', 'a.jpg', 'b.jpg', '-encoder', 'dlib'], 'there is no option -encoder'],
    [['audit', '--people', '0'], '--people 0 is no whole number from 1 on'],
    [['audit', '--seed', '-1'], '--seed -1 is no whole number from 0 on'],
    [['verify', 'a.jpg', 'b.jpg', '--fmr', '2'], 'there is no threshold at FMR 2'],
    [['verify', 'a.jpg', 'b.jpg', '--encoder', 'dlib', '--headers', 'x'], '--headers is for an endpoint'],
    [['verify', 'a.jpg'], 'two photos are compared'],
    [['verify', 'a.jpg', 'b.jpg', '--encoder'], '--encoder needs a value'],
    [['verify', 'a.jpg', 'b.jpg', '--device', 'abacus'], '--device abacus is unknown'],
    [['verify', 'a.jpg', 'b.jpg', '--encoder', 'nope'], '"nope" names no encoder'],
    [['bench', 'verification', '--data', '/nowhere'], 'there is no such folder'],
    [['train', 'translator', '--from', 'a', '--out', 'a-to-b.onnx'], 'missing required argument: --to'],
    [['train', 'swap', '--face-of', 'a', '--out', 'a-upon-b.onnx'], 'missing required argument: --onto'],
    [['swap', 'a.jpg', '--out', 'b'], 'missing required argument: --network'],
    [['swap', 'a.jpg', '--network', 'none.onnx', '--out', 'b'], 'none.onnx cannot be read'],
    [['animate', 'a.jpg', '--driver', 'nod', '--out', 'b', '--reenactor', 'none.onnx'], 'none.onnx cannot be read'],
    [['audit', 'liveness', '--people', 'a', '--ownership', 'x', '--species', ','], '--species names no attack'],
    [['train', 'reenactor', '--data', 'a', '--out', 'x.onnx', '--size', '96'], '--size 96 is unknown'],
    [['train', 'attributes', '--data', 'a', '--out', 'x.onnx', '--network', 'vit'], '--network vit is unknown'],
    [
      ['train', 'liveness', '--data', 'a', '--out', 'x.onnx', '--crop', '0.5'],
      '--crop 0.5 leaves out a part of the face',
    ],
    [['train', 'encoder', '--data', 'a', '--out', 'x.onnx', '--masking', 'fixed:9'], '"fixed:9" is no masking'],
    [['train', 'encoder', '--data', 'a', '--out', 'x.onnx', '--mix-log', 'm.jsonl'], '--mix-log needs --masking'],
    [['bench', 'attributes', '--data', 'a', '--reader', 'none.onnx'], 'none.onnx cannot be read'],
    [['translate', 'a.jpg', '--translator', 'none.onnx', '--out', 'made'], 'none.onnx cannot be read'],
    [['bench', 'translation', '--from', 'a', '--to', 'b', '--translator', 'none.onnx'], 'none.onnx cannot be read'],
  ])('%s is bad input', async (words, message) => {
    const { status, stdout, stderr } = await faceward(...words);
    expect(stderr).toContain(`error: `);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('devices says where a network really ran, and why not elsewhere', async () => {
    const { status, stdout, stderr } = await faceward('devices', '--json');
    const rows = z
      .array(
        z.object({ device: z.string(), offered: z.boolean(), available: z.boolean(), reason: z.string().nullable() }),
      )
      .parse(JSON.parse(stdout));
    expect(rows).toContainEqual({ device: 'cpu', offered: true, available: true, reason: null });
    for (const { offered, available, reason } of rows) {
      expect(available && !offered).toBe(false);
      expect(reason === null).toBe(available);
    }
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('what cannot be written is found out before the work', async () => {
    const words = ['embed', GROUP, '--encoder', 'dlib', '--out'];
    const inFile = await faceward(...words, join(GROUP, 'x.jsonl'));
    expect(inFile.stderr).toMatch(/error: the folder .*sample1\.jpg is a file\nhint: /);
    const overFolder = await faceward('audit', '--out', GROUP);
    expect(overFolder.stderr).toContain('sample1.jpg is a file');
    expect([inFile, overFolder].map(({ status, stdout }) => [status, stdout])).toEqual([
      [2, ''],
      [2, ''],
    ]);
  });

  test.skipIf(process.platform !== 'linux')('a full disk is told as such', async () => {
    const { status, stderr } = await faceward('embed', GROUP, '--encoder', 'dlib', '--out', '/dev/full');
    expect(stderr).toContain('error: there is no space left on the disk');
    expect(stderr).not.toContain('    at ');
    expect(status).toBe(1);
  });
});

describe('photos', () => {
  test('detect finds the three faces of a group and draws them', async () => {
    const out = join(folder, 'boxes.png');
    const { status, stdout } = await faceward('detect', GROUP, '--out', out);
    expect(status).toBe(0);
    const [photo] = JSON.parse(stdout);
    expect(photo).toMatchObject({ widthPx: 1920, heightPx: 1280, faces: [{}, {}, {}] });
    for (const { box, landmarks, quality, mesh } of photo.faces) {
      expect(mesh).toBeUndefined();
      expect(quality.sizePx).toBe(Math.max(box.width, box.height));
      const [left, right] = landmarks;
      expect(quality.eyeDistancePx).toBeCloseTo(Math.hypot(right.x - left.x, right.y - left.y), 6);
      expect(Math.abs(quality.pose.yaw)).toBeLessThan(90);
      expect(quality.sharpness).toBeGreaterThan(0);
    }
    expect((await decodeImage(out)).image.widthPx).toBe(1920);
  });

  test('a batch goes on after a broken photo, and says so in its status', async () => {
    const { status, stdout, stderr } = await faceward('detect', join(folder, 'none.jpg'), GROUP);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toContain('none.jpg: there is no such file');
    expect(status).toBe(2);
  });

  test('a photo matches itself, at a threshold with its rate, data set and encoder', async () => {
    const { status, stdout } = await faceward('verify', GROUP, GROUP, '--encoder', 'dlib', '--fmr', '1e-4', '--json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.similarity).toBeCloseTo(1, 5);
    expect(result).toMatchObject({ decision: 'match', threshold: { fmr: 1e-4, encoder: 'dlib' } });
    expect(result.threshold.impostorPairs).toBeGreaterThanOrEqual(100_000);
  });

  test('embed writes a line for each face, readable by its owner alone, and warns', async () => {
    const out = join(folder, 'templates.jsonl');
    const { stderr } = await faceward('embed', GROUP, '--encoder', 'dlib', '--out', out);
    const lines = (await readFile(out, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).embedding.length)).toEqual([128, 128, 128]);
    expect(stderr).toContain('biometric templates');
    expect((await stat(out)).mode & 0o077).toBe(0);
  });
});

describe.skipIf(!SHARED_DATA)('real people', () => {
  const photo = (number: string) =>
    join(SHARED_DATA ?? '', `lfw-250-subset/images/Adrien_Brody/Adrien_Brody_${number}.jpg`);
  const other = join(SHARED_DATA ?? '', 'lfw-250-subset/images/Andre_Agassi/Andre_Agassi_0001.jpg');

  test('two photos of one person match, photos of two people do not', async () => {
    expect((await faceward('verify', photo('0001'), photo('0002'))).stdout).toMatch(/^match: /);
    expect((await faceward('verify', photo('0001'), other)).stdout).toMatch(/^no match: /);
  });
});
