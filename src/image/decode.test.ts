import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adobeRgbProfile,
  type Colour,
  exifBlock,
  flatImage,
  greyTiff,
  imageOf,
  pixelAt,
  pngClaiming,
  withJpegSegment,
} from '../../test/fixtures/image-files.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { InputError } from '../util/errors.ts';
import { decodeImage } from './decode.ts';
import { encodeJpeg, encodePng } from './encode.ts';
import type { Image } from './image.ts';
import { sharp } from './vips.ts';

const A: Colour = [255, 0, 0];
const B: Colour = [0, 255, 0];
const C: Colour = [0, 0, 255];
const F: Colour = [250, 120, 10];
const PALETTE: Readonly<Record<string, Colour>> = { A, B, C, D: [255, 255, 0], E: [0, 255, 255], F };

/** An image from letters of the palette, rows parted by a stroke: 'AB/CD' has A and B in its upper row. */
function lettered(rows: string): Image {
  return imageOf(rows.split('/').map((row) => [...row].map((letter): Colour => PALETTE[letter] ?? [0, 0, 0])));
}

/** Sharp on the raw pixels of an image. */
function raw(image: Image) {
  return sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } });
}

function expectColour(actual: Colour, expected: Colour, tolerance: number): void {
  const difference = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? 0))));
  expect(difference, `${actual} should be ${expected}`).toBeLessThanOrEqual(tolerance);
}

async function failure(work: Promise<unknown>): Promise<InputError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InputError) return error;
  throw new TypeError(`expected an InputError, got ${error}`);
}

describe('decodeImage: EXIF orientation', () => {
  // Stored as AB/CD/EF; each row is what a viewer shows, worked out by hand from EXIF 2.32, table 6.
  it.each([
    [1, 'AB/CD/EF'],
    [2, 'BA/DC/FE'],
    [3, 'FE/DC/BA'],
    [4, 'EF/CD/AB'],
    [5, 'ACE/BDF'],
    [6, 'ECA/FDB'],
    [7, 'FDB/ECA'],
    [8, 'BDF/ACE'],
  ])('applies orientation %i', async (orientation, shown) => {
    const png = await raw(lettered('AB/CD/EF')).withMetadata({ orientation }).png().toBuffer();
    const decoded = await decodeImage(png);
    expect(decoded.image).toEqual(lettered(shown));
    expect(decoded).toMatchObject({ orientation, originalWidthPx: 2, originalHeightPx: 3 });
  });

  it('applies it to a JPEG whose EXIF block was made by hand', async () => {
    const stored = imageOf(
      Array.from({ length: 32 }, () => [...Array<Colour>(32).fill(A), ...Array<Colour>(32).fill(C)]),
    );
    const exif = exifBlock({ orientation: 6, make: 'Maker', model: 'Model', withGps: false });
    const { image } = await decodeImage(withJpegSegment(await encodeJpeg(stored, { quality: 100 }), 0xe1, exif));
    expect([image.widthPx, image.heightPx]).toEqual([32, 64]);
    expectColour(pixelAt(image, 16, 8), A, 3);
    expectColour(pixelAt(image, 16, 56), C, 3);
  });
});

