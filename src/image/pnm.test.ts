import { describe, expect, it } from 'vitest';
import { InputError } from '../util/errors.ts';
import { decodePnm, readPnmHeader } from './pnm.ts';

function decode(...parts: (string | number[])[]) {
  const bytes = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
  return decodePnm(bytes, readPnmHeader(bytes, 'test.pnm'), 'test.pnm');
}

describe('decodePnm', () => {
  it('reads binary grey', () => {
    expect(decode('P5\n2 1\n255\n', [7, 200])).toEqual({
      widthPx: 2,
      heightPx: 1,
      data: Uint8Array.of(7, 7, 7, 200, 200, 200),
    });
  });

  it('reads binary RGB whose first pixel looks like white space', () => {
    expect([...decode('P6 1 2 255\n', [10, 32, 9, 1, 2, 3]).data]).toEqual([10, 32, 9, 1, 2, 3]);
  });

  it('reads text, comments and a maximum that is not 255', () => {
    expect([...decode('P2 # grey\n# 3 columns\n3 1\n15\n0 5 # five\n15').data]).toEqual([
      0, 0, 0, 85, 85, 85, 255, 255, 255,
    ]);
    expect([...decode('P3 1 1 1\n1 0 1').data]).toEqual([255, 0, 255]);
  });

  it('reads two bytes a sample, the high one first', () => {
    expect([...decode('P5 2 1 65535\n', [0x80, 0, 0xff, 0xff]).data]).toEqual([128, 128, 128, 255, 255, 255]);
  });

  it.each([
    ['missing pixels', 'P5 2 2 255\nabc'],
    ['missing text samples', 'P2 2 1 255\n1  '],
    ['a sample above the maximum', 'P2 1 1 15\n16'],
    ['a maximum of zero', 'P5 1 1 0\na'],
    ['a width of zero', 'P5 0 1 255\n'],
    ['no header', 'P5'],
    ['a header of letters', 'P5 a b c\n'],
  ])('refuses %s', (_, text) => {
    expect(() => decode(text)).toThrow(InputError);
    expect(() => decode(text)).toThrow(/^test\.pnm: /);
  });
});
