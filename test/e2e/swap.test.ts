import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { swapCommand } from '../../src/cli/swap.ts';
import { decodeImage } from '../../src/image/decode.ts';
import { encodeJpeg, encodePng } from '../../src/image/encode.ts';
import { CLIP_FILE } from '../../src/image/frames/clip-file.ts';
import { encodeMarkedPng } from '../../src/image/mark.ts';
import { resizeImage } from '../../src/image/resize.ts';
import { InputError, ModelFileError } from '../../src/util/errors.ts';
import { fakeFfmpeg, fakeVideo, noFfmpeg } from '../fixtures/ffmpeg.ts';
import { filesUnder, optionsOf, requireAllMarked, toldPayload } from '../fixtures/marked-output.ts';
import { SAMPLE_FOLDER } from '../fixtures/originals.ts';
import { tinyReenactorFile, tinySwapFile } from '../fixtures/presentation-networks.ts';
import { printedBy } from '../fixtures/run-command.ts';

const SWAP = { kind: 'edited', method: 'swap' } as const;
/** Of `inject-swap`. */
const SPECIES = 13;
const printed = z.object({ frames: z.number(), swapped: z.number(), framesPerSecond: z.number(), runId: z.number() });

/** A clip, a photo, a network, and a place that a run may fill. */
let [folder, clip, photo, network, place] = ['', '', '', '', ''];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-swap-'));
  vi.stubEnv('FACEWARD_CACHE', join(folder, 'cache'));
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
  const small = resizeImage(image, 240, Math.round((240 * image.heightPx) / image.widthPx));
  photo = join(folder, 'photo.jpg');
  await writeFile(photo, await encodeJpeg(small));
  clip = join(folder, 'clip');
  await mkdir(clip);
  for (const name of ['1.jpg', '2.jpg']) await writeFile(join(clip, name), await encodeJpeg(small));
  await writeFile(join(folder, 'clip.mp4'), fakeVideo([small, small, small]));
  await writeFile(join(folder, 'marked.png'), await encodeMarkedPng(small, { kind: 'edited', method: 'test' }));
  network = join(folder, 'swap.onnx');
  await writeFile(network, await tinySwapFile());
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

/** Runs the command in this process; gives what it printed. */
const swap = (input: string, out: string, ...more: string[]): Promise<string> =>
  printedBy(swapCommand, [input, '--out', out, ...more], { '--network': network, '--threads': '1' });

/** Each option with a value other than its usual one; `network` and `out` are tried by all runs. */
const OPTIONS: Readonly<Record<string, string>> = { fps: '10', json: '', device: 'cpu', threads: '2' };

test('no option is left untried here', async () => {
  expect(optionsOf(await swapCommand.help()).sort()).toEqual(['network', 'out', ...Object.keys(OPTIONS)].sort());
});

test('a clip: each frame bears the printed run and the species of swaps, and another face than before', async () => {
  const told = printed.parse(JSON.parse(await swap(clip, join(place, 'frames'), '--json', '--fps', '10')));
  expect(told).toMatchObject({ frames: 2, swapped: 2, framesPerSecond: 10 });
  expect(await requireAllMarked(place, { runId: told.runId, species: SPECIES }, SWAP)).toBe(2);
  const [own, made] = await Promise.all(
    [join(clip, '1.jpg'), join(place, 'frames/0001.png')].map(async (path) => (await decodeImage(path)).image),
  );
  // Of the payload alone hardly a pixel changes by that much; a face of some pixels does.
  const changed = own?.data.filter((value, i) => Math.abs(value - (made?.data[i] ?? 0)) > 40).length ?? 0;
  expect(changed / (own?.data.length ?? 1)).toBeGreaterThan(0.002);
});

test('a photo is a clip of one frame', async () => {
  const text = await swap(photo, join(place, 'frames'));
  expect(text).toContain('a face was put on in 1 of 1 frames, run ');
  expect(await requireAllMarked(place, await toldPayload(join(place, 'frames', CLIP_FILE)), SWAP)).toBe(1);
});

