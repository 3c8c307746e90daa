import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHARED_DATA } from '../../../../test/fixtures/shared-data.ts';
import { FACE_OUTLINES } from '../../../face/face-regions.ts';
import { EYES, type Landmarks68, landmarks68, landmarksOfMesh, MOUTH, openingOf } from '../../../face/landmarks68.ts';
import { float32 } from '../../../graph/tensor.ts';
import { decodeImage } from '../../../image/decode.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanarBytes } from '../../../image/tensor.ts';
import { warpAffine } from '../../../image/warp.ts';
import { createSession } from '../../../runtime/session.ts';
import { Random } from '../../../util/random.ts';
import { animate, createAnimator } from './animate.ts';
import { createFaceMesh, MESH_TRIANGLES } from './face-mesh.ts';
import { faceAt } from './gesture.ts';
import { MOTIONS, motionTrack } from './motions.ts';
import { createRetargeter, neutralFrame } from './retarget.ts';
import { OPENING_TRIANGLES } from './topology.ts';
import { parseTrack, smoothTrack, type Track } from './track.ts';
import { doubleArea } from './untangle.ts';

const [REST] = motionTrack('nod').frames as [Landmarks68];

/** Noise that no smooth warp leaves alone, 0..255. */
function noisePhoto(widthPx = 256, heightPx = 256): Image {
  const random = new Random(5);
  return { widthPx, heightPx, data: Uint8Array.from({ length: 3 * widthPx * heightPx }, () => random.integer(256)) };
}

/** The photo holds its own x, y (half of each), so that each pixel of a frame says where it comes from. */
function ruler(): Image {
  const data = new Uint8Array(3 * 256 * 256);
  for (let i = 0; i < 256 * 256; i++) data.set([i % 256, Math.floor(i / 256), 0], 3 * i);
  return { widthPx: 256, heightPx: 256, data };
}

const shifted = (points: Landmarks68, x: number, y: number): Landmarks68 =>
  points.map((value, i) => value + (i % 2 === 0 ? x : y));

const pixel = ({ data, widthPx }: Image, x: number, y: number): number[] => [
  ...data.subarray(3 * (y * widthPx + x), 3 * (y * widthPx + x) + 3),
];

describe('a frame', () => {
  it('is the photo where the face stays', () => {
    const photo = noisePhoto();
    const frame = createAnimator(photo, REST).frame(REST);

    const off = frame.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (photo.data[i] ?? 0))), 0);
    expect(off).toBeLessThanOrEqual(1);
  });

  it('shows a shifted face shifted, and the border of the photo where it was', () => {
    const photo = ruler();
    const frame = createAnimator(photo, REST).frame(shifted(REST, 5, -3));

    for (const [x, y] of [
      [128, 130],
      [100, 140],
      [160, 120],
    ] as const) {
      const [red = 0, green = 0] = pixel(frame, x, y);
      expect(Math.abs(red - (x - 5))).toBeLessThanOrEqual(1);
      expect(Math.abs(green - (y + 3))).toBeLessThanOrEqual(1);
    }
    for (let at = 0; at < 256; at++) {
      for (const [x, y] of [
        [at, 0],
        [at, 255],
        [0, at],
        [255, at],
      ] as const) {
        expect(pixel(frame, x, y)).toEqual(pixel(photo, x, y));
      }
    }
  });

  it('has no crack: neighbours come from neighbouring places, but across lids and lips', () => {
    const frame = createAnimator(ruler(), REST).frame(motionTrack('shake', { strength: 1.2 }).frames[10] ?? REST);

    let worst = 0;
    for (let y = 0; y < 255; y++)
      for (let x = 0; x < 255; x++) {
        const [a, b] = [pixel(frame, x, y), pixel(frame, x + 1, y)];
        worst = Math.max(worst, Math.abs((a[0] ?? 0) - (b[0] ?? 0)), Math.abs((a[1] ?? 0) - (b[1] ?? 0)));
      }
    expect(worst).toBeLessThanOrEqual(10);
  });

  it('is the same for the same landmarks, whatever came before', () => {
    const photo = noisePhoto();
    const [a, b] = [createAnimator(photo, REST), createAnimator(photo, REST)];
    const { frames } = motionTrack('speech');
    for (const frame of frames.slice(0, 5)) a.frame(frame);

    const wanted = frames[7] ?? REST;
    expect(a.frame(wanted).data).toEqual(b.frame(wanted).data);
  });
});

