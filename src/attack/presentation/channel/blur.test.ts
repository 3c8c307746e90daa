import { expect, it } from 'vitest';
import { Random, RandomNumbers } from '../../../util/random.ts';
import { createUnsteadyBlur } from './blur.ts';
import { darkness, type Light } from './light.ts';

const SIZE = { widthPx: 23, heightPx: 17 };

/** A stream that says of each blur how long its motion is and where it goes. */
class Told extends RandomNumbers {
  readonly #shares: number[];
  constructor(...shares: number[]) {
    super();
    this.#shares = shares;
  }
  override uint32(): number {
    return (this.#shares.shift() ?? 0) * 2 ** 32;
  }
  override fork(): RandomNumbers {
    return this;
  }
}

function unevenScene(): Light {
  const scene = darkness(SIZE);
  const random = new Random('a scene');
  scene.data.forEach((_, i) => {
    scene.data[i] = random.uniform();
  });
  return scene;
}

/** Light at a place between pixels, bilinear; beyond the edge its pixels are repeated. */
function lightAt({ widthPx, heightPx, data }: Light, x: number, y: number, channel: number): number {
  let sum = 0;
  for (const column of [Math.floor(x), Math.floor(x) + 1])
    for (const row of [Math.floor(y), Math.floor(y) + 1]) {
      const [nearX, nearY] = [Math.min(widthPx - 1, Math.max(0, column)), Math.min(heightPx - 1, Math.max(0, row))];
      const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      sum += share * (data[3 * (nearY * widthPx + nearX) + channel] ?? Number.NaN);
    }
  return sum;
}

/** Of each number of the blurred scene, how far it is from what a definition says, at most. */
function mostOff(blurred: Light, wanted: (x: number, y: number, channel: number) => number): number {
  let most = 0;
  blurred.data.forEach((value, i) => {
    const pixel = Math.floor(i / 3);
    most = Math.max(most, Math.abs(value - wanted(pixel % SIZE.widthPx, Math.floor(pixel / SIZE.widthPx), i % 3)));
  });
  return most;
}

it.each([0.3, 0.6, 1, 1.7])('of a lens is the Gaussian of deviation %d, to the edges', (deviation) => {
  const scene = unevenScene();
  const weight = (n: number): number => Math.exp(-(n ** 2) / (2 * deviation ** 2));
  // What is left out weighs less than a hundredth of the pixel itself.
  const reach = [9, 8, 7, 6, 5, 4, 3, 2].find((n) => weight(n) >= 0.01) ?? 1;
  const blurred = createUnsteadyBlur({ defocusPx: deviation, motionBlurPx: 0 }, SIZE, new Told())(scene);
  const off = mostOff(blurred, (x, y, channel) => {
    let [sum, total] = [0, 0];
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++) {
        sum += weight(dx) * weight(dy) * lightAt(scene, x + dx, y + dy, channel);
        total += weight(dx) * weight(dy);
      }
    return sum / total;
  });
  expect(off).toBeLessThan(1e-6);
});

it.each([
  [0.6, 0],
  [0.7, 0.3],
  [3.3, 0.5],
  [5.2, 0.8],
  [9, 0.1],
])('of motion is the mean along a line of %d px at %d half turns, to the edges', (length, halfTurns) => {
  const scene = unevenScene();
  const [byX, byY] = [length * Math.cos(Math.PI * halfTurns), length * Math.sin(Math.PI * halfTurns)];
  const blurred = createUnsteadyBlur({ defocusPx: 0, motionBlurPx: 10 }, SIZE, new Told(length / 10, halfTurns))(scene);
  const samples = Math.ceil(8 * length) + 1;
  const off = mostOff(blurred, (x, y, channel) => {
    let sum = 0;
    for (let n = 0; n < samples; n++) {
      const share = (n + 0.5) / samples - 0.5;
      sum += lightAt(scene, x + share * byX, y + share * byY, channel) / samples;
    }
    return sum;
  });
  expect(off).toBeLessThan(1e-6);
});
