import type { Random } from '../../../util/random.ts';
import { darkness, type FrameSize, type Light } from './light.ts';

/** Things that stand in the room, and how soft their edges are: out of focus. Shares of the frame. */
const THINGS = 5;
const SOFTNESS = 0.03;

/** A room behind what is held: a wall that is lit from one side, and soft rectangles before it. Drawn from the stream; no photo of anybody's home is in it. */
export function drawRoom(size: FrameSize, random: Random): Light {
  const wall = tint(0.28 + 0.25 * random.uniform(), 0.12, random);
  const things = Array.from({ length: THINGS }, () => ({
    x: random.uniform(),
    y: 0.15 + 0.85 * random.uniform(),
    halfWidth: 0.05 + 0.15 * random.uniform(),
    halfHeight: 0.08 + 0.25 * random.uniform(),
    colour: tint(0.06 + 0.4 * random.uniform(), 0.5, random),
  }));
  const slope = 0.6 * (random.uniform() - 0.5);
  const out = darkness(size);
  for (let y = 0, o = 0; y < size.heightPx; y++) {
    for (let x = 0; x < size.widthPx; x++, o += 3) {
      const [u, v] = [x / size.widthPx, y / size.heightPx];
      const lit = 1 + slope * (u - 0.5) - 0.2 * v;
      for (let k = 0; k < 3; k++) out.data[o + k] = lit * (wall[k] as number);
      for (const thing of things) {
        const inside = Math.min(thing.halfWidth - Math.abs(u - thing.x), thing.halfHeight - Math.abs(v - thing.y));
        const cover = Math.min(1, Math.max(0, inside / SOFTNESS + 0.5));
        if (cover === 0) continue;
        for (let k = 0; k < 3; k++) {
          out.data[o + k] = (1 - cover) * (out.data[o + k] as number) + cover * lit * (thing.colour[k] as number);
        }
      }
    }
  }
  return out;
}

/** A colour of about this light. */
const tint = (light: number, spread: number, random: Random): number[] =>
  [0, 1, 2].map(() => light * (1 + spread * (random.uniform() - 0.5)));