describe('decodeImage: colour', () => {
  const stored: Colour = [200, 100, 50];
  const decodeCurve = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const encodeCurve = (value: number) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);

  /** IEC 61966-2-1 from linear light by a matrix; rows of `matrix` give linear sRGB. */
  function toSrgb(linear: readonly number[], matrix: readonly (readonly number[])[]): Colour {
    const [red = 0, green = 0, blue = 0] = matrix.map((row) => {
      const light = row.reduce((sum, weight, i) => sum + weight * (linear[i] ?? 0), 0);
      return Math.round(255 * encodeCurve(Math.min(1, Math.max(0, light))));
    });
    return [red, green, blue];
  }

  it('converts Adobe RGB (1998)', async () => {
    const profile = Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), adobeRgbProfile()]);
    const jpeg = withJpegSegment(await encodeJpeg(flatImage(16, 16, stored), { quality: 100 }), 0xe2, profile);
    const expected = toSrgb(
      stored.map((value) => (value / 255) ** (563 / 256)),
      // Adobe RGB and sRGB share white, red and blue; only the way to green differs.
      [
        [1.39836, -0.39836, 0],
        [0, 1, 0],
        [0, -0.04293, 1.04293],
      ],
    );
    expectColour(pixelAt((await decodeImage(jpeg)).image, 8, 8), expected, 3);
  });

  it.each(['srgb', 'rgb16'] as const)('converts Display P3 (%s)', async (space) => {
    const png = await raw(flatImage(8, 8, stored))
      .toColourspace(space)
      .withIccProfile('p3')
      .png()
      .toBuffer();
    const kept = await sharp(png, { ignoreIcc: true }).raw().toBuffer();
    const p3: Colour = [kept[0] ?? 0, kept[1] ?? 0, kept[2] ?? 0];
    expect(Math.abs(p3[0] - stored[0]), 'the stored values differ from sRGB').toBeGreaterThan(8);
    const expected = toSrgb(
      p3.map((value) => decodeCurve(value / 255)),
      [
        [1.22494, -0.22494, 0],
        [-0.04206, 1.04206, 0],
        [-0.01964, -0.07864, 1.09827],
      ],
    );
    expectColour(pixelAt((await decodeImage(png)).image, 4, 4), expected, 2);
  });

  it('reads 16-bit RGB and grey by their high byte', async () => {
    const samples = Uint16Array.of(0x1234, 0x80ff, 0xffff, 0, 0x7f00, 0xabcd);
    const rgb = await sharp(samples, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(rgb).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(rgb)).image.data]).toEqual([0x12, 0x80, 0xff, 0, 0x7f, 0xab]);
    const grey = await sharp(samples, { raw: { width: 6, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(grey)).image.data].filter((_, i) => i % 3 === 0)).toEqual([
      0x12, 0x80, 0xff, 0, 0x7f, 0xab,
    ]);
  });

  it('lays alpha on white, for grey too', async () => {
    const pixels = Uint8Array.of(0, 255, 100, 128, 200, 0);
    const png = await sharp(pixels, { raw: { width: 3, height: 1, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).channels).toBe(2);
    const { image } = await decodeImage(png);
    expectColour(pixelAt(image, 0, 0), [0, 0, 0], 0);
    const blended = 100 * (128 / 255) + 255 * (127 / 255);
    expectColour(pixelAt(image, 1, 0), [blended, blended, blended], 1);
    expectColour(pixelAt(image, 2, 0), [255, 255, 255], 0);
  });

  it.each<[Colour]>([[[150, 120, 110]], [[255, 255, 255]], [[120, 150, 165]]])(
    'reads a CMYK JPEG of %j',
    async (colour) => {
      const jpeg = await raw(flatImage(16, 16, colour))
        .toColourspace('cmyk')
        .jpeg({ quality: 100 })
        .toBuffer();
      expect((await sharp(jpeg).metadata()).channels).toBe(4);
      expectColour(pixelAt((await decodeImage(jpeg)).image, 8, 8), colour, 6);
    },
  );

  it('refuses floating-point samples', async () => {
    const tiff = greyTiff({ sampleBits: 32, sampleFormat: 3, samples: Buffer.from(Float32Array.of(0.5).buffer) });
    expect((await failure(decodeImage(tiff, { name: 'hdr.tif' }))).message).toMatch(/^hdr\.tif: its samples \(float/);
  });
});

