import { describe, expect, it } from 'vitest';
import { exifBlock, flatImage, greyTiff, withJpegSegment } from '../../test/fixtures/image-files.ts';
import { encodeJpeg } from './encode.ts';
import { readMetadata } from './metadata.ts';
import { sharp } from './vips.ts';

const jpeg = await encodeJpeg(flatImage(16, 16, [90, 120, 150]));

describe('readMetadata', () => {
  it.each([true, false])('reads orientation, camera and place of a JPEG (with GPS: %s)', async (withGps) => {
    const exif = exifBlock({ orientation: 6, make: 'Acme', model: 'Snap 3', withGps });
    expect(await readMetadata(withJpegSegment(jpeg, 0xe1, exif))).toEqual({
      orientation: 6,
      camera: 'Acme Snap 3',
      hasGps: withGps,
    });
  });

  it('names a maker once', async () => {
    const exif = exifBlock({ orientation: 1, make: 'Canon', model: 'Canon EOS R5', withGps: false });
    expect((await readMetadata(withJpegSegment(jpeg, 0xe1, exif))).camera).toBe('Canon EOS R5');
  });

  it.each(['png', 'webp', 'avif'] as const)('reads %s', async (format) => {
    const tagged = await sharp(jpeg)
      .withExif({ IFD0: { Make: 'Acme', Model: 'Snap 3' } })
      .toFormat(format)
      .toBuffer();
    expect((await readMetadata(tagged)).camera).toBe('Acme Snap 3');
  });

  it('reads a TIFF, whose tags are its own', async () => {
    const tiff = greyTiff({ sampleBits: 8, sampleFormat: 1, samples: Uint8Array.of(7), make: 'Acm' });
    expect((await readMetadata(tiff)).camera).toBe('Acm');
  });

  it('says nothing of files without EXIF, with a damaged block, or that are no picture', async () => {
    const nothing = { orientation: 1, hasGps: false };
    expect(await readMetadata(jpeg)).toEqual(nothing);
    expect(
      await readMetadata(withJpegSegment(jpeg, 0xe1, Buffer.from('Exif\0\0II*\0\xff\xff\xff\xff', 'latin1'))),
    ).toEqual(nothing);
    expect(await readMetadata(Buffer.from('no picture'))).toEqual(nothing);
  });
});
