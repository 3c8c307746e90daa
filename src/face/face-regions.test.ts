import { expect, test } from 'vitest';
import { ShapeError } from '../util/errors.ts';
import { FACE_LINES, FACE_OUTLINES, meshPoints } from './face-regions.ts';

const MESH = Array.from({ length: 468 }, (_, i) => ({ x: i, y: 0, z: 0 }));

test.for(Object.entries({ ...FACE_OUTLINES, ...FACE_LINES }))(
  '%s names points of the mesh, each once',
  ([, indices]) => {
    expect(meshPoints(MESH, indices).map(({ x }) => x)).toEqual(indices);
    expect(new Set(indices).size).toBe(indices.length);
  },
);

test('both sides have as many points', () => {
  for (const part of ['Eye', 'Lid', 'Brow', 'Cheek'] as const)
    expect(FACE_OUTLINES[`left${part}`].length).toBe(FACE_OUTLINES[`right${part}`].length);
  for (const part of ['UpperLashes', 'LowerLid', 'Bag', 'Fold'] as const)
    expect(FACE_LINES[`left${part}`].length).toBe(FACE_LINES[`right${part}`].length);
});

test('a mesh that lacks a point is refused', () => {
  expect(() => meshPoints(MESH.slice(0, 100), FACE_OUTLINES.lips)).toThrow(ShapeError);
});
