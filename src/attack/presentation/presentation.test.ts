import { describe, expect, it } from 'vitest';
import type { Landmarks68 } from '../../face/landmarks68.ts';
import type { Image } from '../../image/image.ts';
import { CapabilityError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { channelOf, makePresentation, type PresentationSource } from './presentation.ts';
import { ATTACK_SPECIES, type AttackSpecies } from './species.ts';
import { motionTrack } from './warp/motions.ts';

const random = new Random(7);
const noise = (): Image => ({
  widthPx: 256,
  heightPx: 256,
  data: Uint8Array.from({ length: 3 * 65536 }, () => random.integer(256)),
});
const photo = noise();
const track = motionTrack('nod', { framesPerSecond: 12.5, seconds: 0.4 });
const [landmarks] = track.frames as [Landmarks68];
const source: PresentationSource = {
  photo,
  landmarks,
  track,
  clip: { framesPerSecond: 10, frames: [noise(), noise(), noise()] },
};
const size = { widthPx: 80, heightPx: 80 };
const named = (name: string): AttackSpecies => {
  const found = ATTACK_SPECIES.find((species) => species.name === name);
  if (!found) throw new TypeError(`no ${name}`);
  return found;
};

describe('the list of species', () => {
  it('is closed, numbers and all, and each says what it takes', () => {
    // Pictures that are out carry these numbers: none may change, or go to another.
    expect(Object.fromEntries(ATTACK_SPECIES.map(({ name, number }) => [name, number]))).toEqual({
      'print-flat': 1,
      'print-bent': 2,
      'screen-photo': 3,
      'screen-replay': 4,
      'screen-warp': 5,
      'inject-photo': 6,
      'inject-replay': 7,
      'inject-warp-absolute': 8,
      'inject-warp-relative': 9,
      'inject-warp-lifted': 10,
      'inject-gan': 11,
      'inject-reenactment': 12,
      'inject-swap': 13,
      'inject-clip-warp': 14,
      'inject-clip-reenactment': 15,
      'inject-warp-relit': 16,
      'screen-clip-warp': 17,
    });
    for (const { name, equipment, instrument } of ATTACK_SPECIES) {
      expect(equipment.length).toBeGreaterThan(10);
      expect(name.startsWith(instrument === 'injected' ? 'inject' : instrument)).toBe(true);
    }
  });

  it('follows a challenge where somebody moves a face live, and neither where a clip moves it nor where nothing does', () => {
    for (const { maker, followsChallenge, drivenByClip } of ATTACK_SPECIES) {
      const moved = maker.kind === 'warp' || maker.kind === 'network';
      expect([followsChallenge, drivenByClip].filter(Boolean).length).toBe(moved ? 1 : 0);
    }
  });
});

describe.each(ATTACK_SPECIES.map((species) => [species.name, species] as const))('%s', (_, species) => {
  const handedIn = species.maker.kind === 'network' || species.maker.kind === 'recording';

  it('has the frames and the rate of its source, and the size of the camera', async () => {
    const { framesPerSecond, frames } = await makePresentation(species, source, { seed: 1, size });
    expect([framesPerSecond, frames.length]).toEqual(handedIn ? [10, 3] : [12.5, 5]);
    expect(frames.every(({ data }) => data.length === 3 * 80 * 80)).toBe(true);
  });

  it('says what it lacks', async () => {
    const lacking = handedIn ? { photo, landmarks, track } : { landmarks, track };
    await expect(makePresentation(species, lacking, { seed: 1 })).rejects.toThrow(CapabilityError);
  });
});

it('an injected photo is the photo in every frame, and an injected recording the recording', async () => {
  const still = await makePresentation(named('inject-photo'), source, { seed: 1 });
  expect(still.frames.every(({ data }) => data === photo.data)).toBe(true);
  const replay = await makePresentation(named('inject-replay'), source, { seed: 1 });
  expect(replay).toEqual(source.clip);
});

it('a warp moves the face and leaves the corners alone', async () => {
  // Without the camera that it imitates, whose noise is everywhere.
  const species = { ...named('inject-warp-lifted'), imitatesCamera: false };
  const { frames } = await makePresentation(species, source, { seed: 1 });
  const [first, , , , last] = frames as [Image, Image, Image, Image, Image];
  expect(first.data).not.toEqual(last.data);
  expect(last.data.subarray(0, 768)).toEqual(photo.data.subarray(0, 768));
});

it('what is moved live goes through a camera first, so that no frame comes twice; an injected photo does not', async () => {
  const [rest = new Float64Array(136)] = source.track?.frames ?? [];
  const still = { ...source, track: { framesPerSecond: 10, frames: [rest, rest, rest] } };
  const framesOf = async (name: string) => (await makePresentation(named(name), still, { seed: 1 })).frames;
  const [first, second] = (await framesOf('inject-warp-lifted')) as [Image, Image];
  expect(first.data).not.toEqual(second.data);
  const [photoFirst, photoSecond] = (await framesOf('inject-photo')) as [Image, Image];
  expect(photoFirst.data).toEqual(photoSecond.data);
});

it('settings reach the channel, and the bend of a bent print is its own unless they say otherwise', () => {
  const bendOf = (name: string, settings = {}): number => {
    const channel = channelOf(named(name), settings);
    return channel.kind === 'print' ? channel.print.bendPerMetre : Number.NaN;
  };
  expect([bendOf('print-flat'), bendOf('print-bent')]).toEqual([0, 8]);
  expect(bendOf('print-bent', { print: { bendPerMetre: 3 } })).toBe(3);
  const screen = channelOf(named('screen-warp'), { screen: { gamma: 1.9 } });
  expect(screen.kind === 'screen' && screen.screen.gamma).toBe(1.9);
});
