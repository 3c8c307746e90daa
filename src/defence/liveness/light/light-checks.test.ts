import { describe, expect, test } from 'vitest';
import type { Image } from '../../../image/image.ts';
import { Random } from '../../../util/random.ts';
import { drawFlashes, FLASH_COLOURS, type Flashes, flashAt } from '../session/flashes.ts';
import { observeAppearance, type TurnedFrame } from './appearance-innovation.ts';
import { type LitFrame, observeColourFlash } from './colour-flash.ts';
import { type FaceLight, faceLight, SKIN_POINTS } from './skin-light.ts';

const score = (measured: ReturnType<typeof observeColourFlash>): number =>
  'score' in measured ? measured.score : Number.NaN;
const quality = (measured: ReturnType<typeof observeColourFlash>): number =>
  'quality' in measured ? measured.quality : Number.NaN;

describe('the light on skin', () => {
  const image = (of: (x: number, y: number) => readonly [number, number, number]): Image => {
    const data = new Uint8Array(3 * 64 * 64);
    for (let i = 0; i < 64 * 64; i++) data.set(of(i % 64, i >> 6), 3 * i);
    return { widthPx: 64, heightPx: 64, data };
  };
  const at = (picture: Image, x: number, y: number) => faceLight(picture, () => ({ x, y }), 200)[0];

  test('is averaged as light, not as bytes', () => {
    // A chessboard of 50 and 200: sRGB's mean light is 0.3066, byte 148; the mean of the bytes would be 0.2051.
    const board = image((x, y) => ((x + y) % 2 ? [50, 200, 100] : [200, 50, 100]));
    const seen = at(board, 31.5, 31.5);
    expect(Math.exp(seen?.red ?? 0)).toBeCloseTo(0.3066, 2);
    expect(Math.exp(seen?.green ?? 0)).toBeCloseTo(0.3066, 2);
    expect(Math.exp(seen?.blue ?? 0)).toBeCloseTo(0.1274, 3);
  });

  test('is unknown where it is clipped, dark, or out of the picture', () => {
    const bright = image((x) => (x < 32 ? [255, 200, 180] : [90, 60, 50]));
    expect(at(bright, 10, 32)).toBeUndefined();
    expect(at(bright, 50, 32)).toBeDefined();
    expect(at(bright, 2, 32)).toBeUndefined();
    expect(
      at(
        image(() => [5, 5, 5]),
        32,
        32,
      ),
    ).toBeUndefined();
    expect(at(bright, Number.NaN, 32)).toBeUndefined();
  });
});

/** sRGB's own curve, written out again. */
const linear = (byte: number): number =>
  byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4;

/** How a face before a screen is pretended to be lit. */
interface Pretended {
  readonly strength: number;
  /** By how much more of the near half's light than of the other's a side has. */
  readonly pattern: number;
  readonly delayMs?: number;
  readonly noise?: number;
  readonly framesPerSecond?: number;
}

/** Skin of uneven colour in a warm room whose lamp slowly fades, before a screen. */
function litFrames(shown: Flashes, pretended: Pretended, random: Random): LitFrame[] {
  const { strength, pattern, delayMs = 110, noise = 0.003, framesPerSecond = 12 } = pretended;
  const skin = SKIN_POINTS.map(() => [0.45, 0.3, 0.22].map((value) => value * (0.8 + 0.4 * random.uniform())));
  return Array.from({ length: 23 * framesPerSecond }, (_, f) => {
    const timeMs = (1000 * f) / framesPerSecond;
    const flash = flashAt(shown, timeMs - delayMs);
    const lampOf = (half: 'left' | 'right'): number[] => {
      const light = flash ? FLASH_COLOURS[flash[half]].map(linear) : [0.42, 0.42, 0.42];
      return light.map((value) => value / 0.42);
    };
    const [own, other] = [0.5 + pattern / 2, 0.5 - pattern / 2];
    const light = skin.map((albedo, point) => {
      // The person's left half lights the picture's right side.
      const near = SKIN_POINTS[point]?.side === 'right' ? 'left' : 'right';
      const [nearLight, farLight] = [lampOf(near), lampOf(near === 'left' ? 'right' : 'left')];
      const [red, green, blue] = albedo.map((value, k) => {
        // It fades in each colour at a rate of its own.
        const room = ([1.1, 1, 0.8][k] ?? 1) * (1 - ([0.4, 0.3, 0.2][k] ?? 0) * (timeMs / 23_000));
        const screen = strength * (own * (nearLight[k] ?? 0) + other * (farLight[k] ?? 0));
        return Math.log(value * (room + screen)) + noise * random.normal();
      }) as [number, number, number];
      return { red, green, blue };
    });
    return { timeMs, light };
  });
}

