import { createContext, Script } from 'node:vm';
import { expect, it } from 'vitest';
import { animate } from '../../src/attack/presentation/warp/animate.ts';
import { motionTrack } from '../../src/attack/presentation/warp/motions.ts';
import type { Image } from '../../src/image/image.ts';
import { Random } from '../../src/util/random.ts';
import { warpForPages } from '../fixtures/warp-for-pages.ts';

it('a photo is moved in a browser, without anything of Node, as it is here', async () => {
  const random = new Random(3);
  const photo = {
    widthPx: 128,
    heightPx: 128,
    data: Uint8Array.from({ length: 3 * 128 * 128 }, () => random.integer(256)),
  };
  const track = motionTrack('speech', { seconds: 0.3 });
  // The mean face fills pictures of 256 px.
  const landmarks = Float64Array.from(track.frames[0] ?? [], (at) => at / 2);
  const context = createContext({ photo, landmarks, frames: [] as Uint8Array[] });
  new Script(
    `${await warpForPages()}
    const track = faceward.motionTrack('speech', { seconds: 0.3 });
    for (const { data } of faceward.animate(photo, landmarks, track)) frames.push(data);`,
  ).runInContext(context);

  const frames: readonly Image[] = [...animate(photo, landmarks, track)];
  expect(context.frames.map((data: Uint8Array) => [...data])).toEqual(frames.map(({ data }) => [...data]));
  expect(frames).toHaveLength(9);
});
