import { describe, expect, it } from 'vitest';
import { Random } from '../../../util/random.ts';
import { createHold, type HeldPose } from './hold.ts';
import { createChannel } from './parameters.ts';
import { emptyView, lensOf, writeSurface } from './surface.ts';

const SIZE = { widthPx: 160, heightPx: 120 };
const LENS = lensOf(SIZE, 60);

/** A pose by Euler's angles, by hand: yaw about y, then roll about z. */
function poseOf(yaw: number, roll: number, x: number, y: number, z: number): HeldPose {
  const [c, s, cr, sr] = [Math.cos(yaw), Math.sin(yaw), Math.cos(roll), Math.sin(roll)];
  // Rows of Rz(roll) Ry(yaw).
  const rotation = Float64Array.of(cr * c, -sr, cr * s, sr * c, cr, sr * s, -s, 0, c);
  return { rotation, x, y, z };
}

/** Where a pinhole sees a point of the instrument; written anew, from the definition. */
function seenAt({ rotation: r, x, y, z }: HeldPose, point: readonly [number, number, number]): [number, number] {
  const row = (k: number): number => (r[k] ?? 0) * point[0] + (r[k + 1] ?? 0) * point[1] + (r[k + 2] ?? 0) * point[2];
  const depth = row(6) + z;
  const focal = 160 / 2 / Math.tan(Math.PI / 6);
  return [79.5 + (focal * (row(0) + x)) / depth, 59.5 + (focal * (row(3) + y)) / depth];
}

const POSES = [
  ['in front', poseOf(0, 0, 0, 0, 400)],
  ['turned', poseOf(0.5, 0, 12, -8, 350)],
  ['turned and leaning', poseOf(-0.4, 0.3, -20, 15, 300)],
] as const;

describe.each(POSES)('a sheet %s', (_, pose) => {
  it('that is flat is seen through its exact homography', () => {
    const view = emptyView(SIZE);
    writeSurface(view, LENS, pose, 0);
    for (let i = 0; i < view.u.length; i += 37) {
      const [x, y] = seenAt(pose, [view.u[i] ?? 0, view.v[i] ?? 0, 0]);
      expect(x).toBeCloseTo(i % 160, 3);
      expect(y).toBeCloseTo(Math.floor(i / 160), 3);
    }
    expect(view.mmPerPx).toBeCloseTo(pose.z / LENS.focalPx, 9);
  });

  it('that is bent keeps the lengths of its arcs', () => {
    const [view, radius] = [emptyView(SIZE), 90];
    writeSurface(view, LENS, pose, 1 / radius);
    let seen = 0;
    for (let i = 0; i < view.u.length; i++) {
      const [arc, down] = [view.u[i] ?? Number.NaN, view.v[i] ?? Number.NaN];
      if (!Number.isFinite(arc)) continue;
      seen++;
      // The point at this length of arc from the sheet's middle, on a cylinder behind it.
      const point = [radius * Math.sin(arc / radius), down, radius * (1 - Math.cos(arc / radius))] as const;
      const [x, y] = seenAt(pose, point);
      expect(Math.abs(x - (i % 160))).toBeLessThan(2e-3);
      expect(Math.abs(y - Math.floor(i / 160))).toBeLessThan(2e-3);
    }
    // The cylinder is 180 mm wide, and the frame sees about 400 mm at its distance.
    expect(seen).toBeGreaterThan(0.3 * view.u.length);
    expect(seen).toBeLessThan(0.8 * view.u.length);
  });
});

it('a bend of a large radius comes to the flat sheet', () => {
  const [flat, bent] = [emptyView(SIZE), emptyView(SIZE)];
  const pose = POSES[2][1];
  writeSurface(flat, LENS, pose, 0);
  writeSurface(bent, LENS, pose, 1e-6);
  for (let i = 0; i < flat.u.length; i += 101) expect(Math.abs((flat.u[i] ?? 0) - (bent.u[i] ?? 0))).toBeLessThan(0.1);
});

describe('a hand', () => {
  const channel = createChannel('print', { hold: { swayDegrees: 2, swayMm: 4, tremorMm: 0.3, yawDegrees: 10 } });
  const settings = channel.kind === 'print' ? channel.hold : undefined;
  const hold = (seed: string, own = settings) => {
    if (!own) throw new TypeError('a print is held');
    return createHold(own, 400, new Random(seed));
  };

  it('moves by what its settings say, about the steady lean', () => {
    let [square, lean, count] = [0, 0, 0];
    for (let seed = 0; seed < 30; seed++) {
      const at = hold(`hand ${seed}`);
      for (let timeMs = 0; timeMs < 60_000; timeMs += 317) {
        const { x, rotation } = at(timeMs);
        square += x * x;
        lean += Math.asin(rotation[6] ?? 0);
        count++;
      }
    }
    // Sway and tremor are independent: their squares add up.
    expect(Math.sqrt(square / count)).toBeCloseTo(Math.hypot(4, 0.3), 0.5);
    expect((lean / count) * (180 / Math.PI)).toBeCloseTo(10, 0);
  });

  it('is smooth, depends on its seed alone, and rests where all is 0', () => {
    const [a, b, other] = [hold('a'), hold('a'), hold('b')];
    for (let timeMs = 0; timeMs < 5000; timeMs += 80) {
      expect(a(timeMs).x).toBe(b(timeMs).x);
      // Four waves of at most 0.9 Hz and three of 12 Hz: no faster than the sum of their greatest speeds.
      expect(Math.abs(a(timeMs + 1).x - a(timeMs).x)).toBeLessThan(0.1);
    }
    expect(a(1000).x).not.toBe(other(1000).x);
    const still = settings && { ...settings, swayDegrees: 0, swayMm: 0, tremorMm: 0, yawDegrees: 0 };
    const rest = hold('a', still)(1234);
    expect([rest.x, rest.y, rest.z, rest.rotation[0]]).toEqual([0, 0, 400, 1]);
  });
});
