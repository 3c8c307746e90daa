/**
 * Proves the payload of imitated faces on many photos: found in none as they are, and in all marked ones after each treatment.
 * `npm run proof:payload -- FOLDER [PHOTOS] [MARKED]` (default: all photos below the folder, of which 200 are marked at 256 px).
 * Prints the highest certainty of a photo without a payload, too: how near the nearest came to a false alarm.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage } from '../src/image/decode.ts';
import { encodeJpeg } from '../src/image/encode.ts';
import type { Image } from '../src/image/image.ts';
import { embedPayload, findPayload, MIN_CERTAINTY, payloadCertainty } from '../src/image/payload.ts';
import { resizeImage } from '../src/image/resize.ts';
import { InputError } from '../src/util/errors.ts';
import { Random } from '../src/util/random.ts';

const [folder, photos = 'all', marked = '200'] = process.argv.slice(2);
if (folder === undefined) throw new InputError('no folder of photos', { hint: 'name one: FOLDER [PHOTOS] [MARKED]' });
const random = new Random(6);

const jpeg75 = async (image: Image) => (await decodeImage(await encodeJpeg(image, { quality: 75 }))).image;
const resized = (image: Image, scale: number) =>
  resizeImage(image, Math.round(image.widthPx * scale), Math.round(image.heightPx * scale));

const TREATMENTS: Readonly<Record<string, (image: Image) => Image | Promise<Image>>> = {
  none: (image) => image,
  'JPEG 75': jpeg75,
  ...Object.fromEntries([0.5, 0.75, 1.5, 2].map((scale) => [`resized by ${scale}`, (i: Image) => resized(i, scale)])),
  'JPEG 75, resized by 0.5, JPEG 75': async (image) => jpeg75(resized(await jpeg75(image), 0.5)),
  'resized by 2, JPEG 75': (image) => jpeg75(resized(image, 2)),
};

const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(jpe?g|png)$/i.test(name))
  .map((name) => join(folder, name))
  .sort();
const chosen = photos === 'all' ? all : random.sample(all, Number(photos));

const falseAlarms: string[] = [];
const certainties: number[] = [];
for (const path of chosen) {
  const { image } = await decodeImage(path);
  const certainty = payloadCertainty(image);
  certainties.push(certainty);
  // Below, findPayload gives none by definition.
  if (certainty >= MIN_CERTAINTY && findPayload(image)) falseAlarms.push(path);
}
const mean = certainties.reduce((sum, value) => sum + value, 0) / certainties.length;
console.log(`${falseAlarms.length} of ${chosen.length} photos without a payload gave one ${falseAlarms.join(' ')}`);
console.log(
  `their certainty: mean ${mean.toFixed(3)}, highest ${Math.max(...certainties).toFixed(3)}, needed ${MIN_CERTAINTY}`,
);

const found = new Map(Object.keys(TREATMENTS).map((name) => [name, 0]));
const toMark = random.sample(all, Number(marked));
for (const path of toMark) {
  const payload = { runId: random.uint32(), species: random.integer(256) };
  const image = embedPayload(resizeImage((await decodeImage(path)).image, 256, 256), payload);
  for (const [name, treat] of Object.entries(TREATMENTS)) {
    const read = findPayload(await treat(image));
    const right = read?.runId === payload.runId && read.species === payload.species;
    found.set(name, (found.get(name) ?? 0) + (right ? 1 : 0));
  }
}
for (const [name, count] of found) console.log(`${name}: ${count} of ${toMark.length} found`);
process.exitCode = falseAlarms.length > 0 || [...found.values()].some((count) => count < toMark.length) ? 1 : 0;
