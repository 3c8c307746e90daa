import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flatImage, wavyImage } from '../../test/fixtures/image-files.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { InputError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { decodeImage } from './decode.ts';
import { encodeJpeg } from './encode.ts';
import type { Image } from './image.ts';
import { BAND_EIGHTHS, embedPayload, findPayload, MIN_CERTAINTY, type Payload, payloadCertainty } from './payload.ts';
import { cropImage, resizeImage } from './resize.ts';
import { sharp } from './vips.ts';

const payload: Payload = { runId: 0xdeadbeef, species: 0xa5 };

const jpeg = async (image: Image, quality: number) => (await decodeImage(await encodeJpeg(image, { quality }))).image;
const resized = (image: Image, scale: number) =>
  resizeImage(image, Math.round(image.widthPx * scale), Math.round(image.heightPx * scale));
const throughSharp = async (image: Image, work: (input: ReturnType<typeof sharp>) => ReturnType<typeof sharp>) => {
  const input = sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } });
  return (await decodeImage(new Uint8Array(await work(input).toBuffer()))).image;
};
const mapped = (image: Image, change: (value: number) => number): Image => ({
  ...image,
  data: new Uint8Array(Uint8ClampedArray.from(image.data, change).buffer),
});

/** What happens to pictures on their way; libvips' own codecs and filters beside ours. */
const TREATMENTS: Readonly<Record<string, (image: Image) => Image | Promise<Image>>> = {
  'JPEG 75': (image) => jpeg(image, 75),
  'JPEG 50 with half the colour': (image) => throughSharp(image, (input) => input.jpeg({ quality: 50 })),
  'half the size': (image) => resized(image, 0.5),
  'three quarters of the size': (image) => resized(image, 0.75),
  'one and a half times the size': (image) => resized(image, 1.5),
  'twice the size': (image) => resized(image, 2),
  'half the size by another filter': (image) =>
    throughSharp(image, (input) => input.resize({ width: Math.round(image.widthPx / 2), kernel: 'lanczos3' }).png()),
  'another shape': (image) => resizeImage(image, 300, 200),
  'JPEG 75, half the size, JPEG 75': async (image) => jpeg(resized(await jpeg(image, 75), 0.5), 75),
  'twice the size, JPEG 75': (image) => jpeg(resized(image, 2), 75),
  'WebP 75': (image) => throughSharp(image, (input) => input.webp({ quality: 75 })),
  'AVIF 50': (image) => throughSharp(image, (input) => input.avif({ quality: 50, effort: 0 })),
  'a tenth less contrast': (image) => mapped(image, (value) => 128 + 0.9 * (value - 128)),
  'a darker gamma': (image) => mapped(image, (value) => 255 * (value / 255) ** 1.15),
};

const generated: Readonly<Record<string, Image>> = {
  waves: wavyImage(256, 256, new Random(1)),
  'a flat grey': flatImage(256, 256, [128, 120, 110]),
  'an odd size': wavyImage(251, 333, new Random(2)),
  noise: { widthPx: 256, heightPx: 256, data: noise(3 * 256 * 256) },
};

describe.each(Object.entries(generated))('a payload in %s', (_, image) => {
  const marked = embedPayload(image, payload);

  it('is found, and not in the original', () => {
    expect(findPayload(marked)).toEqual(payload);
    expect(findPayload(image)).toBeUndefined();
  });

  it('changes little', () => {
    expect(psnr(image, marked)).toBeGreaterThan(38);
  });

  it.each(Object.entries(TREATMENTS))('survives %s', async (_name, treat) => {
    expect(findPayload(await treat(marked))).toEqual(payload);
  });
});

describe('a payload', () => {
  const image = generated.waves ?? flatImage(1, 1, [0, 0, 0]);

  it.each([
    [0, 0],
    [1, 255],
    [2 ** 32 - 1, 0],
    [2 ** 31, 128],
  ])('carries run %d and species %d', (runId, species) => {
    expect(findPayload(embedPayload(image, { runId, species }))).toEqual({ runId, species });
  });

  it('is the last one that was embedded', () => {
    const twice = embedPayload(embedPayload(image, { runId: 7, species: 7 }), payload);
    expect(findPayload(twice)).toEqual(payload);
  });

  it('stands above clipped highlights and shadows', () => {
    const split = { ...image, data: image.data.map((value, i) => (i % 768 < 300 ? 255 : i % 768 < 450 ? 0 : value)) };
    expect(findPayload(embedPayload(split, payload))).toEqual(payload);
  });

  it('is found above a band of any height that a marked frame has', () => {
    const marked = embedPayload(image, payload);
    for (const eighths of BAND_EIGHTHS) {
      const heightPx = 256 + 32 * eighths;
      const data = new Uint8Array(3 * 256 * heightPx);
      data.set(marked.data);
      const framed = { widthPx: 256, heightPx, data };
      expect(findPayload(framed)).toEqual(payload);
      expect(findPayload(resized(framed, 0.7))).toEqual(payload);
    }
  });

  it('leaves the original as it was, and is the same each time', () => {
    const before = image.data.slice();
    expect(embedPayload(image, payload)).toEqual(embedPayload(image, payload));
    expect(image.data).toEqual(before);
  });

  it('does not survive a cut of a tenth, nor mirroring', () => {
    const marked = embedPayload(image, payload);
    expect(findPayload(cropImage(marked, { x: 12, y: 12, width: 232, height: 232 }))).toBeUndefined();
    const mirrored = { ...marked, data: marked.data.slice().reverse() };
    expect(findPayload(mirrored)).toBeUndefined();
  });

  it('refuses what does not fit', () => {
    for (const wrong of [
      { runId: -1 },
      { runId: 2 ** 32 },
      { species: 256 },
      { species: 1.5 },
      { runId: Number.NaN },
    ]) {
      expect(() => embedPayload(image, { ...payload, ...wrong })).toThrow(InputError);
    }
    expect(() => embedPayload(flatImage(63, 200, [9, 9, 9]), payload)).toThrow(InputError);
    expect(() => findPayload({ ...image, data: new Uint8Array(5) })).toThrow(ShapeError);
  });

  it('is looked for in pictures of any size without harm', () => {
    for (const size of [1, 2, 7, 40, 63]) expect(findPayload(flatImage(size, size, [9, 9, 9]))).toBeUndefined();
  });
});

