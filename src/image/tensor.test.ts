import { describe, expect, it } from 'vitest';
import { flatImage, imageOf, wavyImage } from '../../test/fixtures/image-files.ts';
import { ShapeError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { fromPlanar, toPlanar } from './tensor.ts';

describe('toPlanar', () => {
  it('puts red, green and blue in planes, images one after another', () => {
    const first = imageOf([
      [
        [255, 51, 0],
        [0, 102, 255],
      ],
    ]);
    const second = imageOf([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    const expected = [255, 0, 51, 102, 0, 255, 1, 4, 2, 5, 3, 6].map((value) => Math.fround(value / 255));
    expect([...toPlanar([first, second])]).toEqual(expected);
  });

  it('refuses images of different sizes, and none at all', () => {
    expect(() => toPlanar([flatImage(2, 2, [0, 0, 0]), flatImage(2, 3, [0, 0, 0])])).toThrow(ShapeError);
    expect(() => toPlanar([])).toThrow(ShapeError);
  });
});

describe('fromPlanar', () => {
  it('undoes toPlanar exactly', () => {
    const images = [wavyImage(9, 7, new Random(1)), wavyImage(9, 7, new Random(2))];
    expect(fromPlanar(toPlanar(images), { widthPx: 9, heightPx: 7 })).toEqual(images);
  });

  it('clamps and rounds', () => {
    const [image] = fromPlanar(Float32Array.of(-3, 1.7, 100.6 / 255), { widthPx: 1, heightPx: 1 });
    expect([...(image?.data ?? [])]).toEqual([0, 255, 101]);
  });

  it('refuses data that is no whole number of images', () => {
    expect(() => fromPlanar(new Float32Array(7), { widthPx: 1, heightPx: 2 })).toThrow(ShapeError);
  });
});
