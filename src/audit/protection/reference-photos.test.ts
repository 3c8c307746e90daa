import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { convolutionalEncoder } from '../../../test/fixtures/evasion.ts';
import { wavyImage } from '../../../test/fixtures/image-files.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { CANONICAL_POINTS } from '../../face/alignment.ts';
import { encodePng } from '../../image/encode.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { embedCleanPhotos, listCleanPhotos, personOfPath, sha256Of } from './reference-photos.ts';

let root = '';
let encoder: Encoder;
const photo = (seed: number): Promise<Uint8Array> => encodePng(wavyImage(112, 112, new Random(seed)));
beforeAll(async () => {
  encoder = await convolutionalEncoder();
  root = await mkdtemp(join(tmpdir(), 'faceward-references-'));
  await mkdir(join(root, 'people/ann/summer'), { recursive: true });
  await mkdir(join(root, 'people/bob'));
  await writeFile(join(root, 'people/ann/1.png'), await photo(1));
  await writeFile(join(root, 'people/ann/summer/2.png'), await photo(2));
  await writeFile(join(root, 'people/bob/3.png'), await photo(3));
  await writeFile(join(root, 'people/bob/broken.png'), 'no picture');
  await mkdir(join(root, 'empty'));
});
afterAll(async () => {
  await encoder.close();
  await rm(root, { recursive: true, force: true });
});

test('a folder of folders holds people, a folder of photos is one person', async () => {
  const people = await listCleanPhotos(join(root, 'people'));
  expect(people.map(({ person }) => person)).toEqual(['ann', 'ann', 'bob', 'bob']);
  const bob = await listCleanPhotos(join(root, 'people/bob'));
  expect(bob.map(({ person }) => person)).toEqual(['bob', 'bob']);
  await expect(listCleanPhotos(join(root, 'people/ann'))).rejects.toThrow(/photos and folders/);
  await expect(listCleanPhotos(join(root, 'empty'))).rejects.toThrow(InputError);
});

test('a path tells whose photo it is', () => {
  const people = new Set(['ann', 'bob']);
  expect(personOfPath('/photos/ann/x.jpg', people)).toBe('ann');
  expect(personOfPath('/photos/bob_2.jpg', people)).toBe('bob');
  expect(personOfPath('/photos/x.jpg', people)).toBeUndefined();
  expect(personOfPath('/photos/x.jpg', new Set(['ann']))).toBe('ann');
});

test('a photo is compared with the others of its person, never with itself', async () => {
  const pipeline = {
    detect: async () => [
      { box: { x: 0, y: 0, width: 112, height: 112 }, confidence: 1, landmarks: CANONICAL_POINTS, mesh: [] },
    ],
  };
  const skipped: string[] = [];
  const references = await embedCleanPhotos(await listCleanPhotos(join(root, 'people')), [encoder], pipeline, {
    onSkipped: (reason) => skipped.push(reason),
  });
  expect(references.people).toEqual(new Set(['ann', 'bob']));
  expect(skipped).toHaveLength(1);
  const [ofAnother] = references.of('ann', 'f'.repeat(64));
  expect(ofAnother?.own).toHaveLength(2);
  expect(ofAnother?.others.map(({ person }) => person)).toEqual(['bob']);
  const [itself] = references.of('ann', sha256Of(await photo(1)));
  expect(itself?.own).toEqual([ofAnother?.own[1]]);
  expect(references.of(undefined, '')[0]).toEqual({ own: [], others: [] });
});
