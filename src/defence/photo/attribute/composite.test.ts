import { describe, expect, test } from 'vitest';
import { frontFace } from '../../../../test/fixtures/front-face.ts';
import type { Face } from '../../../face/face.ts';
import { portraitView } from '../../../face/portrait.ts';
import type { Image } from '../../../image/image.ts';
import { ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { applyChange, applyChanges, type PortraitChange } from './composite.ts';

const view = portraitView();
const AREA = view.widthPx * view.heightPx;
const SCALE = 2;
const ORIGIN = { x: 60, y: 50 };
const FACE = frontFace(SCALE, ORIGIN);
const MIDDLE = { x: ORIGIN.x + 56 * SCALE, y: ORIGIN.y + 66 * SCALE };

/** A photo of grain about a grey. */
function grainy(widthPx = 360, heightPx = 340, deviation = 4): Image {
  const random = new Random(1);
  return {
    widthPx,
    heightPx,
    data: Uint8Array.from({ length: 3 * widthPx * heightPx }, () => 110 + deviation * random.normal()),
  };
}

const changeOf = (value: (x: number, y: number, channel: number) => number): PortraitChange => ({
  view,
  data: Float32Array.from({ length: 3 * AREA }, (_, i) =>
    value(i % 64, Math.floor((i % AREA) / 64), Math.floor(i / AREA)),
  ),
});

const at = ({ data, widthPx }: Image, { x, y }: { x: number; y: number }, channel = 0): number =>
  data[3 * (Math.round(y) * widthPx + Math.round(x)) + channel] as number;

/** The largest step from a pixel to its right or lower neighbour in the difference of two photos, grey levels. */
function steepest(before: Image, after: Image): number {
  let most = 0;
  const difference = (i: number): number => (after.data[i] as number) - (before.data[i] as number);
  for (let i = 0; i + 3 * before.widthPx + 3 < before.data.length; i++)
    most = Math.max(
      most,
      Math.abs(difference(i + 3) - difference(i)),
      Math.abs(difference(i + 3 * before.widthPx) - difference(i)),
    );
  return most;
}

describe('a constant change', () => {
  const photo = grainy();
  const edited = applyChange(
    photo,
    FACE,
    changeOf((_x, _y, channel) => [0.2, 0.1, -0.1][channel] ?? 0),
  );

  test('is taken whole in the face', () => {
    for (const [channel, level] of [51, 25.5, -25.5].entries())
      expect(Math.abs(at(edited, MIDDLE, channel) - at(photo, MIDDLE, channel) - level)).toBeLessThanOrEqual(1);
  });

  test('leaves no seam: it fades over tens of pixels', () => {
    // 51 levels over some 20 px at least.
    expect(steepest(photo, edited)).toBeLessThanOrEqual(5);
  });

  test('keeps the photo’s grain', () => {
    const spread = (image: Image): number => {
      let [sum, square, count] = [0, 0, 0];
      for (let y = MIDDLE.y - 20; y < MIDDLE.y + 20; y++) {
        for (let x = MIDDLE.x - 20; x < MIDDLE.x + 20; x++, count++) {
          sum += at(image, { x, y });
          square += at(image, { x, y }) ** 2;
        }
      }
      return Math.sqrt(square / count - (sum / count) ** 2);
    };
    expect(spread(edited)).toBeCloseTo(spread(photo), 0);
  });

  test('leaves every byte beyond the portrait as it was', () => {
    const [left, top] = [ORIGIN.x + SCALE * view.box.x, ORIGIN.y + SCALE * view.box.y];
    const [right, bottom] = [left + SCALE * 141, top + SCALE * 141];
    for (let i = 0; i < photo.data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % photo.widthPx, Math.floor(i / 3 / photo.widthPx)];
      if (x < left || x > right || y < top || y > bottom)
        if (edited.data[i] !== photo.data[i]) expect([x, y]).toEqual([]);
    }
  });
});

test('no change, a strength of 0, and changes as faint as noise keep every byte', () => {
  const photo = grainy();
  expect(
    applyChange(
      photo,
      FACE,
      changeOf(() => 0),
    ).data,
  ).toEqual(photo.data);
  expect(
    applyChange(
      photo,
      FACE,
      changeOf(() => 0.3),
      { strength: 0 },
    ).data,
  ).toEqual(photo.data);
  expect(
    applyChange(
      photo,
      FACE,
      changeOf((x, y) => ((x + y) % 2 === 0 ? 0.004 : -0.004)),
    ).data,
  ).toEqual(photo.data);
});

test('half the strength is half the change', () => {
  const photo = grainy();
  const change = changeOf(() => 0.2);
  const [half, whole] = [applyChange(photo, FACE, change, { strength: 0.5 }), applyChange(photo, FACE, change)];
  expect(at(half, MIDDLE) - at(photo, MIDDLE)).toBeCloseTo((at(whole, MIDDLE) - at(photo, MIDDLE)) / 2, -0.3);
});

test('an edge in the change does not ring, on a photo without structure', () => {
  const photo = grainy(360, 340, 0);
  const edited = applyChange(
    photo,
    FACE,
    changeOf((x) => (x < 32 ? 0 : 0.4)),
  );
  expect(edited.data.reduce((most, value) => Math.max(most, value), 0)).toBeLessThanOrEqual(110 + 102);
  expect(edited.data.reduce((least, value) => Math.min(least, value), 255)).toBe(110);
});