describe('no unmarked frame comes out', () => {
  test.each(Object.entries(OPTIONS))('by --%s %s', async (name, value) => {
    await swap(clip, join(place, 'frames'), `--${name}`, ...(value === '' ? [] : [value]));
    expect(await requireAllMarked(place, await toldPayload(join(place, 'frames', CLIP_FILE)), SWAP)).toBe(2);
  });

  test.each(['.mp4', '.mov', '.mkv', '.webm'])('from a video to a video %s', async (ending) => {
    await fakeFfmpeg();
    const out = join(place, `clip${ending}`);
    await swap(join(folder, 'clip.mp4'), out);
    expect(await requireAllMarked(place, await toldPayload(`${out}.json`), SWAP)).toBe(3);
    expect(await filesUnder(place)).toEqual([`clip${ending}`, `clip${ending}.json`]);
  });

  test.each(['.gif', '.png', '.jpg', '.avi', '.raw', '.html'])('to %s, which is refused', async (ending) => {
    await expect(swap(photo, join(place, `clip${ending}`))).rejects.toThrow(InputError);
    expect(await filesUnder(place)).toEqual([]);
  });

  test('to a video without ffmpeg, to what is there already, or to a folder that holds something', async () => {
    noFfmpeg();
    await expect(swap(clip, join(place, 'clip.mp4'))).rejects.toThrow(/ffmpeg/);
    await expect(swap(clip, '/dev/stdout')).rejects.toThrow('is there already');
    await mkdir(join(place, 'full'));
    await writeFile(join(place, 'full', 'mine.txt'), 'mine');
    await expect(swap(clip, join(place, 'full'))).rejects.toThrow('is there already');
    expect(await filesUnder(place)).toEqual(['full/mine.txt']);
  });

  test.each(['--no-mark', '--unmarked', '--raw', '--mark=none', '--no-payload', '--format=raw', '--species=1'])(
    'by %s, which does not exist',
    async (word) => {
      await expect(swap(clip, join(place, 'frames'), word)).rejects.toThrow(/there is no option/);
      expect(await readdir(place)).toEqual([]);
    },
  );

  test('of what bears our mark already, whose payload would be spoilt', async () => {
    await swap(clip, join(place, 'first'));
    await expect(swap(join(place, 'first'), join(place, 'again'))).rejects.toThrow('carries Faceward’s mark');
    // Nor where it begins with what a camera took.
    const { image } = await decodeImage(join(place, 'first', '0001.png'));
    const { image: own } = await decodeImage(join(clip, '1.jpg'));
    await writeFile(join(place, 'first', '0000.png'), await encodePng(resizeImage(own, image.widthPx, image.heightPx)));
    await expect(swap(join(place, 'first'), join(place, 'again'))).rejects.toThrow('carries Faceward’s mark');
    await expect(swap(join(folder, 'marked.png'), join(place, 'again'))).rejects.toThrow('carries Faceward’s mark');
    expect(await readdir(place)).toEqual(['first']);
  });

  test('of what shows no face, is not there, or by a network of another kind', async () => {
    await fakeFfmpeg();
    const grey = { widthPx: 128, heightPx: 128, data: new Uint8Array(3 * 128 ** 2).fill(90) };
    await writeFile(join(folder, 'grey.mp4'), fakeVideo([grey, grey]));
    const out = join(place, 'frames');
    await expect(swap(join(folder, 'grey.mp4'), out)).rejects.toThrow('0 of 2 frames');
    await expect(swap(join(folder, 'none.jpg'), out)).rejects.toThrow('no such file');
    await writeFile(join(folder, 'other.onnx'), await tinyReenactorFile());
    await expect(swap(clip, out, '--network', join(folder, 'other.onnx'))).rejects.toThrow(ModelFileError);
    expect(await readdir(place)).toEqual([]);
  });
});
