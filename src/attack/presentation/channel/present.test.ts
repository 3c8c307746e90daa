import { describe, expect, it } from 'vitest';
import type { Clip } from '../../../image/frames/clip.ts';
import type { Image } from '../../../image/image.ts';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import { CHANNEL_PARAMETERS, createChannel, requireChannel, withParameter } from './parameters.ts';
import { presentFrames, presentThrough } from './present.ts';
import type { Channel } from './settings.ts';

/** A picture that is lighter to the right. */
function ramp(from: number, widthPx = 60, heightPx = 48): Image {
  const data = Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => from + 2 * (Math.floor(i / 3) % widthPx));
  return { widthPx, heightPx, data };
}

const clip: Clip = { framesPerSecond: 12.5, frames: [ramp(20), ramp(40), ramp(60), ramp(80), ramp(100)] };

const CHANNELS: readonly (readonly [string, Channel])[] = [
  ['flat print', createChannel('print')],
  ['bent print', createChannel('print', { print: { bendPerMetre: 10 } })],
  ['screen', createChannel('screen')],
  ['camera', createChannel('camera')],
  ['injected', createChannel('injected')],
  ['injected, coded', createChannel('injected', { codec: { kind: 'blocks', quantiser: 30 } })],
  ['screen, coded', createChannel('screen', { codec: { kind: 'blocks' } })],
];

const mean = ({ data }: Image): number => data.reduce((sum, value) => sum + value, 0) / data.length;

describe.each(CHANNELS)('%s', (name, channel) => {
  it('gives as many frames at the same rate, of the size asked for', async () => {
    const same = await presentThrough(clip, channel, { seed: 1 });
    expect([same.framesPerSecond, same.frames.length]).toEqual([12.5, 5]);
    expect(same.frames.every(({ widthPx, heightPx }) => widthPx === 60 && heightPx === 48)).toBe(true);
    const size = { widthPx: 41, heightPx: 72 };
    const other = await presentThrough({ ...clip, frames: clip.frames.slice(0, 2) }, channel, { seed: 1, size });
    expect(other.frames.map(({ data, widthPx }) => [data.length, widthPx])).toEqual([
      [3 * 41 * 72, 41],
      [3 * 41 * 72, 41],
    ]);
  });

  it('is the same for a seed, and leaves what it is given alone', async () => {
    const before = clip.frames.map(({ data }) => data.slice());
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => presentThrough(clip, channel, { seed })));
    expect(a).toEqual(b);
    if (channel.kind !== 'injected') expect(a).not.toEqual(c);
    expect(clip.frames.map(({ data }) => data)).toEqual(before);
  });

  it(name.includes('print') ? 'shows its first frame alone' : 'shows the clip', async () => {
    const { frames } = await presentThrough(clip, channel, { seed: 3 });
    const rise = mean(frames[4] as Image) - mean(frames[0] as Image);
    if (channel.kind === 'print') expect(Math.abs(rise)).toBeLessThan(6);
    else expect(rise).toBeGreaterThan(25);
  });
});

describe('what is held', () => {
  it('stands before the background that is given', async () => {
    const background: Image = {
      widthPx: 8,
      heightPx: 8,
      data: new Uint8Array(192).map((_, i) => (i % 3 === 2 ? 200 : 0)),
    };
    const channel = createChannel('print', { hold: { fill: 0.4 } });
    const { frames } = await presentThrough(clip, channel, { seed: 3, background });
    const [frame] = frames as [Image];
    expect([...frame.data.subarray(3 * 62, 3 * 62 + 2)].every((value) => value < 12)).toBe(true);
    expect(frame.data[3 * 62 + 2]).toBeGreaterThan(150);
  });

  it('moves in a hand, and stands still on a table but for the camera’s noise', async () => {
    const still = { swayDegrees: 0, swayMm: 0, tremorMm: 0 };
    const quiet = { electronsAtWhite: 30_000, readNoiseElectrons: 0, motionBlurPx: 0 };
    const differ = async (hold: object): Promise<number> => {
      const channel = createChannel('print', { hold: { fill: 0.7, ...hold }, camera: quiet });
      const { frames } = await presentThrough(clip, channel, { seed: 3 });
      const [a, , , , b] = frames as [Image, Image, Image, Image, Image];
      return a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? 0)), 0) / a.data.length;
    };
    expect(await differ(still)).toBeLessThan(1.5);
    expect(await differ({ swayMm: 5 })).toBeGreaterThan(3);
  });
});