describe('decodeImage: formats', () => {
  const image = flatImage(24, 16, [180, 90, 60]);

  it.each(['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const)('reads %s', async (format) => {
    const decoded = await decodeImage(await raw(image).toFormat(format, { quality: 95 }).toBuffer());
    expect(decoded).toMatchObject({ format, originalWidthPx: 24, originalHeightPx: 16, orientation: 1 });
    expect(decoded.image.data.length).toBe(24 * 16 * 3);
    expectColour(pixelAt(decoded.image, 12, 8), [180, 90, 60], 5);
  });

  it.each(['gif', 'webp'] as const)('reads the first frame of an animated %s', async (format) => {
    const frames = [A, B, C].map((colour) => flatImage(20, 10, colour));
    const strip = { widthPx: 20, heightPx: 30, data: Buffer.concat(frames.map((frame) => frame.data)) };
    const animated = await sharp(strip.data, { raw: { width: 20, height: 30, channels: 3, pageHeight: 10 } })
      .toFormat(format, { loop: 0, ...(format === 'webp' ? { lossless: true } : {}) })
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(3);
    const decoded = await decodeImage(animated);
    expect([decoded.image.widthPx, decoded.image.heightPx]).toEqual([20, 10]);
    expectColour(pixelAt(decoded.image, 10, 5), A, 1);
  });

  it.skipIf(!SHARED_DATA)('reads a PGM of the ORL faces', async () => {
    const folder = join(SHARED_DATA ?? '', 'orl-faces');
    const file = (await readdir(folder, { recursive: true })).find((name) => name.endsWith('.pgm')) ?? '';
    expect(await decodeImage(join(folder, file))).toMatchObject({
      format: 'pgm',
      originalWidthPx: 92,
      originalHeightPx: 112,
    });
  });
});

describe('decodeImage: refusals', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faceward-decode-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('names a missing file, a folder and an empty file', async () => {
    const missing = join(folder, 'missing.jpg');
    expect((await failure(decodeImage(missing))).message).toBe(`${missing}: there is no such file`);
    expect((await failure(decodeImage(folder))).message).toBe(`${folder}: it is a folder, not a picture`);
    const empty = join(folder, 'empty.jpg');
    await writeFile(empty, '');
    expect((await failure(decodeImage(empty))).message).toBe(`${empty}: it is empty (zero bytes)`);
    expect((await failure(decodeImage(join(folder, 'nul\0.jpg')))).hint).toBeDefined();
    expect((await failure(decodeImage('/dev/zero'))).message).toContain('a device or a pipe');
  });

  it('checks bytes and pixels before decoding', async () => {
    const png = await encodePng(flatImage(100, 100, A));
    expect((await failure(decodeImage(png, { maxBytes: png.length - 1 }))).message).toContain('more than the limit');
    expect((await failure(decodeImage(png, { maxPixels: 9999 }))).message).toContain(
      '100x100 px are more than the limit of 9999',
    );
    await expect(decodeImage(png, { maxBytes: png.length, maxPixels: 10_000 })).resolves.toBeDefined();
    const bomb = pngClaiming(50_000, 50_000, Buffer.from([0x78, 1]));
    expect((await failure(decodeImage(bomb, { name: 'bomb.png' }))).message).toMatch(
      /^bomb\.png: 50000x50000 px are more/,
    );
  });

  it('says what a refused type is', async () => {
    const svg = Buffer.from(
      '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    );
    expect((await failure(decodeImage(svg))).message).toContain('an SVG drawing');
    expect((await failure(decodeImage(Buffer.from('%PDF-1.7\n')))).message).toContain('a PDF document');
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
    expect((await failure(decodeImage(heic))).message).toContain('a HEIC picture');
  });

  it('refuses a truncated JPEG', async () => {
    const jpeg = await encodeJpeg(flatImage(64, 64, F));
    const error = await failure(decodeImage(jpeg.subarray(0, jpeg.length - 40), { name: 'half.jpg' }));
    expect(error.message).toMatch(/^half\.jpg: truncated or damaged JPEG file/);
    expect(error.hint).toBeDefined();
  });

  it('reads a JPEG with stray bytes between its segments, as some cameras write', async () => {
    const jpeg = await encodeJpeg(flatImage(64, 64, F));
    const stray = Buffer.concat([jpeg.subarray(0, 20), Buffer.from([1, 2, 3]), jpeg.subarray(20)]);
    await expect(sharp(stray, { failOn: 'warning' }).toBuffer()).rejects.toThrow('extraneous bytes');
    expectColour(pixelAt((await decodeImage(stray)).image, 32, 32), F, 4);
  });
});
