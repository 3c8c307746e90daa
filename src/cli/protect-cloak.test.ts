import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Outcome, startFaceward } from '../../test/fixtures/command-line.ts';
import { exifBlock, withJpegSegment } from '../../test/fixtures/image-files.ts';
import { tinyEncoderFile } from '../../test/fixtures/tiny-encoder-file.ts';
import { type Receipt, readReceipt } from '../audit/protection/receipt.ts';
import { readCloakProvenance } from '../image/cloaked-photo.ts';
import { decodeImage } from '../image/decode.ts';
import { encodeJpeg, encodePng } from '../image/encode.ts';
import { readMetadata } from '../image/metadata.ts';
import { cropImage } from '../image/resize.ts';

/** Three faces, inside an installed package; one of them is cut out. */
const GROUP = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api')), '../demo/sample1.jpg');
const ONE_FACE = { x: 683, y: 298, width: 500, height: 480 };

let folder = '';
let photos = '';
const inFolder = (...parts: string[]): string => join(folder, ...parts);
const faceward = (...words: string[]): Promise<Outcome> => startFaceward(words, { cache: inFolder('cache') }).outcome;
const receiptOf = async (photo: string): Promise<Receipt> =>
  readReceipt(await readFile(`${photo}.receipt.json`, 'utf8'), photo);

let first: Outcome;
let cloak: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-cloak-'));
  photos = inFolder('photos');
  await mkdir(join(photos, 'ann'), { recursive: true });
  const image = cropImage((await decodeImage(GROUP)).image, ONE_FACE);
  // Stored upside down, as a camera held so would, with all that a camera tells.
  const turned = { ...image, data: image.data.slice() };
  const pixels = image.data.length / 3;
  for (let i = 0; i < pixels; i++) turned.data.set(image.data.subarray(3 * i, 3 * i + 3), 3 * (pixels - 1 - i));
  const exif = exifBlock({ orientation: 3, make: 'Canon', model: 'EOS', withGps: true });
  await writeFile(join(photos, 'ann/1.jpg'), withJpegSegment(await encodeJpeg(turned), 0xe1, exif));
  await writeFile(join(photos, 'ann/2.png'), await encodePng({ ...image, data: image.data.map((v) => v * 0.9) }));
  await writeFile(join(photos, 'broken.jpg'), 'no picture');
  await writeFile(inFolder('tiny.onnx'), tinyEncoderFile('cloak'));
  cloak = ['protect', 'cloak', photos, '--encoders', inFolder('tiny.onnx'), '--test-encoders', 'dlib'];
  cloak.push('--dssim', '0.003', '--out', inFolder('out'), '--json');
  first = await faceward(...cloak);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a folder of photos', () => {
  test('each is cloaked and has a receipt; a broken one is told, and the rest go on', async () => {
    expect(first.stderr).toContain('broken.jpg: this is no picture');
    expect(first.status).toBe(2);
    const receipts = z
      .array(z.looseObject({ input: z.looseObject({ name: z.string() }) }))
      .parse(JSON.parse(first.stdout));
    expect(receipts.map(({ input }) => input.name)).toEqual(['ann/1.jpg', 'ann/2.png']);
    for (const name of ['ann/1.jpg', 'ann/2.png']) {
      const receipt = await receiptOf(inFolder('out', name));
      const [face, ...others] = receipt.faces;
      expect(others).toEqual([]);
      expect(face?.cloak?.dssim).toBeLessThanOrEqual(0.003);
      expect(face?.cloak?.dssim).toBeGreaterThan(0.002);
      expect(receipt.encoders.map(({ role }) => role)).toEqual(['used', 'held-out']);
      // Each is the other's clean photo of the same person.
      expect(face?.person).toBe('ann');
      expect(face?.tests).toHaveLength(10);
      expect(face?.tests[0]?.otherPhotos?.photos).toBe(1);
      expect(face?.tests[0]?.samePhoto).toBeLessThan(0.999);
    }
    const page = await readFile(inFolder('out/receipts.html'), 'utf8');
    expect(page).toContain('ann/1.jpg');
    expect(page).toContain('already public');
  });

  test('the photo stands upright, keeps its format and size, and tells nothing of its camera', async () => {
    const bytes = await readFile(inFolder('out/ann/1.jpg'));
    expect(await readMetadata(bytes)).toEqual({ orientation: 1, hasGps: false });
    const [before, after] = [await decodeImage(join(photos, 'ann/1.jpg')), await decodeImage(bytes)];
    expect(before.orientation).toBe(3);
    expect({ ...after, image: after.image.widthPx }).toMatchObject({ format: 'jpeg', orientation: 1, image: 500 });
    // The corner has no face: only JPEG touched it.
    for (let i = 0; i < 300; i++)
      expect(Math.abs((after.image.data[i] ?? 0) - (before.image.data[i] ?? 99))).toBeLessThan(16);
    expect(readCloakProvenance(bytes)?.encoders).toHaveLength(1);
    expect((await decodeImage(inFolder('out/ann/2.png'))).format).toBe('png');
  });

  test('resumes: what was finished with these options is left as it is', async () => {
    const at = (await stat(inFolder('out/ann/1.jpg'))).mtimeMs;
    const again = await faceward(...cloak, '--resume');
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(first.stdout));
    expect((await stat(inFolder('out/ann/1.jpg'))).mtimeMs).toBe(at);
    const dry = await faceward(...cloak.filter((word) => word !== '--json'), '--resume', '--dry-run');
    expect(dry.stdout.match(/\(finished already\)/g)).toHaveLength(2);
  }, 30_000);

  test('neither an original nor a file that is not its own is written over', async () => {
    const original = await readFile(join(photos, 'ann/1.jpg'));
    const words = [
      'protect',
      'cloak',
      join(photos, 'ann/1.jpg'),
      '--encoders',
      inFolder('tiny.onnx'),
      '--dssim',
      '0.003',
    ];
    const onto = await faceward(...words, '--out', join(photos, 'ann'), '--force');
    expect(onto.stderr).toContain('would take the place of the original');
    await mkdir(inFolder('other'));
    await writeFile(inFolder('other/1.jpg'), 'mine');
    const over = await faceward(...words, '--out', inFolder('other'));
    expect(over.stderr).toContain('--force');
    expect([onto.status, over.status]).toEqual([2, 2]);
    expect(await readFile(join(photos, 'ann/1.jpg'))).toEqual(original);
    expect(await readFile(inFolder('other/1.jpg'), 'utf8')).toBe('mine');
  }, 30_000);
});