describe('false alarms', () => {
  it('are rarer than 1e-9 a picture by Chernoff’s bound for phases that say nothing', () => {
    // The certainty of a bit is |mean of three cosines of uniform phases|; here by its values on a grid of phases.
    const cosines = Array.from({ length: 60 }, (_, i) => Math.cos((2 * Math.PI * (i + 0.5)) / 60));
    const certainties = cosines.flatMap((a) => cosines.flatMap((b) => cosines.map((c) => Math.abs(a + b + c) / 3)));
    const bound = (lambda: number) => {
      const mean = certainties.reduce((sum, value) => sum + Math.exp(lambda * value), 0) / certainties.length;
      return 64 * (Math.log(mean) - lambda * MIN_CERTAINTY);
    };
    const uncoded = Math.exp(Math.min(...[2, 2.5, 3, 3.5, 4].map(bound)));
    expect(uncoded).toBeLessThan(1e-6);
    const trials = 13 * (1 + BAND_EIGHTHS.length);
    expect(uncoded * 2 ** -24 * trials).toBeLessThan(1e-9);
  });

  it.each([40, 64, 100, 256])('do not come from flat pictures and noise at %d px', (size) => {
    const random = new Random(size);
    for (let i = 0; i < 5; i++) {
      const colour = [random.integer(256), random.integer(256), random.integer(256)] as const;
      expect(findPayload(flatImage(size, size, colour))).toBeUndefined();
      expect(findPayload({ widthPx: size, heightPx: size, data: noise(3 * size * size, i) })).toBeUndefined();
    }
  });
});

describe.skipIf(!SHARED_DATA)('in real photos', () => {
  it('none is found in 300 of them', async () => {
    const photos = filesIn('utkface-adults-2500/images').filter((_, i) => i % 8 === 0);
    expect(photos.length).toBeGreaterThanOrEqual(300);
    const certainties: number[] = [];
    for (const path of photos.slice(0, 300)) {
      const { image } = await decodeImage(path);
      expect(findPayload(image), path).toBeUndefined();
      certainties.push(payloadCertainty(image));
    }
    // The mean of 64 has a deviation of 0.029 about 0.334; the highest of 52 readings lies some two above.
    expect(mean(certainties)).toBeGreaterThan(0.36);
    expect(mean(certainties)).toBeLessThan(0.42);
    expect(Math.max(...certainties)).toBeLessThan(MIN_CERTAINTY);
  });

  it('every one is found after every treatment', async () => {
    const people = filesIn('lfw-250-subset/images').filter((_, i) => i % 26 === 0);
    expect(people.length).toBe(7);
    const random = new Random(5);
    const lost: string[] = [];
    for (const folder of people) {
      const photo = readdirSync(folder).sort()[0] ?? '';
      const image = resizeImage((await decodeImage(join(folder, photo))).image, 256, 256);
      const own = { runId: random.uint32(), species: random.integer(256) };
      const marked = embedPayload(image, own);
      expect(psnr(image, marked), photo).toBeGreaterThan(38);
      for (const [name, treat] of Object.entries(TREATMENTS)) {
        const found = findPayload(await treat(marked));
        if (found?.runId !== own.runId || found.species !== own.species) lost.push(`${photo} after ${name}`);
      }
    }
    expect(lost).toEqual([]);
  });
});

function filesIn(folder: string): string[] {
  const root = join(SHARED_DATA ?? '', folder);
  return readdirSync(root)
    .sort()
    .map((name) => join(root, name));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function noise(length: number, seed = 1): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => random.integer(256));
}

function psnr(a: Image, b: Image): number {
  const squares = a.data.reduce((sum, value, i) => sum + (value - (b.data[i] ?? 0)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.data.length));
}
