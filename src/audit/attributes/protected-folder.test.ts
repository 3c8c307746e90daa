import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaceSample } from '../../data/sample.ts';
import { protectedPhotosOf } from './protected-folder.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-protected-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sample = (id: string): FaceSample => ({ id, person: id, path: `/data/images/${id}`, aligned: false });

async function holding(...names: readonly string[]): Promise<string> {
  const top = await mkdtemp(join(folder, 'p-'));
  for (const name of names) {
    await mkdir(dirname(join(top, name)), { recursive: true });
    await writeFile(join(top, name), '');
  }
  return top;
}

const dataset = { root: '/data/images', name: 'data', samples: [sample('1.jpg'), sample('ann/2.jpg')] };

test.each([['1.jpg'], ['1.png'], ['1.jpg.png'], ['images/1.jpg'], ['images/1.jpg.png']])(
  '%s is that of 1.jpg',
  async (name) => {
    const top = await holding(name, '3.jpg', '1.jpg.receipt.json');
    const pathOf = await protectedPhotosOf(dataset, top);
    expect(pathOf(sample('1.jpg'))).toBe(join(top, name));
    expect(pathOf(sample('ann/2.jpg'))).toBeUndefined();
  },
);

test('the folder of a person counts', async () => {
  const top = await holding('2.jpg', 'ann/2.webp');
  expect((await protectedPhotosOf(dataset, top))(sample('ann/2.jpg'))).toBe(join(top, 'ann', '2.webp'));
});

test('a folder of other photos is refused', async () => {
  await expect(protectedPhotosOf(dataset, await holding('x.jpg'))).rejects.toThrow(
    'holds no photo that is called as one of data',
  );
});
