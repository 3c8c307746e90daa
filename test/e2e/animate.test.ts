import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ATTACK_SPECIES } from '../../src/attack/presentation/species.ts';
import { animateCommand } from '../../src/cli/animate.ts';
import { decodeImage } from '../../src/image/decode.ts';
import { encodeJpeg } from '../../src/image/encode.ts';
import { CLIP_FILE } from '../../src/image/frames/clip-file.ts';
import { resizeImage } from '../../src/image/resize.ts';
import { InputError } from '../../src/util/errors.ts';
import { fakeFfmpeg, fakeVideo, noFfmpeg } from '../fixtures/ffmpeg.ts';
import { filesUnder, optionsOf, requireAllMarked, toldPayload } from '../fixtures/marked-output.ts';
import { SAMPLE_FOLDER } from '../fixtures/originals.ts';
import { tinyReenactorFile } from '../fixtures/presentation-networks.ts';
import { printedBy } from '../fixtures/run-command.ts';

const printed = z.object({ frames: z.number(), runId: z.number(), species: z.string() });

/** A photo, a clip that may drive it, and a place that a run may fill. */
let [folder, photo, driver, place] = ['', '', '', ''];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-animate-'));
  vi.stubEnv('FACEWARD_CACHE', join(folder, 'cache'));
  photo = join(folder, 'photo.jpg');
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
  const small = resizeImage(image, 480, Math.round((480 * image.heightPx) / image.widthPx));
  await writeFile(photo, await encodeJpeg(small));
  driver = join(folder, 'driver');
  await mkdir(driver);
  for (const name of ['1.jpg', '2.jpg']) await writeFile(join(driver, name), await encodeJpeg(small));
  await writeFile(join(folder, NETWORK), await tinyReenactorFile());
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  place = await mkdtemp(join(folder, 'place-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the command in this process, small and short unless told otherwise; gives what it printed. */
const animate = (out: string, ...more: string[]): Promise<string> =>
  printedBy(animateCommand, [photo, '--out', out, ...more], {
    ...{ '--driver': 'nod', '--size': '96', '--fps': '10', '--seconds': '0.3', '--threads': '1' },
  });

const speciesCalled = (name: string): number | undefined =>
  ATTACK_SPECIES.find((species) => species.name === name)?.number;

const WARP = { kind: 'animated', method: 'warp' } as const;

/** Stands for the file of a network, where it is. */
const NETWORK = 'reenactor.onnx';

/** Each option with a value other than its usual one; `photo`, `driver` and `out` are tried by all runs. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  reenactor: [NETWORK],
  mode: ['absolute', 'relative', 'lifted'],
  size: ['64', '97', '200'],
  fps: ['20'],
  seconds: ['0.2'],
  strength: ['0.001', '2'],
  json: [''],
  device: ['cpu'],
  threads: ['2'],
};

test('no option is left untried here', async () => {
  const known = ['driver', 'out', ...Object.keys(OPTIONS)].sort();
  expect(optionsOf(await animateCommand.help()).sort()).toEqual(known);
});

test.each(['absolute', 'relative', 'lifted'])(
  'a folder in mode %s: each frame carries the printed run and its species',
  async (mode) => {
    const told = printed.parse(JSON.parse(await animate(join(place, 'frames'), '--mode', mode, '--json')));
    expect(told).toMatchObject({ frames: 3, species: `inject-warp-${mode}` });
    const species = speciesCalled(`inject-warp-${mode}`) ?? 0;
    expect(await requireAllMarked(place, { runId: told.runId, species }, WARP)).toBe(3);
    expect(await filesUnder(place)).toHaveLength(4);
  },
);

test('without --json the run is printed as well, and no two runs are one', async () => {
  const runs = [await animate(join(place, 'a')), await animate(join(place, 'b'))].map((text) =>
    Number(/run (\d+)/.exec(text)?.[1]),
  );
  const told = await Promise.all(['a', 'b'].map((name) => toldPayload(join(place, name, CLIP_FILE))));
  expect(told.map(({ runId }) => runId)).toEqual(runs);
  expect(runs[0]).not.toBe(runs[1]);
});

describe('no unmarked frame comes out', () => {
  const each = Object.entries(OPTIONS).flatMap(([name, values]) => values.map((value) => [name, value] as const));

  test.each(each)('by --%s %s', async (name, value) => {
    const isNetwork = value === NETWORK;
    const words = isNetwork ? [join(folder, NETWORK), '--driver', driver] : value === '' ? [] : [value];
    await animate(join(place, 'frames'), `--${name}`, ...words);
    const payload = await toldPayload(join(place, 'frames', CLIP_FILE));
    const made = isNetwork ? ({ kind: 'animated', method: 'reenactment' } as const) : WARP;
    if (isNetwork) expect(payload.species).toBe(speciesCalled('inject-clip-reenactment'));
    expect(await requireAllMarked(place, payload, made)).toBeGreaterThan(1);
  });

  test.each(['.mp4', '.MOV', '.mkv', '.webm'])('to a video %s', async (ending) => {
    await fakeFfmpeg();
    const out = join(place, `clip${ending}`);
    await animate(out);
    expect(await requireAllMarked(place, await toldPayload(`${out}.json`), WARP)).toBe(3);
    expect(await filesUnder(place)).toEqual([`clip${ending}`, `clip${ending}.json`]);
  });

  test.each(['frames.d1234567', 'pipe:1', 'frames.png/', 'a.b c', '%04d'])('to a folder called %s', async (name) => {
    const failed = await animate(join(place, name)).then(
      () => undefined,
      (error: unknown) => error,
    );
    const files = await filesUnder(place);
    if (failed) expect([failed instanceof InputError, files]).toEqual([true, []]);
    else expect(await requireAllMarked(place, await toldPayload(join(place, name, CLIP_FILE)), WARP)).toBe(3);
  });

  test.each(['.gif', '.png', '.jpg', '.avi', '.y4m', '.raw', '.html', '.bin', '.m3u8', '.ts'])(
    'to %s, which is refused',
    async (ending) => {
      await fakeFfmpeg();
      await expect(animate(join(place, `clip${ending}`))).rejects.toThrow(InputError);
      expect(await filesUnder(place)).toEqual([]);
    },
  );

  test.each(['/dev/stdout', '/dev/null'])('to %s, which is there', async (out) => {
    await expect(animate(out)).rejects.toThrow('is there already');
  });

  test('to a folder that holds something', async () => {
    await mkdir(join(place, 'full'));
    await writeFile(join(place, 'full', 'mine.txt'), 'mine');
    await expect(animate(join(place, 'full'))).rejects.toThrow('is there already');
    expect(await filesUnder(place)).toEqual(['full/mine.txt']);
  });

  test.each([
    [['--seconds', '0.01'], 'not one frame'],
    [['--seconds', '200', '--fps', '25'], 'above 1500'],
    [['--size', '4096', '--seconds', '3', '--fps', '25'], 'more than 2 GiB'],
  ] as const)('by too little or too much: %j', async (words, said) => {
    await expect(animate(join(place, 'frames'), ...words)).rejects.toThrow(said);
    expect(await filesUnder(place)).toEqual([]);
  });

  test('to a video without ffmpeg', async () => {
    noFfmpeg();
    await expect(animate(join(place, 'clip.mp4'))).rejects.toThrow(/ffmpeg/);
    expect(await filesUnder(place)).toEqual([]);
  });

  test('by a network without a clip that it could look at, nor in a mode that it has not', async () => {
    const network = ['--reenactor', join(folder, NETWORK)];
    await expect(animate(join(place, 'frames'), ...network)).rejects.toThrow('what it sees of the driver');
    await expect(animate(join(place, 'frames'), ...network, '--mode', 'lifted')).rejects.toThrow('--mode lifted');
    expect(await filesUnder(place)).toEqual([]);
  });

  test.each(['--no-mark', '--unmarked', '--raw', '--mark=none', '--no-payload', '--format=raw', '--quality=1'])(
    'by %s, which does not exist',
    async (word) => {
      await expect(animate(join(place, 'frames'), word)).rejects.toThrow(/there is no option/);
      expect(await filesUnder(place)).toEqual([]);
    },
  );

  test('by a driver of marked frames, nor by one that shows no face', async () => {
    await animate(join(place, 'first'), '--size', '256');
    await animate(join(place, 'again'), '--driver', join(place, 'first'));
    for (const name of ['first', 'again']) {
      const payload = await toldPayload(join(place, name, CLIP_FILE));
      if (name === 'first') await rm(join(place, name), { recursive: true });
      else expect(await requireAllMarked(place, payload, WARP)).toBe(3);
    }
    await fakeFfmpeg();
    const grey = { widthPx: 128, heightPx: 128, data: new Uint8Array(3 * 128 ** 2).fill(90) };
    await writeFile(join(folder, 'grey.mp4'), fakeVideo([grey, grey]));
    await expect(animate(join(place, 'none'), '--driver', join(folder, 'grey.mp4'))).rejects.toThrow('0 of 2 frames');
    expect(await filesUnder(join(place, 'again'))).toHaveLength(4);
  });
});
