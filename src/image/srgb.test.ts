import { expect, it } from 'vitest';
import { byteOfLinear, LINEAR_OF_BYTE } from './srgb.ts';

it('every byte comes back from its light', () => {
  for (let byte = 0; byte < 256; byte++) expect(byteOfLinear(LINEAR_OF_BYTE[byte] ?? Number.NaN)).toBe(byte);
});

it('has the known middle of the curve, and clips what lies beyond', () => {
  // IEC 61966-2-1: a reflectance of 18 % is byte 118 (0.4614 of full).
  expect(byteOfLinear(0.18)).toBe(118);
  expect([byteOfLinear(-1), byteOfLinear(7)]).toEqual([0, 255]);
});
