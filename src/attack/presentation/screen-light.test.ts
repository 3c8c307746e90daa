import { describe, expect, it } from 'vitest';
import type { Landmarks68 } from '../../face/landmarks68.ts';
import type { Image } from '../../image/image.ts';
import type { ScreenColour, ScreenLight } from './channel/screen-light.ts';
import { screenShares } from './channel/screen-light.ts';
import { makePresentation, type PresentationSource } from './presentation.ts';
import { ATTACK_SPECIES, type AttackSpecies } from './species.ts';
import { motionTrack } from './warp/motions.ts';

/** Skin without a face: what changes its colour is light. */
const photo: Image = {
  widthPx: 256,
  heightPx: 256,
  data: Uint8Array.from({ length: 3 * 65_536 }, (_, i) => [190, 150, 130][i % 3] ?? 0),
};
const track = motionTrack('nod', { framesPerSecond: 12.5, seconds: 0.4 });
const [landmarks] = track.frames as [Landmarks68];
const source: PresentationSource = {
  ...{ photo, landmarks, track },
  clip: { framesPerSecond: 12.5, frames: [photo, photo, photo] },
};
const [rose, cyan]: readonly ScreenColour[] = [
  [2.4, 0.6, 0.9],
  [0.25, 1.2, 1.5],
];
const screenLight: ScreenLight = {
  ...{ strength: 0.1, halfMm: 60 },
  coloursAt: (timeMs) =>
    timeMs > 100
      ? [rose ?? [1, 1, 1], cyan ?? [1, 1, 1]]
      : [
          [1, 1, 1],
          [1, 1, 1],
        ],
};

const grey: ScreenLight = {
  ...screenLight,
  coloursAt: () => [
    [1, 1, 1],
    [1, 1, 1],
  ],
};

/** IEC 61966-2-1. */
const linear = (byte: number): number => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);

/** Logarithm of red over green in a part of the third frame. */
async function rednessOf(species: AttackSpecies, light: ScreenLight): Promise<readonly [number, number]> {
  const { frames } = await makePresentation(species, source, {
    ...{ seed: 1, screenLight: light, settings: { hold: { fill: 1.2 }, screen: { glare: 0 }, print: { gloss: 0 } } },
    size: { widthPx: 96, heightPx: 96 },
  });
  const { data = new Uint8Array() } = frames[2] ?? {};
  const redness = (fromX: number): number => {
    let [red, green] = [0, 0];
    for (let y = 30; y < 60; y++)
      for (let x = fromX; x < fromX + 20; x++) {
        red += linear(data[3 * (96 * y + x)] ?? 0);
        green += linear(data[3 * (96 * y + x) + 1] ?? 0);
      }
    return Math.log(red / green);
  };
  return [redness(14), redness(62)];
}

/** What each species carries. */
function lightOn({ instrument, relit }: AttackSpecies): 'reflected' | 'mirrored' | 'painted' | 'none' {
  if (relit) return 'painted';
  return instrument === 'print' ? 'reflected' : instrument === 'screen' ? 'mirrored' : 'none';
}

describe('the light of the verification’s screen', () => {
  it.each(ATTACK_SPECIES.map((species) => [species.name, lightOn(species), species] as const))(
    'on %s is %s',
    async (_, kind, species) => {
      const [unlit, lit] = [await rednessOf(species, grey), await rednessOf(species, screenLight)];
      const [left, right] = [lit[0] - unlit[0], lit[1] - unlit[1]];
      const [mean, sides] = [(left + right) / 2, left - right];
      if (kind === 'none') expect(lit).toEqual(unlit);
      if (kind === 'painted') {
        // Of one half alone: ln(1 + 0.08 * 2.4) - ln(1 + 0.08 * 0.6), and ln(1 + 0.08 * 0.25) - ln(1 + 0.08 * 1.2).
        expect(left).toBeCloseTo(0.129, 1.5);
        expect(right).toBeCloseTo(-0.072, 1.5);
      }
      // Rose and cyan together are a little red: 0.1 * (1.325 - 0.9).
      if (kind === 'reflected') expect([mean > 0.02 && mean < 0.08, sides > 0.01]).toEqual([true, true]);
      if (kind === 'mirrored') expect([mean > 0.0002 && mean < 0.01, Math.abs(sides) < 0.001]).toEqual([true, true]);
    },
  );

  it('falls off with the angle and the square of the distance', () => {
    const frontal = screenShares({ at: [0, 0, 400], normal: [0, 0, -1] }, 60, 400);
    // Cosine times cosine over squares, at 8.53 degrees.
    expect(frontal[0]).toBeCloseTo(0.5 * Math.cos(Math.atan(60 / 400)) ** 3, 9);
    expect(frontal[0]).toBe(frontal[1]);
    const twiceAsFar = screenShares({ at: [0, 0, 800], normal: [0, 0, -1] }, 0, 400);
    expect(twiceAsFar[0]).toBeCloseTo(0.125, 9);
    const leftCheek = screenShares({ at: [-50, 0, 400], normal: [-Math.SQRT1_2, 0, -Math.SQRT1_2] }, 60, 400);
    expect(leftCheek[0]).toBeGreaterThan(1.1 * leftCheek[1]);
    expect(screenShares({ at: [0, 0, 400], normal: [0, 0, 1] }, 60, 400)).toEqual([0, 0]);
  });
});