test.for([0, 0.6, -2])('a change lies where the face lies when it is turned by %d', (roll) => {
  const photo = grainy(400, 400, 0);
  const face = frontFace(1.2, { x: 200, y: 200 }, roll);
  // A dot where the nose is: at (56, 72) of the canonical frame; a portrait's pixels are measured from its edge.
  const [noseX, noseY] = [((56.0252 + 15.1) * 64) / 141 - 0.5, ((71.7366 + 13.8) * 64) / 141 - 0.5];
  const edited = applyChange(
    photo,
    face,
    changeOf((x, y) => 0.5 * Math.exp(-((x - noseX) ** 2 + (y - noseY) ** 2) / 8)),
  );
  let [sumX, sumY, sum] = [0, 0, 0];
  edited.data.forEach((value, i) => {
    const change = value - 110;
    sumX += change * (Math.floor(i / 3) % 400);
    sumY += change * Math.floor(i / 1200);
    sum += change;
  });
  expect(sumX / sum).toBeCloseTo(face.landmarks[2].x, 0);
  expect(sumY / sum).toBeCloseTo(face.landmarks[2].y, 0);
});

test('what goes with the photo’s luma follows detail that the portrait cannot show', () => {
  // Dark stripes, a quarter of a portrait's pixel wide, are to become as light as the rest: a portrait sees their mean alone where they stand close.
  const photo = grainy(360, 340, 0);
  const clean = grainy(360, 340, 0);
  for (let y = 0; y < 340; y++)
    for (let x = 0; x < 360; x++) if (x % 27 < 4) photo.data.fill(40, 3 * (360 * y + x), 3 * (360 * y + x) + 3);
  const edited = applyChange(photo, FACE, changeOfPhotos(photo, clean));
  const error = (image: Image): number => {
    let sum = 0;
    for (let y = MIDDLE.y - 60; y < MIDDLE.y + 60; y++)
      for (let x = MIDDLE.x - 60; x < MIDDLE.x + 60; x++) sum += (at(image, { x, y }) - 110) ** 2;
    return Math.sqrt(sum / 120 ** 2);
  };
  // A smooth change alone leaves more than half of it.
  expect(error(edited)).toBeLessThan(0.45 * error(photo));
});

describe('two faces', () => {
  const photo = grainy(440, 300, 0);
  const left = frontFace(1.5, { x: 75, y: 60 });
  const right = frontFace(1.5, { x: 175, y: 60 });
  const brighter = changeOf(() => 0.2);

  test('that overlap are not changed twice anywhere', () => {
    const edited = applyChanges(
      photo,
      [left, right].map((face) => ({ face, change: brighter })),
    );
    expect(edited.data.reduce((most, value) => Math.max(most, value), 0)).toBeLessThanOrEqual(110 + 52);
    for (const face of [left, right]) expect(at(edited, face.landmarks[2])).toBeGreaterThan(150);
  });

  test('a face is left alone when its neighbour is changed', () => {
    const edited = applyChange(photo, left, brighter, { others: [right] });
    const { x, y, width, height } = right.box;
    for (const dx of [0.4, 0.6, 0.8]) expect(at(edited, { x: x + dx * width, y: y + height / 2 })).toBe(110);
    expect(at(edited, left.landmarks[2])).toBeGreaterThan(150);
  });

  test('of applyChanges are those of one after the other', () => {
    const both = applyChanges(photo, [
      { face: left, change: brighter },
      { face: right, change: changeOf(() => -0.2) },
    ]);
    const first = applyChange(photo, left, brighter, { others: [right] });
    for (const dx of [-50, -25, 0]) {
      const place = { x: left.landmarks[2].x + dx, y: left.landmarks[2].y };
      expect(Math.abs(at(both, place) - at(first, place))).toBeLessThanOrEqual(1);
    }
  });
});

test.for<[string, Face]>([
  ['beyond the left', frontFace(2, { x: -120, y: 40 })],
  ['beyond the lower right corner', frontFace(2, { x: 280, y: 240 })],
  ['wholly outside', frontFace(2, { x: 2000, y: 0 })],
  ['of thirty pixels', frontFace(0.3, { x: 100, y: 100 })],
  ['larger than the photo', frontFace(6, { x: -180, y: -250 })],
])('a face %s is no trouble', ([, face]) => {
  const photo = grainy();
  const edited = applyChange(
    photo,
    face,
    changeOf(() => 0.2),
  );
  expect(edited.data.length).toBe(photo.data.length);
  const inside = face.landmarks[2];
  if (inside.x > 0 && inside.y > 0 && inside.x < 360 && inside.y < 340)
    expect(at(edited, inside) - at(photo, inside)).toBeGreaterThan(30);
});

test('a change of another size is refused', () => {
  expect(() => applyChange(grainy(), FACE, { view, data: new Float32Array(12) })).toThrow(ShapeError);
});

/** The change of portraits between two photos of one face. */
function changeOfPhotos(before: Image, after: Image): PortraitChange {
  // By the mean over each of the portrait's pixels, independent of the code under test.
  const stepPx = (141 * SCALE) / 64;
  const [left, top] = [ORIGIN.x + (view.box.x - 0.5) * SCALE, ORIGIN.y + (view.box.y - 0.5) * SCALE];
  return changeOf((x, y, channel) => {
    let [sum, count] = [0, 0];
    for (let v = Math.ceil(top + y * stepPx); v < top + (y + 1) * stepPx; v++) {
      for (let u = Math.ceil(left + x * stepPx); u < left + (x + 1) * stepPx; u++, count++)
        sum += at(after, { x: u, y: v }, channel) - at(before, { x: u, y: v }, channel);
    }
    return sum / count / 255;
  });
}
