import exifr from 'exifr';
import { beforeAll, describe, expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { MIXED_KINDS, type MixedPhoto, mixedPhotos, PLANTED } from '../../test/fixtures/mixed-photos.ts';
import { StoreError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { readCloakProvenance } from './cloaked-photo.ts';
import { decodeImage } from './decode.ts';
import { encodeJpeg, encodePng } from './encode.ts';
import { insertTexts, readText } from './file-text.ts';
import { readProvenance } from './mark.ts';
import { listMetadata, requireNothingElse } from './metadata-inventory.ts';
import { encodeProtectedPhoto, type FaceAction, readProtection } from './protected-photo.ts';
import { sharp } from './vips.ts';

const IMAGE = wavyImage(400, 300, new Random('photo'));
const FORMATS = ['jpeg', 'png'] as const;
const written = (format: (typeof FORMATS)[number], actions: readonly FaceAction[]) =>
  encodeProtectedPhoto(IMAGE, format, {
    faceward: '0.1.0',
    actions,
    cloak: actions.includes('cloak')
      ? { encoders: [{ id: 'dlib', hash: 'h' }], dssim: 0.007, faceward: '0.1.0' }
      : undefined,
  });

/** Whether the lowest row is the mark's black band. */
async function hasBand(bytes: Uint8Array): Promise<boolean> {
  const { data, widthPx, heightPx } = (await decodeImage(bytes)).image;
  return data.subarray(3 * widthPx * (heightPx - 1)).every((value) => value < 12);
}

describe.each(FORMATS)('a protected photo as %s', (format) => {
  test('with an edited face carries the band and says what it is, by the word of another reader', async () => {
    const bytes = await written(format, ['keep', 'attributes', 'cloak']);
    expect(await hasBand(bytes)).toBe(true);
    expect(readProvenance(bytes)).toMatchObject({ kind: 'edited', method: 'attributes' });
    expect(readProtection(bytes)).toEqual({ faceward: '0.1.0', actions: ['keep', 'attributes', 'cloak'] });
    expect(readCloakProvenance(bytes)?.encoders).toEqual([{ id: 'dlib', hash: 'h' }]);
    const xmp: unknown = await exifr.parse(bytes, { xmp: true, tiff: false });
    expect(JSON.stringify(xmp)).toContain('compositeWithTrainedAlgorithmicMedia');
  });

  test('of a synthetic face stays one, whatever is done to it', async () => {
    const original = { kind: 'reconstructed', method: 'inverse-dcgan' } as const;
    const bytes = await encodeProtectedPhoto(IMAGE, format, { faceward: '0.1.0', actions: ['keep'], original });
    expect(await hasBand(bytes)).toBe(true);
    expect(readProvenance(bytes)).toEqual(original);
    expect(JSON.stringify(await exifr.parse(bytes, { xmp: true, tiff: false }))).toContain('/trainedAlgorithmicMedia');
  });

  test('without one carries no band; covered, it is called a human’s edit', async () => {
    const kept = await written(format, ['keep']);
    expect(await hasBand(kept)).toBe(false);
    expect(readProvenance(kept)).toBeUndefined();
    expect(readProtection(kept)?.actions).toEqual(['keep']);
    const covered = await written(format, ['keep', 'hide']);
    expect(await hasBand(covered)).toBe(false);
    expect(JSON.stringify(await exifr.parse(covered, { xmp: true, tiff: false }))).toContain('humanEdits');
  });
});

test('another file has no protection, and a damaged entry counts as none', async () => {
  expect(readProtection(await encodePng(IMAGE))).toBeUndefined();
  const bytes = Buffer.from(await written('jpeg', ['keep']));
  bytes.write('x', bytes.indexOf('{"schema":"faceward.protection'));
  expect(readProtection(bytes)).toBeUndefined();
});

test('frames of an animation, and chunks of no specification, are named', async () => {
  const frames = await Promise.all(['one', 'two'].map((name) => encodePng(wavyImage(16, 16, new Random(name)))));
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  expect(await listMetadata(gif)).toEqual(['further images']);
  const png = Buffer.from(await encodePng(IMAGE));
  // Length, type, body and a checksum that nobody looks at.
  const manifest = Buffer.from('\0\0\0\x04caBXjumb\0\0\0\0', 'latin1');
  expect(await listMetadata(Buffer.concat([png.subarray(0, 33), manifest, png.subarray(33)]))).toEqual([
    'application data',
  ]);
  expect(await listMetadata(png)).toEqual([]);
});

describe('nothing else is let into a file', () => {
  test.each(FORMATS)('%s: what we write passes, with and without our entries', async (format) => {
    requireNothingElse(await (format === 'png' ? encodePng(IMAGE) : encodeJpeg(IMAGE)));
    for (const actions of [['keep'], ['attributes'], ['hide'], ['cloak']] as const)
      requireNothingElse(await written(format, actions));
  });

  test.each(FORMATS)('%s: a foreign text, and bytes behind the end, do not', async (format) => {
    const bytes = await written(format, ['keep']);
    expect(() => requireNothingElse(insertTexts(bytes, [{ keyword: 'Author', text: 'ann' }]))).toThrow(StoreError);
    expect(() => requireNothingElse(Buffer.concat([bytes, Buffer.from('PK')]))).toThrow(/2 bytes behind its end/);
  });

  test('texts come back from either format', async () => {
    const texts = [
      { keyword: 'faceward', text: 'Grüße' },
      { keyword: 'faceward-cloak', text: '{}' },
    ];
    for (const bytes of [await encodePng(IMAGE), await encodeJpeg(IMAGE)]) {
      const filled = insertTexts(bytes, texts);
      for (const { keyword, text } of texts) expect(readText(filled, keyword)).toBe(text);
      expect(readText(filled, 'other')).toBeUndefined();
      expect((await decodeImage(filled)).image).toEqual((await decodeImage(bytes)).image);
    }
  });
});

describe('the metadata of an original', () => {
  let photos: MixedPhoto[];
  beforeAll(async () => {
    photos = await mixedPhotos(MIXED_KINDS);
  });

  test('is named wherever something was planted, and not where nothing was', async () => {
    const whole = photos.filter(({ isPhoto }) => isPhoto);
    const named = await Promise.all(
      whole.map(async ({ bytes, name }) => ({ name, bytes, kinds: await listMetadata(bytes) })),
    );
    // Each tells of itself in its bytes, but for zTXt, which is compressed.
    for (const { name, bytes, kinds } of named) {
      const isPlanted = Buffer.from(bytes).includes(PLANTED);
      if (isPlanted) expect({ name, some: kinds.length > 0 }).toEqual({ name, some: true });
      else expect({ name, kinds: kinds.filter((kind) => kind !== 'colour profile') }).toEqual({ name, kinds: [] });
    }
    const all = new Set(named.flatMap(({ kinds }) => kinds));
    for (const kind of [
      'EXIF',
      'GPS position',
      'thumbnail',
      'maker notes',
      'XMP',
      'IPTC',
      'colour profile',
      'comment',
      'text',
      'further images',
      'data behind the end of the picture',
    ])
      expect(all).toContain(kind);
  });
});
