import { expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { Random } from '../util/random.ts';
import { encodeCloakedPhoto, readCloakProvenance } from './cloaked-photo.ts';
import { decodeImage } from './decode.ts';
import { encodeJpeg, encodePng } from './encode.ts';
import { carriedProvenance, encodeMarkedPng, readProvenance } from './mark.ts';
import { writtenFormat } from './written-format.ts';

const IMAGE = wavyImage(64, 48, new Random('photo'));
const PROVENANCE = { encoders: [{ id: 'dlib', hash: 'abc' }], dssim: 0.007, faceward: '0.1.0' };

test.each(['jpeg', 'png'] as const)('%s: keeps the picture, and says how it was made', async (format) => {
  const bytes = await encodeCloakedPhoto(IMAGE, format, PROVENANCE);
  const decoded = await decodeImage(bytes);
  expect(decoded.format).toBe(format);
  const plain = await decodeImage(await (format === 'png' ? encodePng(IMAGE) : encodeJpeg(IMAGE, { quality: 95 })));
  expect(decoded.image).toEqual(plain.image);
  expect(readCloakProvenance(bytes)).toEqual(PROVENANCE);
});

test('another file has none, and a damaged entry counts as none', async () => {
  expect(readCloakProvenance(await encodeJpeg(IMAGE))).toBeUndefined();
  expect(readCloakProvenance(await encodePng(IMAGE))).toBeUndefined();
  expect(readCloakProvenance(new Uint8Array([1, 2, 3]))).toBeUndefined();
  for (const format of ['jpeg', 'png'] as const) {
    const bytes = await encodeCloakedPhoto(IMAGE, format, PROVENANCE);
    const at = Buffer.from(bytes).indexOf('"dssim"');
    bytes[at + 1] = 'x'.charCodeAt(0);
    expect(readCloakProvenance(bytes)).toBeUndefined();
  }
});

test('what can be written keeps its format, the rest becomes PNG', () => {
  expect((['jpeg', 'png', 'webp', 'gif', 'ppm'] as const).map(writtenFormat)).toEqual([
    'jpeg',
    'png',
    'png',
    'png',
    'png',
  ]);
});

test('a synthetic face stays one when it is cloaked, and nothing rides along', async () => {
  const made = { kind: 'generated', method: 'inverse-dcgan', detail: 'a text of somebody' } as const;
  const original = carriedProvenance(await encodeMarkedPng(IMAGE, made));
  expect(original).toEqual({ kind: 'generated', method: 'inverse-dcgan' });
  const bytes = await encodeCloakedPhoto(IMAGE, 'jpeg', PROVENANCE, original);
  expect(readProvenance(bytes)).toEqual(original);
  expect(readCloakProvenance(bytes)).toEqual(PROVENANCE);
  expect(carriedProvenance(await encodeMarkedPng(IMAGE, { ...made, method: 'at 52° N' }))?.method).toBe('unknown');
  expect(carriedProvenance(await encodePng(IMAGE))).toBeUndefined();
});