describe('colour-flash', () => {
  const flashes = drawFlashes(new Random('shown'));
  const others = drawFlashes(new Random('shown in another session'));
  const observed = (pretended: Pretended, of = flashes) =>
    observeColourFlash(litFrames(of, pretended, new Random('noise')), flashes);

  test('finds an answer that was planted, its strength and its delay', () => {
    const found = observed({ strength: 0.08, pattern: 0.2 });
    expect(score(found)).toBeGreaterThan(0.8);
    expect(quality(found)).toBeGreaterThan(0.9);
    // By then the room has faded to 0.72 of what it was; a side has a fifth more of its own half's light.
    expect('reason' in found && found.reason).toMatch(/followed by 1[01]\.\d % .* sides by 2\.\d % .* 100 ms late/);
  });

  test('finds a weak one', () => {
    expect(score(observed({ strength: 0.03, pattern: 0.15 }))).toBeGreaterThan(0.5);
  });

  test.each([
    ['nothing answers', { strength: 0, pattern: 0 }, flashes],
    ['another session’s colours answer', { strength: 0.1, pattern: 0.2 }, others],
    ['the glass of a display answers', { strength: 0.002, pattern: 0 }, flashes],
  ])('is about 0 where %s, and sure of it', (_, pretended, shown) => {
    const found = observed(pretended, shown);
    expect(Math.abs(score(found))).toBeLessThan(0.3);
    expect(quality(found)).toBeGreaterThan(0.9);
  });

  test('tells a light that is the same on both sides from one that is not, or the wrong way round', () => {
    const even = score(observed({ strength: 0.08, pattern: 0 }));
    const sided = score(observed({ strength: 0.08, pattern: 0.3 }));
    const swapped = score(observed({ strength: 0.08, pattern: -0.3 }));
    expect(even).toBeLessThan(0.7);
    expect(sided).toBeGreaterThan(even + 0.2);
    expect(swapped).toBeLessThan(even - 0.2);
  });

  test('is seen through a camera that balances its white anew, by half within a second', () => {
    const frames = litFrames(flashes, { strength: 0.06, pattern: 0.2 }, new Random('noise'));
    const ratios = (light: FaceLight, of: 'red' | 'blue'): number =>
      light.reduce((sum, one) => sum + (one ? one[of] - one.green : 0), 0) / light.length;
    const kept = { red: ratios(frames[0]?.light ?? [], 'red'), blue: ratios(frames[0]?.light ?? [], 'blue') };
    const balanced = frames.map(({ timeMs, light }) => {
      for (const of of ['red', 'blue'] as const) kept[of] += (ratios(light, of) - kept[of]) / 12;
      const [red, blue] = [kept.red / 2, kept.blue / 2];
      return {
        timeMs,
        light: light.map((one) => one && { red: one.red - red, green: one.green, blue: one.blue - blue }),
      };
    });
    expect(score(observeColourFlash(balanced, flashes))).toBeGreaterThan(0.8);
  });

  test('has little quality where noise drowns everything', () => {
    expect(quality(observed({ strength: 0.08, pattern: 0.2, noise: 0.3 }))).toBeLessThan(0.3);
  });

  test('has no quality where the colours do not change', () => {
    const light = SKIN_POINTS.map(() => ({ red: -1, green: -1, blue: -1 }));
    const during = Array.from({ length: 19 }, (_, f) => ({ timeMs: 10 * f, light }));
    const found = observeColourFlash(during, [{ left: 'rose', right: 'cyan', atMs: -300 }]);
    expect([score(found), quality(found)]).toEqual([0, 0]);
  });

  test('does not apply without flashes, without frames of them, or without skin', () => {
    const frames = litFrames(flashes, { strength: 0.08, pattern: 0.2 }, new Random('noise'));
    const unseen = frames.map(({ timeMs }) => ({ timeMs, light: SKIN_POINTS.map(() => undefined) }));
    for (const found of [
      observeColourFlash(frames, []),
      observeColourFlash(frames.slice(0, 200), flashes),
      observeColourFlash(
        frames.filter((_, f) => f % 6 === 0),
        flashes,
      ),
      observeColourFlash(unseen, flashes),
      observeColourFlash([], flashes),
    ])
      expect(found).toHaveProperty('notApplicable');
  });
});

