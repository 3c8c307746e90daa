import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { trainingSidePx } from '../attack/presentation/swap/swap-view.ts';
import { encodePng } from '../image/encode.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { findSwapPhotos, loadSwapFaces } from './swap-faces.ts';

const PATIENCE_MS = 60_000;

let folder = '';
const inFolder = (name: string): string => join(folder, name);

/** Pictures of 112x112 px are taken as aligned faces; in others one is looked for. */
async function makePhotos(name: string, count: number, { sidePx = 112, seed = name } = {}): Promise<void> {
  await mkdir(inFolder(name));
  for (let i = 0; i < count; i++) {
    const photo = wavyImage(sidePx, sidePx, new Random(`${seed} ${i}`));
    await writeFile(join(inFolder(name), `${i}.png`), await encodePng(photo));
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-swap-faces-'));
  vi.stubEnv('FACEWARD_CACHE', inFolder('cache'));
  await makePhotos('ann', 20);
  await makePhotos('again', 20, { seed: 'ann' });
  await makePhotos('few', 19);
  await makePhotos('walls', 20, { sidePx: 48 });
  await mkdir(inFolder('empty'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const load = async (donor: string, wearer: string) => {
  const folders = {
    donor: { folder: inFolder(donor), option: '--face-of' },
    wearer: { folder: inFolder(wearer), option: '--onto' },
  };
  const options = { sizePx: 32, args: { device: 'cpu', threads: '1' }, job: {} };
  return loadSwapFaces(await findSwapPhotos(folders), folders, options);
};

test.each([
  ['few', 'there are 19 photos in this folder, and a swap needs 20 at least'],
  ['empty', 'there is no photo in this folder'],
  ['nowhere', 'there is no such folder'],
  ['walls', 'of 20 photos none shows a face that can be found, and a swap needs 20 at least'],
])(
  'a folder "%s" is refused: %s',
  async (name, message) => {
    const refused = await load('ann', name).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InputError);
    expect(refused).toMatchObject({ message: expect.stringMatching(/^--onto: /) });
    expect(refused).toMatchObject({ message: expect.stringContaining(message), hint: expect.stringContaining('200') });
  },
  PATIENCE_MS,
);

test(
  'the same pictures twice have one hash, and are told to be of one person',
  async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { donor, wearer } = await load('ann', 'again');
    const notes = stderr.mock.calls.map(([text]) => String(text)).join('');
    stderr.mockRestore();

    expect(donor.hash).toBe(wearer.hash);
    expect(donor.examples).toHaveLength(20);
    expect(donor.examples[0]?.mask).toHaveLength(trainingSidePx(32) ** 2);
    expect(donor.examples[0]?.picture).toHaveLength(3 * trainingSidePx(32) ** 2);
    expect(notes).toContain('--face-of: 20 faces');
    expect(notes).toContain('--face-of and --onto seem to show the same person');
  },
  PATIENCE_MS,
);

test('a photo of ours is refused by its name, not left out', { timeout: PATIENCE_MS }, async () => {
  await makePhotos('ours', 20);
  const marked = await encodeMarkedPng(wavyImage(112, 112, new Random(1)), { kind: 'generated', method: 'swap' });
  await writeFile(join(inFolder('ours'), '7.png'), marked);
  await expect(load('ours', 'ann')).rejects.toThrow(/7\.png: it carries Faceward’s mark/);
});
