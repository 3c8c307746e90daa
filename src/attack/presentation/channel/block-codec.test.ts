import { expect, it } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { createBlockCodec } from './block-codec.ts';

const SIZE = { widthPx: 50, heightPx: 37 };

/** Soft waves with some noise, 0..255. */
function picture(seed: number, noise: number): Image {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: 3 * 50 * 37 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 50, Math.floor(i / 150)];
    return 128 + 60 * Math.sin(x / 5) + 40 * Math.cos(y / 4 + (i % 3)) + noise * random.normal();
  });
  return { ...SIZE, data };
}

const error = (a: Image, b: Image): number =>
  Math.sqrt(a.data.reduce((sum, value, i) => sum + (value - (b.data[i] ?? 0)) ** 2, 0) / a.data.length);

it('an even frame stays as it is', () => {
  const frame = { ...SIZE, data: new Uint8Array(3 * 50 * 37).fill(90) };
  const out = createBlockCodec({ quantiser: 28, keyframeEvery: 10 }, SIZE)(frame);
  expect(out.data.every((value) => Math.abs(value - 90) <= 1)).toBe(true);
});

it('loses more with a coarser quantiser, and by the step it has', () => {
  const frame = picture(1, 6);
  // No coefficient is off by more than two thirds of its step, 2^((Q - 4) / 6); at the finest, what is lost is the noise of chroma at half size.
  const errors = [10, 22, 34, 46].map((quantiser) =>
    error(frame, createBlockCodec({ quantiser, keyframeEvery: 1 }, SIZE)(frame)),
  );
  expect(errors[0]).toBeLessThan(6.5);
  for (let i = 1; i < 4; i++) expect(errors[i]).toBeGreaterThan(errors[i - 1] ?? 0);
  expect(errors[3]).toBeLessThan(2 ** (42 / 6));
});

it('freezes the noise of what stands still between key frames', () => {
  const code = createBlockCodec({ quantiser: 32, keyframeEvery: 4 }, SIZE);
  const out = Array.from({ length: 6 }, (_, n) => code(picture(n + 1, 2)));
  const [first, second, third] = out as [Image, Image, Image];
  expect(error(picture(1, 2), picture(2, 2))).toBeGreaterThan(2);
  expect(error(first, second)).toBeLessThan(0.5);
  expect(error(second, third)).toBeLessThan(0.5);
});

it('has key frames at the whole number that is next to the one asked for', () => {
  const after = (keyframeEvery: number): Image[] => {
    const code = createBlockCodec({ quantiser: 32, keyframeEvery }, SIZE);
    return Array.from({ length: 6 }, (_, n) => code(picture(n + 1, 2)));
  };
  expect(after(2.6)).toEqual(after(3));
  expect(after(2.6)).not.toEqual(after(100));
});

it('follows what moves', () => {
  const code = createBlockCodec({ quantiser: 24, keyframeEvery: 100 }, SIZE);
  code(picture(1, 0));
  const dark = { ...SIZE, data: new Uint8Array(3 * 50 * 37).fill(20) };
  expect(error(code(dark), dark)).toBeLessThan(8);
});

it('refuses a frame of another size', () => {
  const code = createBlockCodec({ quantiser: 24, keyframeEvery: 100 }, SIZE);
  expect(() => code({ widthPx: 1, heightPx: 1, data: new Uint8Array(3) })).toThrow(InputError);
});
