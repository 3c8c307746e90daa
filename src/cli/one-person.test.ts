import { describe, expect, test } from 'vitest';
import { medianSimilarity, strangersAmong } from './one-person.ts';

/** A face of a person, who is a direction in the plane, some degrees off it. */
const face = (person: number, off: number): Float32Array => {
  const angle = ((person + off) * Math.PI) / 180;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
};

const ANN = 0;
const BEN = 90;
const THRESHOLD = Math.cos(Math.PI / 6);

describe('strangers in a folder', () => {
  test('are found by their place', () => {
    const faces = [face(ANN, 0), face(ANN, 8), face(BEN, 0), face(ANN, -6), face(ANN, 4), face(BEN, 3)];
    expect(strangersAmong(faces, THRESHOLD)).toEqual([2, 5]);
  });

  test('are none among one person’s faces, though two of them differ', () => {
    expect(strangersAmong([face(ANN, -20), face(ANN, 0), face(ANN, 5), face(ANN, 20)], THRESHOLD)).toEqual([]);
  });

  test('are all where two people share it evenly', () => {
    const faces = [0, 2, 4].flatMap((off) => [face(ANN, off), face(BEN, off)]);
    expect(strangersAmong(faces, THRESHOLD)).toHaveLength(6);
  });

  test('cannot be told of two faces, nor of one that the encoder could not make out', () => {
    expect(strangersAmong([face(ANN, 0), face(BEN, 0)], THRESHOLD)).toEqual([]);
    const blank = new Float32Array(2);
    expect(strangersAmong([face(ANN, 0), face(ANN, 1), blank, face(ANN, 2)], THRESHOLD)).toEqual([2]);
  });
});

test('the median similarity is that of all pairs', () => {
  expect(medianSimilarity([face(ANN, 0)], [face(0, 60), face(0, 90), face(0, 0)])).toBeCloseTo(0.5, 6);
  expect(medianSimilarity([], [face(ANN, 0)])).toBe(-1);
});