describe('the inside of the mouth', () => {
  const flat: Image = { widthPx: 256, heightPx: 256, data: new Uint8Array(3 * 256 * 256).fill(170) };
  const said = motionTrack('speech').frames[4] ?? REST;
  const middle = (points: Landmarks68, share: number): readonly [number, number] => [
    Math.round(points[2 * 62] ?? 0),
    Math.round((points[2 * 62 + 1] ?? 0) * (1 - share) + (points[2 * 66 + 1] ?? 0) * share),
  ];

  it('is dark below the teeth, which are lighter, where lips that were closed part', () => {
    const closed = REST.slice();
    for (const [u, l] of [
      [61, 67],
      [62, 66],
      [63, 65],
    ] as const)
      closed.copyWithin(2 * l, 2 * u, 2 * u + 2);
    const frame = createAnimator(flat, closed).frame(said);

    const [cavity = 255] = pixel(frame, ...middle(said, 0.6));
    const [teeth = 0] = pixel(frame, ...middle(said, 0.1));
    expect(cavity).toBeLessThan(90);
    expect(teeth).toBeGreaterThan(cavity + 60);
  });

  it('leaves all but the mouth alone', () => {
    const frame = createAnimator(flat, REST).frame(said);
    expect(pixel(frame, 128, 40)).toEqual([170, 170, 170]);
    expect(pixel(frame, 60, 160)).toEqual([170, 170, 170]);
  });
});

it('a blink draws the upper lid down: skin from above is where the eyeball was', () => {
  const blink = motionTrack('blink');
  const shut = blink.frames.reduce((a, b) => (openingOf(a, EYES[0]) < openingOf(b, EYES[0]) ? a : b));
  expect(openingOf(shut, EYES[0])).toBeLessThan(0.1 * openingOf(REST, EYES[0]));
  const frame = createAnimator(ruler(), REST).frame(shut);
  const [x, y] = [Math.round(((REST[74] ?? 0) + (REST[76] ?? 0)) / 2), Math.round((REST[75] ?? 0) + 2)];

  const [, from = 255] = pixel(frame, x, y);
  expect(from).toBeLessThan((REST[75] ?? 0) - 0.5);
});

describe('retargeting', () => {
  const photo = shifted(
    (motionTrack('shake').frames[6] ?? REST).map((value, i) => value * (i % 2 === 0 ? 0.8 : 0.85)),
    30,
    20,
  );

  it.each(['relative', 'lifted'] as const)('%s: the reference itself leaves the photo as it is', (mode) => {
    const out = new Float64Array(136);
    const driver = motionTrack('nod').frames[11] ?? REST;
    createRetargeter(photo, driver, mode)(driver, out);

    expect(Math.max(...out.map((value, i) => Math.abs(value - (photo[i] ?? 0))))).toBeLessThan(1e-9);
  });

  it('absolute: the photo’s own landmarks elsewhere and of another size come to the photo', () => {
    const out = new Float64Array(136);
    const driver = shifted(photo, 9, 4).map((value) => 2 * value);
    createRetargeter(photo, driver, 'absolute')(driver, out);

    expect(Math.max(...out.map((value, i) => Math.abs(value - (photo[i] ?? 0))))).toBeLessThan(1e-6);
  });

  it('relative: a small shift comes at the scale of the faces', () => {
    const out = new Float64Array(136);
    const reference = REST.map((value) => 2 * value);
    createRetargeter(REST, reference, 'relative')(shifted(reference, 2, -4), out);

    for (let i = 0; i < 136; i++) expect(out[i]).toBeCloseTo((REST[i] ?? 0) + (i % 2 === 0 ? 1 : -2), 1);
  });

  it.each(['relative', 'lifted'] as const)('%s: lids turn with a head that tilts', (mode) => {
    const out = new Float64Array(136);
    const tilted = faceAt({ roll: 0.2 });
    createRetargeter(REST, REST, mode)(tilted, out);

    // Limits take at most some 4 % of the way, and the outermost lid goes 8 px.
    const eyes = Array.from({ length: 24 }, (_, k) => 72 + k);
    const shift = [0, 1].map((axis) => (out[2 * 27 + axis] ?? 0) - (tilted[2 * 27 + axis] ?? 0));
    for (const k of eyes) expect(Math.abs((out[k] ?? 0) - (tilted[k] ?? 0) - (shift[k % 2] ?? 0))).toBeLessThan(1.5);
  });

  it('relative: a head that turns does not close its eyes, and one that comes nearer opens them alike', () => {
    const out = new Float64Array(136);
    const retarget = createRetargeter(REST, REST, 'relative');
    const opening = (): number => openingOf(out, EYES[0]) / openingOf(REST, EYES[0]);
    retarget(faceAt({ yaw: 0.4 }), out);
    expect(opening()).toBeCloseTo(1, 1);
    retarget(
      REST.map((value) => 1.05 * value),
      out,
    );
    expect(opening()).toBeCloseTo(1.05, 2);
  });

  it('lifted: a mean face turns as the mean face does, as far as the limit lets it', () => {
    const out = new Float64Array(136);
    const turned = motionTrack('shake', { strength: 0.3 }).frames;
    const retarget = createRetargeter(REST, REST, 'lifted');
    for (const frame of turned) {
      retarget(frame, out);
      // The lift turns about the neck, which the driver's own picture did about the eyes: the shift is the driver's.
      expect(Math.max(...out.map((value, i) => Math.abs(value - (frame[i] ?? 0))))).toBeLessThan(1.2);
    }
  });

  it('keeps within limits, whatever the driver does', () => {
    const out = new Float64Array(136);
    const random = new Random(9);
    for (const mode of ['absolute', 'relative', 'lifted'] as const) {
      const retarget = createRetargeter(REST, REST, mode);
      retarget(
        REST.map((value) => value + 80 * random.normal()),
        out,
      );
      // A face of 100 px between the outer corners of the eyes.
      expect(Math.max(...out.map((value, i) => Math.abs(value - (REST[i] ?? 0))))).toBeLessThan(130);
    }
  });
});

