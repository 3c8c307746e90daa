import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CapabilityError } from '../../util/errors.ts';
import { readPpmFrames } from './ppm-frames.ts';

const stream = Buffer.concat([
  Buffer.from('P6\n2 1\n255\n'),
  Buffer.from([1, 2, 3, 4, 5, 6]),
  Buffer.from('P6\n1 2\n255\n'),
  Buffer.from([80, 54, 10, 10, 80, 54]),
]);

async function framesOf(bytes: Uint8Array, ends: readonly number[] = []) {
  async function* chunks() {
    const bounds = [0, ...ends.toSorted((a, b) => a - b), bytes.length];
    for (let i = 1; i < bounds.length; i++) yield bytes.subarray(bounds[i - 1], bounds[i]);
  }
  const frames = [];
  for await (const frame of readPpmFrames(chunks())) frames.push(frame);
  return frames;
}

describe('readPpmFrames', () => {
  it('reads the same frames wherever the chunks end', async () => {
    const expected = [
      { widthPx: 2, heightPx: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      { widthPx: 1, heightPx: 2, data: Uint8Array.of(80, 54, 10, 10, 80, 54) },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 6 }), async (ends) => {
        expect(await framesOf(stream, ends)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('gives none for an empty stream', async () => {
    expect(await framesOf(new Uint8Array(0))).toEqual([]);
  });

  it.each([
    ['something else', 'ffmpeg version 5'],
    ['text samples', 'P3\n1 1\n255\n'],
    ['16-bit samples', 'P6\n1 1\n65535\n1234567890'],
    ['no size', 'P6\n0 0\n255\n'],
    ['an absurd size', 'P6\n999999 999999\n255\n'],
    ['half a header', 'P6\n1'],
    ['half a frame', 'P6\n2 2\n255\nabc'],
    ['an endless header', `P6\n${'1'.repeat(100)}`],
  ])('refuses %s', async (_, text) => {
    await expect(framesOf(Buffer.from(text))).rejects.toThrow(CapabilityError);
  });
});
