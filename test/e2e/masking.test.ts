import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitOf } from '../../src/data/splits.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { SHARED_DATA } from '../fixtures/shared-data.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-masking-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const faceward = (...words: string[]): Promise<Outcome> =>
  startFaceward(words, { cache: join(folder, 'cache') }).outcome;

const mix = (step: number, images: readonly string[], weights: readonly number[]): string =>
  JSON.stringify({ step, image: images[0], partners: images.slice(1), weights });

const CLEAN = [
  mix(0, ['ann/1', 'ben/1', 'cem/1'], [0.4, 0.35, 0.25]),
  mix(1, ['dora/1', 'eve/1', 'ann/2'], [0.5, 0.3, 0.2]),
  mix(2, ['fay/1', 'ben/2', 'gus/1'], [0.6, 0.25, 0.15]),
];

describe('check masking', () => {
  const check = async (name: string, lines: readonly string[], ...more: string[]): Promise<Outcome> => {
    const path = join(folder, name);
    await writeFile(path, `${lines.join('\n')}\n`);
    return faceward('check', 'masking', path, ...more);
  };

  test('passes a clean log', async () => {
    const { status, stdout, stderr } = await check('clean.jsonl', CLEAN);
    expect(stdout).toMatch(/^NOT EXPOSED/);
    expect(stdout).toContain('3 equations for 9 unknowns, rank 3; 0 images are determined');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('clears no log whose beginning is missing', async () => {
    const { status, stderr } = await check('late.jsonl', CLEAN.slice(1));
    expect(stderr).toContain('begins at step 1: the mixes before are not in it');
    expect(status).toBe(2);
  });

  test('finds a set that was mixed twice with the same partners', async () => {
    const planted = mix(3, ['cem/1', 'ann/1', 'ben/1'], [0.3, 0.3, 0.4]);
    const { status, stdout } = await check('twice.jsonl', [...CLEAN, planted]);
    expect(stdout).toMatch(/^EXPOSED {2}1 group of images is mixed with each other more than once\n/);
    expect(stdout).toContain('ann/1 + ben/1 + cem/1: 2 times');
    expect(status).toBe(3);
  });

  test('finds and names images that can be solved for, as JSON', async () => {
    const planted = [mix(3, ['x', 'y'], [0.6, 0.4]), mix(4, ['y', 'z'], [0.6, 0.4]), mix(5, ['z', 'x'], [0.6, 0.4])];
    const { status, stdout } = await check('solvable.jsonl', [...CLEAN, ...planted], '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'faceward.exposure/1',
      exposed: true,
      system: { rank: 6, determined: ['x', 'y', 'z'] },
    });
    expect(status).toBe(3);
  });

  test('names the line that is no re-encoding', async () => {
    const { status, stderr } = await check('broken.jsonl', [...CLEAN, '{"step":3}']);
    expect(stderr).toContain('broken.jsonl:4: this is no re-encoding: it has no image');
    expect(status).toBe(2);
  });
});

describe('export masked, before it looks at any photo', () => {
  const refusal = async (...more: string[]): Promise<string> => {
    const empty = join(folder, 'nobody');
    await mkdir(empty, { recursive: true });
    const { status, stderr } = await faceward('export', 'masked', '--data', empty, ...more);
    expect(status).toBe(2);
    return stderr;
  };

  test('takes a folder with a slash behind it, as its examples have it', async () => {
    expect(await refusal('--out', `${join(folder, 'slash')}/`)).toContain('there is no photo in this folder');
  });

  test('leaves alone what is private of a set that was moved away', async () => {
    const out = join(folder, 'handed out');
    await mkdir(`${out}.private`);
    await writeFile(join(`${out}.private`, 'mixes.jsonl'), '');
    expect(await refusal('--out', out)).toContain('mixes.jsonl is there already');
    // Beside a set that is not finished it is of that one.
    await writeFile(join(out, 'faces.npy.part'), '');
    expect(await refusal('--out', out)).toContain('there is no photo in this folder');
  });

  test('says what a text to draw from is worth, and has no use for frequencies of pixels', async () => {
    const out = join(folder, 'pixels');
    expect(await refusal('--out', out, '--seed', '1')).toContain('whoever knows or guesses it undoes the masking');
    expect(await refusal('--out', out, '--masking', 'pixel-mixup', '--frequencies', '9')).toContain(
      'has no use for --frequencies',
    );
  });
});

test('report training does not write over its log', async () => {
  const log = join(folder, 'figures.jsonl');
  await writeFile(log, '{"step":0,"turn":"recogniser","loss":1}\n');
  const { status, stderr } = await faceward('report', 'training', log, '--out', log);
  expect(stderr).toContain('is the log itself');
  expect(status).toBe(2);
});

describe.skipIf(!SHARED_DATA)('export masked', () => {
  const out = () => join(folder, 'masked');
  const data = () => join(folder, 'faces');
  const PEOPLE = [
    'Adrien_Brody',
    'Ai_Sugiyama',
    'Alvaro_Uribe',
    'Andre_Agassi',
    'Ann_Veneman',
    'Bill_Clinton',
    'Amelia_Vega',
    'Angelina_Jolie',
    'Britney_Spears',
    'Carlos_Moya',
  ];
  beforeAll(async () => {
    for (const person of PEOPLE) {
      const source = join(SHARED_DATA ?? '', 'lfw-aligned112/images', person);
      await cp(source, join(data(), person), { recursive: true });
    }
  });
  const words = ({ from = data(), masking = 'fixed:3', seed = ['--seed', '1'] } = {}): string[] => [
    ...['export', 'masked', '--data', from, '--size', '32', '--masking', masking, '--threads', '1', ...seed],
  ];

  test('refuses an exposed set and writes nothing of it', async () => {
    const { status, stderr } = await faceward(...words(), '--rounds', '4', '--out', out());
    expect(stderr).toMatch(/EXPOSED {2}\d+ of \d+ images can be solved for/);
    expect(status).toBe(3);
    await expect(stat(join(out(), 'faces.npy'))).rejects.toThrow();
    await expect(stat(`${out()}.private`)).rejects.toThrow();
  });

  test('writes a set that is not exposed, keeps what takes it apart beside it, and the set passes the check', async () => {
    const { status, stdout } = await faceward(...words(), '--out', out(), '--json');
    expect(status).toBe(0);
    const manifest = JSON.parse(stdout);
    expect(manifest).toMatchObject({ schema: 'faceward.masked/1', masking: 'fixed:3', exposure: { exposed: false } });
    const { size } = await stat(join(out(), 'faces.npy'));
    expect(size).toBe(128 + 4 * manifest.mixes * 36 * 4 * 4);
    const public_ =
      (await readFile(join(out(), 'manifest.json'), 'utf8')) + (await readFile(join(out(), 'labels.npy'), 'latin1'));
    for (const person of PEOPLE) expect(public_).not.toContain(person);
    expect((await stat(join(`${out()}.private`, 'mixes.jsonl'))).mode & 0o077).toBe(0);
    expect((await faceward('check', 'masking', out())).status).toBe(0);
    const again = await faceward(...words(), '--out', out());
    expect(again.stderr).toContain('manifest.json is there already');
    expect(again.status).toBe(2);
  });

  test('names one picture with two people and a file that is no picture, and leaves both out or refuses', async () => {
    const mixedUp = join(folder, 'mixed up');
    await cp(data(), mixedUp, { recursive: true });
    const [owner = '', other = ''] = PEOPLE.filter((name) => splitOf(name) === 'train');
    const [photo = ''] = await readdir(join(mixedUp, owner));
    await cp(join(mixedUp, owner, photo), join(mixedUp, other, 'copy.jpg'));
    await writeFile(join(mixedUp, owner, 'broken.jpg'), 'no picture');
    const path = join(folder, 'left out');
    const options = [...words({ from: mixedUp }), '--out', path];
    const refused = await faceward(...options, '--bad-data', 'refuse');
    expect(refused.status).toBe(2);
    expect(await readdir(path)).toEqual([]);
    const { status, stderr } = await faceward(...options);
    for (const text of [stderr, refused.stderr]) {
      expect(text).toContain(`${owner}/broken.jpg: `);
      expect(text).toMatch(/one picture, labelled \w+ and \w+/);
    }
    expect(status).toBe(0);
    const log = await readFile(join(`${path}.private`, 'mixes.jsonl'), 'utf8');
    expect(log).not.toContain(`${other}/copy.jpg`);
    expect(log).not.toContain(`${owner}/${photo}`);
  });

  test('masks by noise where it is told that this mixes nobody, by other noise each time', async () => {
    const faces = await Promise.all(
      [1, 2].map(async (time) => {
        const path = join(folder, `noise ${time}`);
        const options = [...words({ masking: 'dct-noise', seed: [] }), '--allow-exposed', '--out', path];
        const { status, stderr } = await faceward(...options);
        expect(stderr).toContain('all channels have the same noise');
        expect(stderr).toContain('--masking dct-noise mixes nobody');
        expect(status).toBe(0);
        expect(JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')).deviations).toBe('equal');
        return readFile(join(path, 'faces.npy'));
      }),
    );
    expect(faces[0]).not.toEqual(faces[1]);
  });

  test('writes an exposed set where it is told to, and says so in the manifest and in the check', async () => {
    const path = join(folder, 'exposed');
    const { status } = await faceward(...words(), '--rounds', '4', '--allow-exposed', '--out', path);
    expect(status).toBe(0);
    expect(JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')).exposure.exposed).toBe(true);
    expect((await faceward('check', 'masking', path)).status).toBe(3);
  });
});