describe('tracks', () => {
  const points = Array.from({ length: 68 }, (_, i) => [i, 2 * i]);

  it('are read, and what is no track is refused', () => {
    expect(parseTrack({ fps: 25, frames: [{ lm68: points, box: [1] }] }).frames[0]?.slice(4, 6)).toEqual(
      Float64Array.of(2, 4),
    );
    expect(() => parseTrack({ fps: 25, frames: [{ lm68: points.slice(1) }] })).toThrow('frames.0.lm68');
    expect(() => parseTrack({ fps: 0, frames: [{ lm68: points }] })).toThrow('fps');
    expect(() => parseTrack({ fps: 25, frames: [] })).toThrow('frames');
    expect(() => parseTrack(null)).toThrow('not a track');
  });

  it('smoothed, keep a steady motion and lose jitter', () => {
    const frames = Array.from({ length: 40 }, (_, n) => REST.map((value) => value + n + (n % 2)));
    const { frames: smooth } = smoothTrack({ framesPerSecond: 30, frames });
    for (let n = 10; n < 30; n++) expect(smooth[n]?.[7]).toBeCloseTo((REST[7] ?? 0) + n + 0.5, 0.5);
  });

  it('the neutral frame is the one at rest', () => {
    expect(openingOf(neutralFrame(motionTrack('speech')), MOUTH)).toBeCloseTo(openingOf(REST, MOUTH), 1);
  });
});

it('the 68 points of a mesh are of the parts that they are named after', () => {
  const found = landmarksOfMesh(Array.from({ length: 468 }, (_, i) => ({ x: i, y: 0, z: 0 })));
  const indices = Array.from({ length: 68 }, (_, i) => found[2 * i] ?? -1);
  const within = (from: number, to: number, outline: readonly number[]): boolean =>
    indices.slice(from, to).every((index) => outline.includes(index));

  expect(new Set(indices).size).toBe(68);
  expect(within(0, 17, FACE_OUTLINES.oval)).toBe(true);
  expect(within(17, 22, FACE_OUTLINES.leftBrow) && within(22, 27, FACE_OUTLINES.rightBrow)).toBe(true);
  expect(within(36, 42, FACE_OUTLINES.leftEye) && within(42, 48, FACE_OUTLINES.rightEye)).toBe(true);
  expect(within(48, 60, FACE_OUTLINES.lips) && within(60, 68, FACE_OUTLINES.mouth)).toBe(true);
});

it('no wish turns a triangle over: the motion is lessened until none does', () => {
  const mesh = createFaceMesh(REST, { widthPx: 256, heightPx: 256 });
  const random = new Random(3);
  for (const size of [3, 15, 60]) {
    const moved = mesh.place(REST.map((value) => value + size * random.normal()));
    for (let t = 0; t < MESH_TRIANGLES.length; t += 3) {
      const [a = 0, b = 0, c = 0] = MESH_TRIANGLES.subarray(t, t + 3);
      expect(doubleArea(moved, a, b, c)).toBeGreaterThanOrEqual(0);
    }
  }
});

it('landmarks that are no face are refused', () => {
  expect(() => landmarks68([{ x: 1, y: 2 }])).toThrow('68');
  const line = Float64Array.from({ length: 136 }, (_, i) => i);
  expect(() => createAnimator(noisePhoto(), line)).toThrow('line');
});

