/**
 * Prints how near a reenactment comes to what a person really did: `node scripts/reenactment-figures.ts CLIP… [-- REENACTOR.onnx]` (default: the one that comes with Faceward).
 *
 * Each CLIP is a folder of frames of one person. Its frame at rest is moved by the clip itself, by the network and by the warp engine, and compared with the frame that was filmed: mean absolute difference
 * of the face's box, 0..255, beside that of the picture left as it is. Clips should be of people whom the network has not seen. No picture is written.
 */
import { basename } from 'node:path';
import { restOf } from '../src/attack/presentation/clip-driver.ts';
import { reenact } from '../src/attack/presentation/reenactment/reenact.ts';
import { openReenactor } from '../src/attack/presentation/reenactment/reenactor.ts';
import { animate } from '../src/attack/presentation/warp/animate.ts';
import { readRecordedDriver } from '../src/cli/driver-track.ts';
import { pipelineSource } from '../src/cli/face-source.ts';
import { OWN_REENACTOR, readReenactor } from '../src/cli/reenactor-model.ts';
import type { Box } from '../src/face/face.ts';
import type { Image } from '../src/image/image.ts';

/** The prepared clips' own rate. */
const FRAMES_PER_SECOND = 12.5;

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const [clips, [file = OWN_REENACTOR]] = [words.slice(0, end), words.slice(end + 1)];
if (clips.length === 0) {
  console.error('usage: node scripts/reenactment-figures.ts CLIP… [-- REENACTOR.onnx]');
  process.exit(2);
}
await using source = pipelineSource({ device: 'cpu', threads: '1' });
const reenactor = await openReenactor(await readReenactor(file), { threads: 1 });
console.log('clip, frames: left as it is; warped (lifted); by the network');
for (const clip of clips) {
  const driver = await readRecordedDriver(clip, source, { framesPerSecond: FRAMES_PER_SECOND });
  const { reference, picture: rest } = restOf(driver);
  if (!driver.film || !rest) throw new TypeError(`${clip} shows nothing`);
  const { frames, face } = driver.film;
  const warped = [...animate(rest, reference, driver.track, { mode: 'lifted', reference })];
  const errors = { still: 0, warped: 0, network: 0 };
  let n = 0;
  for await (const { picture } of reenact(reenactor, rest, { box: face }, { frames, face, reference: rest })) {
    const filmed = frames[n] as Image;
    errors.still += difference(rest, filmed, face);
    errors.warped += difference(warped[n] as Image, filmed, face);
    errors.network += difference(picture, filmed, face);
    n++;
  }
  const means = Object.values(errors).map((sum) => (sum / n).toFixed(2));
  console.log(`${basename(clip)}, ${n}: ${means.join('; ')}`);
}
await reenactor.close();

/** Mean absolute difference of two pictures within a box. */
function difference(one: Image, other: Image, { x, y, width, height }: Box): number {
  let [sum, count] = [0, 0];
  for (let row = Math.max(0, Math.ceil(y)); row < Math.min(one.heightPx, y + height); row++)
    for (let column = Math.max(0, Math.ceil(x)); column < Math.min(one.widthPx, x + width); column++)
      for (let k = 0; k < 3; k++) {
        const at = 3 * (row * one.widthPx + column) + k;
        sum += Math.abs((one.data[at] as number) - (other.data[at] as number));
        count++;
      }
  return sum / count;
}