describe('encoders', () => {
  const dim = (frame: Image, quality: number): Image => ({
    ...frame,
    data: frame.data.map((value) => (value * quality) / 100),
  });

  it('that a channel needs and nobody handed over are named', async () => {
    const jpeg = createChannel('camera', { camera: { jpegQuality: 75 } });
    const h264 = createChannel('injected', { codec: { kind: 'h264' } });
    await expect(presentThrough(clip, jpeg, { seed: 1 })).rejects.toThrow(/JPEG/);
    await expect(presentThrough(clip, h264, { seed: 1 })).rejects.toThrow(CapabilityError);
    await expect(presentFrames(clip.frames, 25, h264, { seed: 1, codecs: {} }).next()).rejects.toThrow(/H.264/);
  });

  it('are used: JPEG on each frame, then H.264 on the clip', async () => {
    const channel = createChannel('camera', { camera: { jpegQuality: 50 }, codec: { kind: 'h264', quantiser: 33 } });
    const { camera } = { camera: { ...(channel.kind === 'camera' ? channel.camera : {}), jpegQuality: 0 } };
    const plain = await presentThrough(clip, createChannel('camera', { camera }), { seed: 1 });
    const seen: number[] = [];
    const coded = await presentThrough(clip, channel, {
      seed: 1,
      codecs: {
        jpeg: async (frame, quality) => dim(frame, quality),
        h264: async (whole, { quantiser }) => {
          seen.push(quantiser, whole.frames.length);
          return whole;
        },
      },
    });
    expect(seen).toEqual([33, 5]);
    expect(coded.frames).toEqual(plain.frames.map((frame) => dim(frame, 50)));
  });
});

it('injected as they are, frames come as they were', async () => {
  const { frames } = await presentThrough(clip, createChannel('injected'), { seed: 1 });
  expect(frames).toEqual(clip.frames);
});

it('frames of several sizes are refused', async () => {
  const frames = [ramp(1), ramp(1, 50, 48)];
  await expect(presentThrough({ framesPerSecond: 10, frames }, createChannel('screen'), { seed: 1 })).rejects.toThrow(
    InputError,
  );
  const stream = presentFrames(frames, 10, createChannel('screen'), { seed: 1 });
  await stream.next();
  await expect(stream.next()).rejects.toThrow(InputError);
});

describe('parameters', () => {
  it('each has its own name, a usual value in its range, and says what it costs', () => {
    expect(new Set(CHANNEL_PARAMETERS.map(({ name }) => name)).size).toBe(CHANNEL_PARAMETERS.length);
    for (const { low, usual, high, cost } of CHANNEL_PARAMETERS) {
      expect(low).toBeLessThan(high);
      expect(usual >= low && usual <= high).toBe(true);
      expect(cost.length).toBeGreaterThan(5);
    }
  });

  it('each can be moved through its whole range, where the channel has it', async () => {
    const small = { ...clip, frames: [ramp(30, 24, 24)] };
    for (const parameter of CHANNEL_PARAMETERS) {
      const kind = parameter.group === 'print' || parameter.group === 'screen' ? parameter.group : 'screen';
      const channel = createChannel(kind, { codec: { kind: 'blocks' } });
      for (const value of [parameter.low, parameter.high]) {
        const moved = withParameter(channel, parameter, value);
        if (!moved) throw new TypeError(`${parameter.name} is in no channel`);
        const { frames } = await presentThrough(small, moved, { seed: 1, codecs: { jpeg: (frame) => frame } });
        expect(frames[0]?.data.length).toBe(3 * 24 * 24);
      }
      expect(() => withParameter(channel, parameter, parameter.high + 1e-3)).toThrow(parameter.name);
      expect(withParameter(createChannel('injected'), parameter, parameter.usual)).toBeUndefined();
    }
  });

  it('are the attacker’s to choose, or the verification’s', () => {
    const own = CHANNEL_PARAMETERS.filter(({ attackers }) => attackers).map(({ name }) => name);
    expect(own).toContain('screen.brightness');
    expect(own).not.toContain('camera.electronsAtWhite');
  });

  it('changes what it names alone', () => {
    const [gloss] = CHANNEL_PARAMETERS.filter(({ name }) => name === 'print.gloss');
    const channel = createChannel('print');
    if (!gloss || channel.kind !== 'print') throw new TypeError('no print');
    expect(withParameter(channel, gloss, 0.5)).toEqual({ ...channel, print: { ...channel.print, gloss: 0.5 } });
  });

  it('out of range, or no number, is refused', () => {
    expect(() => createChannel('print', { print: { gloss: 7 } })).toThrow('print.gloss of 7');
    expect(() => createChannel('camera', { camera: { electronsAtWhite: Number.NaN } })).toThrow(InputError);
    const { hold: _, ...lacking } = createChannel('print') as { hold?: unknown };
    expect(() => requireChannel({ ...lacking, hold: {} } as Channel)).toThrow('hold.fill');
  });
});