describe('appearance-innovation', () => {
  /** Rest, then a turn and a nod; `shading`: how the light of a side or a part changes with them. */
  function turnedFrames(shading: { readonly turn: number; readonly nod: number }, most = 1.2): TurnedFrame[] {
    const random = new Random('turned');
    const skin = SKIN_POINTS.map(() => 0.2 + 0.3 * random.uniform());
    return Array.from({ length: 80 }, (_, f) => {
      const bump = (from: number): number => most * Math.max(0, Math.sin(((f - from) * Math.PI) / 25));
      const [turn, nod] = [f >= 20 && f < 45 ? bump(20) : 0, f >= 50 && f < 75 ? bump(50) : 0];
      const exposure = 0.1 * Math.sin(f / 9);
      const light: FaceLight = SKIN_POINTS.map(({ side, part }, point) => {
        // Points vanish now and then, as those that are turned away do.
        if ((f + 3 * point) % 7 === 0) return undefined;
        const own = (side === 'left' ? 0.5 : -0.5) * shading.turn * turn;
        const value = Math.log(skin[point] ?? 1) + own + (part === 'cheek' ? shading.nod * nod : 0) + exposure;
        const noisy = (): number => value + 0.01 * random.normal();
        return { red: noisy(), green: noisy(), blue: noisy() };
      });
      return { light, turn: 0.4 + turn, nod: -0.7 + nod, resting: f < 15 };
    });
  }
  const explained = (frames: readonly TurnedFrame[]): number => Math.exp(score(observeAppearance(frames)));

  test('finds the change of light that was planted', () => {
    // Of frames turned by half of what is asked up to 1.2, root mean square about 0.95.
    expect(explained(turnedFrames({ turn: 0.2, nod: 0 }))).toBeCloseTo(0.19, 1.5);
    expect(explained(turnedFrames({ turn: 0, nod: 0.1 }))).toBeGreaterThan(0.05);
  });

  test('finds nearly none where the skin carries its light along, whatever the exposure does', () => {
    const found = observeAppearance(turnedFrames({ turn: 0, nod: 0 }));
    expect(Math.exp(score(found))).toBeLessThan(0.01);
    expect(quality(found)).toBe(1);
  });

  test('leaves out frames in which the head was not found rightly', () => {
    const frames = turnedFrames({ turn: 0.2, nod: 0 });
    const wrong = [1e9, -1e12, Number.NaN, Number.POSITIVE_INFINITY].flatMap((turn) =>
      frames.slice(0, 10).map((frame) => ({ ...frame, turn, resting: false })),
    );
    expect(explained([...frames, ...wrong])).toBeCloseTo(explained(frames), 3);
  });

  test('does not apply where nothing turns', () => {
    expect(observeAppearance(turnedFrames({ turn: 0.2, nod: 0 }, 0.3))).toHaveProperty('notApplicable');
    expect(observeAppearance([])).toHaveProperty('notApplicable');
    expect(observeAppearance(turnedFrames({ turn: 0.2, nod: 0 }).filter(({ resting }) => !resting))).toHaveProperty(
      'notApplicable',
    );
  });
});
