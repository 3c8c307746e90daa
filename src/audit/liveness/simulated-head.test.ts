import { describe, expect, test } from 'vitest';
import { frontFace } from '../../../test/fixtures/front-face.ts';
import { homographyResidual } from '../../defence/liveness/geometry/homography-residual.ts';
import { pointTracks } from '../../defence/liveness/geometry/point-tracks.ts';
import type { MeshPoint } from '../../face/face.ts';
import type { Image } from '../../image/image.ts';
import { Random } from '../../util/random.ts';
import { seenPoints } from './rigid-pose.ts';
import { createSimulatedHead, SELFIE_CAMERA } from './simulated-head.ts';
import { createSheet } from './simulated-sheet.ts';
import { smoothField } from './smooth-field.ts';

/** Each pixel says where it is: red is x, green is y, from 0 to 250. */
function ruler(widthPx: number, heightPx: number): Image {
  const data = new Uint8Array(3 * widthPx * heightPx);
  for (let i = 0; i < widthPx * heightPx; i++)
    data.set([(250 * (i % widthPx)) / (widthPx - 1), (250 * Math.floor(i / widthPx)) / (heightPx - 1), 7], 3 * i);
  return { widthPx, heightPx, data };
}

const pixel = ({ data, widthPx }: Image, x: number, y: number): number[] => [
  ...data.subarray(3 * (Math.round(y) * widthPx + Math.round(x)), 3 * (Math.round(y) * widthPx + Math.round(x)) + 3),
];

/** The made face's oval, filled with points of an ellipsoid's front, so that its depth is known. */
function roundMesh(): MeshPoint[] {
  const { mesh } = frontFace(1, { x: 69, y: 59 });
  const filled = new Random('mesh');
  return mesh.map(({ x, y, z }, i) => {
    const onOval = x !== 125 || y !== 129;
    const [radius, angle] = [Math.sqrt(filled.uniform()), 2 * Math.PI * filled.uniform()];
    const [u, v] = onOval ? [(x - 125) / 44, (y - 125) / 54] : [radius * Math.cos(angle), radius * Math.sin(angle)];
    const point = { x: 125 + 44 * u, y: 125 + 54 * v, z: z + 40 * (1 - Math.sqrt(Math.max(0, 1 - u * u - v * v))) };
    if (i === 33) return { x: 97, y: 115, z: 9 };
    return i === 263 ? { x: 153, y: 115, z: 9 } : point;
  });
}

const photo = ruler(251, 251);
const mesh = roundMesh();
const headBy = (seed: string) => createSimulatedHead(photo, mesh, { random: new Random(seed) });

describe('a simulated head', () => {
  const head = headBy('a');

  test.each([
    ['at rest', {}],
    ['turned', { yawRadians: 0.3, pitchRadians: -0.1, rollRadians: 0.1, shiftMm: [5, -8, 40] as const }],
  ])('%s shows the skin of each point where it is projected', (_, pose) => {
    const frame = head.render(pose);
    const seen = head.project(pose);
    const errors = mesh.flatMap(({ x, y }, i) => {
      // Well within the oval: its edge may be turned away.
      if (Math.hypot((x - 125) / 44, (y - 125) / 54) > 0.7) return [];
      const [red = 0, green = 0] = pixel(frame, seen[2 * i] ?? 0, seen[2 * i + 1] ?? 0);
      return [Math.hypot(red - x, green - y)];
    });
    expect(errors.length).toBeGreaterThan(100);
    // A pixel of the frame is about one of the photo.
    expect(Math.max(...errors)).toBeLessThan(2);
  });

  test('turns as a rigid thing with depth, its nose to the picture’s right', () => {
    const tracks = pointTracks([-0.4, 0, 0.4].map((yawRadians) => head.project({ yawRadians })));
    expect(homographyResidual(tracks)).toBeGreaterThan(0.02);
    const nearest = mesh.reduce((best, { z }, i) => (z < (mesh[best]?.z ?? 0) ? i : best), 0);
    const x = (yawRadians: number): number => head.project({ yawRadians })[2 * nearest] ?? 0;
    expect(x(0.4)).toBeGreaterThan(x(0) + 20);
  });

  test('has another shape for another person, and the same for the same', () => {
    const at = (seed: string) => headBy(seed).project({ yawRadians: 0.3 });
    const apart = (a: Float64Array, b: Float64Array): number =>
      Math.sqrt((2 * a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0)) / a.length);
    expect(apart(at('a'), at('a'))).toBe(0);
    expect(apart(at('a'), at('b'))).toBeGreaterThan(1);
    expect(headBy('a').render({ yawRadians: 0.3 })).toEqual(head.render({ yawRadians: 0.3 }));
  });

  test('that is misjudged differs in depth alone', () => {
    const wrong = head.misjudged(2.5, new Random('guess'));
    const moved = (yawRadians: number): number => {
      const [own, other] = [head.project({ yawRadians }), wrong.project({ yawRadians })];
      return Math.sqrt(own.reduce((sum, value, i) => sum + (value - (other[i] ?? 0)) ** 2, 0) / (own.length / 2));
    };
    // Sin 23 degrees of 2.5 mm is 1 mm; at rest there is perspective alone.
    expect(moved(0)).toBeLessThan(0.5);
    expect(moved(0.4)).toBeGreaterThan(0.5);
    expect(moved(0.4)).toBeLessThan(2.5);
  });
});

describe('a simulated sheet', () => {
  const shown = ruler(SELFIE_CAMERA.widthPx, SELFIE_CAMERA.heightPx);
  const black: Image = { ...shown, data: new Uint8Array(shown.data.length) };

  test('that is held straight is the picture itself', () => {
    const frame = createSheet(SELFIE_CAMERA).render(shown, {}, black);
    // The outermost pixels lie on the sheet's edge.
    for (let y = 1; y < 319; y += 6)
      for (let x = 1; x < 319; x += 6)
        pixel(frame, x, y).forEach((value, k) => {
          expect(Math.abs(value - (pixel(shown, x, y)[k] ?? 0))).toBeLessThanOrEqual(1);
        });
  });

  test('shows the background beside it, and its picture in perspective', () => {
    const pose = { yawRadians: 0.4, shiftMm: [0, 0, 100] as const };
    const frame = createSheet(SELFIE_CAMERA).render(shown, pose, black);
    expect(pixel(frame, 2, 160)).toEqual([0, 0, 0]);
    // 60 mm to the right of the middle, on the sheet.
    const [x = 0, y = 0] = seenPoints(Float64Array.of(60, 0, 0), pose, SELFIE_CAMERA);
    const [red = 0] = pixel(frame, x, y);
    expect(Math.abs(red - (250 * (159.5 + 60 * 1.05)) / 319)).toBeLessThan(2);
  });
});

test('a smooth field has the deviation that was asked for, and hardly changes within a fraction of its reach', () => {
  const values: number[] = [];
  let change = 0;
  for (let seed = 0; seed < 40; seed++) {
    const field = smoothField(new Random(seed), 18, 4);
    for (let i = 0; i < 25; i++) {
      const [x, y] = [-60 + 30 * (i % 5), -80 + 40 * Math.floor(i / 5)];
      values.push(field(x, y));
      change = Math.max(change, Math.abs(field(x, y) - field(x + 1, y)));
    }
  }
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  expect(deviation).toBeGreaterThan(3);
  expect(deviation).toBeLessThan(5);
  expect(change).toBeLessThan(1.5);
});
