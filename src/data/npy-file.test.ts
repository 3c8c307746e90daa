import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ShapeError } from '../util/errors.ts';
import { openNpy } from './npy-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-npy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// base64 of numpy.save of NumPy 2.4.6: arange(6, dtype='<f4').reshape(2, 3) / 4, and arange(3, dtype='<f4').
const NUMPY = {
  '2,3': {
    rows: [
      [0, 0.25, 0.5],
      [0.75, 1, 1.25],
    ],
    base64:
      'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8=',
  },
  '3': {
    rows: [[0], [1], [2]],
    base64:
      'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEA=',
  },
} as const;

test.each(Object.entries(NUMPY))(
  'a tensor [%s] is written byte for byte as NumPy does',
  async (extents, { rows, base64 }) => {
    const path = join(folder, `${extents}.npy`);
    const writer = await openNpy(path, extents.split(',').map(Number));
    for (const row of rows) await writer.write(Float32Array.from(row));
    const sha256 = await writer.finish();
    const bytes = await readFile(path);
    expect(bytes.toString('base64')).toBe(base64);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  },
);

test('too few numbers are no tensor, and the file does not get its name', async () => {
  const writer = await openNpy(join(folder, 'short.npy'), [2, 2]);
  await writer.write(Float32Array.of(1, 2, 3));
  await expect(writer.finish()).rejects.toThrow(ShapeError);
  expect(await readdir(folder)).not.toContain('short.npy');
});