describe('protect check', () => {
  const check = (...words: string[]): Promise<Outcome> =>
    faceward('protect', 'check', ...words, '--test-encoders', `${inFolder('tiny.onnx')},dlib`);

  test('tests a cloaked photo again, and knows what it was made with', async () => {
    const { status, stdout } = await check(inFolder('out/ann/1.jpg'), '--against', join(photos, 'ann'), '--json');
    expect(status).toBe(0);
    const receipt = readReceipt(stdout, 'stdout');
    expect(receipt).toMatchObject({ kind: 'check', output: null, cloak: null, faces: [{ person: 'ann' }] });
    expect(receipt.encoders.map(({ role }) => role)).toEqual(['used', 'held-out']);
    expect(receipt.faces[0]?.tests.map(({ otherPhotos }) => otherPhotos?.photos)).toEqual(Array(10).fill(2));
    // A cloak made against another network, of this budget, deceives nobody.
    expect(receipt.verdict).toBe('does-not-protect');
    expect(receipt.sentence).toContain('dlib');
  }, 30_000);

  test('needs to know whose photo it is, and another one of that person', async () => {
    await mkdir(inFolder('people/bob'), { recursive: true });
    await mkdir(inFolder('people/eve'));
    for (const name of ['bob', 'eve'])
      await writeFile(inFolder('people', name, '1.png'), await readFile(join(photos, 'ann/2.png')));
    const unknown = await check(inFolder('out/ann/1.jpg'), '--against', inFolder('people'));
    expect(unknown.stderr).toMatch(/whose photo is this\?\nhint: give --person with one of: bob, eve/);
    const itself = await check(join(photos, 'ann/2.png'), '--against', inFolder('people'), '--person', 'bob');
    expect(itself.stderr).toContain('no clean photo of bob but this one');
    expect([unknown.status, itself.status]).toEqual([2, 2]);
  }, 30_000);
});

test.each([
  [['--strength', 'mid', '--dssim', '0.01'], 'say the same thing twice'],
  [['--strength', 'huge'], '--strength huge is unknown'],
  [['--dssim', '0.5'], 'a DSSIM budget of 0.5'],
  [['--encoders', 'nope'], '"nope" names no encoder'],
])('%s is bad input', async (words, message) => {
  const { status, stderr } = await faceward('protect', 'cloak', GROUP, '--out', inFolder('bad'), ...words);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});
