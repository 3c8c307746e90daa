import { describe, expect, it } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { InputError, ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { decodeImage } from './decode.ts';
import { encodeJpeg, encodePng } from './encode.ts';

const image = wavyImage(40, 30, new Random(5));

describe('encodePng', () => {
  it('loses nothing', async () => {
    expect((await decodeImage(await encodePng(image))).image).toEqual(image);
  });

  it('refuses an image whose bytes do not fit its size', async () => {
    await expect(encodePng({ ...image, widthPx: 41 })).rejects.toThrow(ShapeError);
  });
});

describe('encodeJpeg', () => {
  it('loses little at a high quality, and more bytes buy it', async () => {
    const fine = await encodeJpeg(image, { quality: 95 });
    const coarse = await encodeJpeg(image, { quality: 20 });
    expect(fine.length).toBeGreaterThan(coarse.length);
    const { data } = (await decodeImage(fine)).image;
    expect(data.reduce((sum, value, i) => sum + Math.abs(value - (image.data[i] ?? 0)), 0) / data.length).toBeLessThan(
      3,
    );
  });

  it.each([0, 101, 50.5])('refuses a quality of %d', async (quality) => {
    await expect(encodeJpeg(image, { quality })).rejects.toThrow(InputError);
  });
});