describe.skipIf(!SHARED_DATA)('on real photos', () => {
  const data = SHARED_DATA ?? '';
  const network = join(data, 'models/attributes-landmarks/faceapi/faceapi_landmark68.onnx');
  const people = [
    'Bill_Gates',
    'Colin_Powell',
    'Jennifer_Garner',
    'Junichiro_Koizumi',
    'Serena_Williams',
    'Angelina_Jolie',
  ];

  /** LFW is funnelled: faces lie in the middle. */
  const crop = { x: 62, y: 58, side: 136 };

  async function openNetwork(): Promise<(photo: Image) => Promise<Landmarks68>> {
    const session = await createSession(new Uint8Array(readFileSync(network)), { threads: 1 });
    const { x, y, side } = crop;
    const scale = side / 112;
    return async (photo) => {
      const face = warpAffine(photo, [scale, 0, x, 0, scale, y], { widthPx: 112, heightPx: 112, border: 'replicate' });
      const { landmarks } = await session.run({
        input: float32(Float32Array.from(toPlanarBytes(face)), [1, 3, 112, 112]),
      });
      return Float64Array.from((landmarks?.data ?? []) as Float32Array, (at, i) => at * side + (i % 2 === 0 ? x : y));
    };
  }

  const photoOf = async (person: string): Promise<Image> =>
    (await decodeImage(join(data, 'lfw-250-subset/images', person, `${person}_0001.jpg`))).image;

  const clip = (name: string): Track => {
    const { framesPerSecond, frames } = parseTrack(
      JSON.parse(readFileSync(join(data, `driving/tracks/${name}.json`), 'utf8')),
    );
    return { framesPerSecond, frames: frames.filter((_, n) => n % 3 === 0) };
  };

  it('the landmarks of the frames follow the wanted ones, by the network that found them', {
    timeout: 20_000,
  }, async () => {
    const find = await openNetwork();
    const errors: number[] = [];
    const still: number[] = [];
    for (const person of people.slice(0, 3)) {
      const photo = await photoOf(person);
      const landmarks = await find(photo);
      const { frames } = motionTrack('shake', { seconds: 1 });
      const wanted = new Float64Array(136);
      const retarget = createRetargeter(landmarks, frames[0] ?? REST, 'lifted');
      const animator = createAnimator(photo, landmarks);
      for (const driver of [frames[5], frames[10], frames[25]]) {
        retarget(driver ?? REST, wanted);
        const found = await find(animator.frame(wanted));
        const distances = (to: Landmarks68): number[] =>
          Array.from({ length: 51 }, (_, k) => 2 * (k + 17)).map((i) =>
            Math.hypot((found[i] ?? 0) - (to[i] ?? 0), (found[i + 1] ?? 0) - (to[i + 1] ?? 0)),
          );
        errors.push(...distances(wanted));
        still.push(...distances(landmarks));
      }
    }
    const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(mean(errors)).toBeLessThan(2.5);
    expect(mean(still)).toBeGreaterThan(2 * mean(errors));
  });

  it('no triangle turns over, by any driver in any mode', { timeout: 30_000 }, async () => {
    const find = await openNetwork();
    const tracks = [...MOTIONS.map((motion) => motionTrack(motion)), ...['d0', 'd3', 'd18', 'd19', 'd20'].map(clip)];
    const firstOpening = (MESH_TRIANGLES.length - OPENING_TRIANGLES.length) / 3;
    const corners = Array.from({ length: MESH_TRIANGLES.length / 3 }, (_, t) =>
      MESH_TRIANGLES.subarray(3 * t, 3 * t + 3),
    );
    let [least, leastOpening] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const person of people) {
      const photo = await photoOf(person);
      const landmarks = await find(photo);
      const mesh = createFaceMesh(landmarks, photo);
      const wanted = new Float64Array(136);
      for (const track of tracks) {
        for (const mode of ['absolute', 'relative', 'lifted'] as const) {
          const retarget = createRetargeter(landmarks, neutralFrame(track), mode);
          for (const driver of track.frames) {
            retarget(driver, wanted);
            const moved = mesh.place(wanted);
            corners.forEach(([a = 0, b = 0, c = 0], t) => {
              const area = doubleArea(moved, a, b, c);
              if (t < firstOpening) least = Math.min(least, area);
              else leastOpening = Math.min(leastOpening, area);
            });
          }
        }
      }
    }
    expect(least).toBeGreaterThan(0);
    expect(leastOpening).toBeGreaterThanOrEqual(0);
  });

  it('a whole clip is animated, frame by frame', async () => {
    const photo = await photoOf('Bill_Gates');
    const landmarks = await (await openNetwork())(photo);
    const track = clip('d18');
    const frames = [...animate(photo, landmarks, { ...track, frames: track.frames.slice(0, 10) })];

    expect(frames).toHaveLength(10);
    expect(new Set(frames.map(({ data: bytes }) => bytes.reduce((sum, x) => (31 * sum + x) | 0, 0))).size).toBe(10);
  });
});
