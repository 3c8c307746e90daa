import { describe, expect, it } from 'vitest';
import { flatImage, pixelAt, wavyImage } from '../../test/fixtures/image-files.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { decodeImage } from './decode.ts';
import { encodePng } from './encode.ts';
import type { Image } from './image.ts';
import { encodeMarked, encodeMarkedPng, markSynthetic, readProvenance, type SyntheticKind } from './mark.ts';
import { sharp } from './vips.ts';

const provenance = { kind: 'reconstructed', method: 'inverse-dcgan', detail: 'encoder dlib, seed 1, Grüße' } as const;
const face = flatImage(112, 112, [200, 150, 120]);

/** Rows of '#' (white) and '.' (black) of a part of the band. */
function drawing(image: Image, x: number, y: number, width: number, height: number): string[] {
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => (pixelAt(image, x + column, y + row)[0] === 255 ? '#' : '.')).join(''),
  );
}

describe('markSynthetic', () => {
  it('writes readable letters at 112 px', () => {
    // "RECONSTRUCTED" is 77 px wide, so it starts at 17; two lines of 8 px and one above make the band.
    expect(drawing(markSynthetic(face, provenance), 17, 96, 17, 7)).toEqual([
      '####..#####..###.',
      '#...#.#.....#...#',
      '#...#.#.....#....',
      '####..####..#....',
      '#.#...#.....#....',
      '#..#..#.....#...#',
      '#...#.#####..###.',
    ]);
  });

  it.each(['reconstructed', 'generated', 'edited', 'animated'] as const)(
    'covers the whole width for %s and leaves the face above',
    (kind) => {
      const marked = markSynthetic(face, { kind, method: 'any' });
      expect(pixelAt(marked, 0, 111)).toEqual([0, 0, 0]);
      expect(pixelAt(marked, 111, 111)).toEqual([0, 0, 0]);
      expect(pixelAt(marked, 56, 80)).toEqual([200, 150, 120]);
      expect(
        face.data.every((value, i) => value === [200, 150, 120][i % 3]),
        'the original is untouched',
      ).toBe(true);
    },
  );

  it.each([27, 48, 64, 80, 112, 128, 256, 1024])('draws white text on black that stays inside at %i px', (sizePx) => {
    const marked = markSynthetic(flatImage(sizePx, sizePx, [200, 150, 120]), provenance);
    const greys = new Set<number>();
    const bandTop = marked.data.indexOf(0) / 3 / sizePx;
    for (let y = bandTop; y < sizePx; y++) for (let x = 0; x < sizePx; x++) greys.add(pixelAt(marked, x, y)[0]);
    expect([...greys].sort()).toEqual([0, 255]);
    expect(drawing(marked, 0, bandTop, 1, sizePx - bandTop).join('')).not.toContain('#');
    expect(drawing(marked, sizePx - 1, bandTop, 1, sizePx - bandTop).join('')).not.toContain('#');
  });

  it('takes little of a whole photo, and is legible there', () => {
    for (const [widthPx, heightPx] of [
      [1920, 1080],
      [300, 200],
    ] as const) {
      const photo = flatImage(widthPx, heightPx, [200, 150, 120]);
      const marked = markSynthetic(photo, { kind: 'edited', method: 'any' }, 'photo');
      const bandPx = heightPx - marked.data.indexOf(0) / 3 / widthPx;
      expect(bandPx).toBeLessThanOrEqual(Math.max(9, heightPx / 40));
      expect(bandPx).toBeGreaterThanOrEqual(Math.max(9, heightPx / 80));
      expect(marked.data.subarray(3 * widthPx * (heightPx - bandPx)).includes(255)).toBe(true);
    }
  });

  it('changes nothing the second time', () => {
    const once = markSynthetic(wavyImage(150, 90, new Random(1)), provenance);
    expect(markSynthetic(once, provenance)).toEqual(once);
  });

  it('refuses a face too small for a legible mark', () => {
    expect(() => markSynthetic(flatImage(26, 64, [0, 0, 0]), provenance)).toThrow(InputError);
    expect(() => markSynthetic(flatImage(64, 20, [0, 0, 0]), provenance)).toThrow(InputError);
  });
});

describe('encodeMarkedPng', () => {
  it('holds the marked pixels and the provenance', async () => {
    const png = await encodeMarkedPng(face, provenance);
    expect((await decodeImage(png)).image).toEqual(markSynthetic(face, provenance));
    expect(readProvenance(png)).toEqual(provenance);
  });

  it.each<[SyntheticKind, string]>([
    ['generated', 'trainedAlgorithmicMedia'],
    ['edited', 'compositeWithTrainedAlgorithmicMedia'],
  ])('carries IPTC digital source type for %s where other readers look for it', async (kind, term) => {
    const { xmp } = await sharp(await encodeMarkedPng(face, { kind, method: 'any' })).metadata();
    expect(xmp?.toString()).toContain(
      `Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${term}"`,
    );
  });
});

describe('readProvenance', () => {
  it('finds none in other files', async () => {
    expect(readProvenance(await encodePng(face))).toBeUndefined();
    expect(readProvenance(Buffer.from('text'))).toBeUndefined();
  });

  it('refuses an entry that was changed', async () => {
    const png = await encodeMarkedPng(face, provenance);
    const at = Buffer.from(png).indexOf('inverse-dcgan');
    png[at] = 'X'.charCodeAt(0);
    expect(() => readProvenance(png)).toThrow(InputError);
  });
});

describe('encodeMarked', () => {
  it('writes a JPEG of the quality that is asked for', async () => {
    // The first step of the luminance table of Annex K of JPEG's standard is 16 at quality 50 and 2 at 95 (libjpeg's scale).
    const firstStep = async (quality?: number): Promise<number | undefined> => {
      const options = { format: 'jpeg', extent: 'face', ...(quality === undefined ? {} : { quality }) } as const;
      const bytes = await encodeMarked(face, provenance, options);
      const table = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xdb);
      return bytes[table + 5];
    };
    expect([await firstStep(50), await firstStep()]).toEqual([16, 2]);
  });
});
