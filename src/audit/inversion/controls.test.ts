import { describe, expect, test } from 'vitest';
import { photo } from '../../../test/fixtures/audit.ts';
import { tinyGenerator } from '../../../test/fixtures/inversion.ts';
import type { Inverter } from '../../attack/inversion/attack.ts';
import { FACE_SIZE_PX } from '../../attack/inversion/inverse-dcgan.ts';
import type { Image } from '../../image/image.ts';
import { Random } from '../../util/random.ts';
import type { Subject } from '../subjects.ts';
import { chanceControls } from './controls.ts';

const subjects: Subject[] = [10, 20, 60].map((red) => ({
  person: `p${red}`,
  template: photo(`p${red}`, 0, [red, 0, 0]),
  others: [],
}));
const templates = [Float32Array.of(3, 4), Float32Array.of(0, 1), Float32Array.of(-6, 8)];
const strangers = [photo('s1', 0, [100, 1, 2]), photo('s2', 0, [201, 1, 2])];

const reds = (images: readonly Image[] | undefined): (number | undefined)[] =>
  (images ?? []).map(({ data }) => data[0]);
const of = async (...rest: [typeof strangers, Parameters<typeof chanceControls>[3]?]) => {
  const controls = await chanceControls(subjects, templates, rest[0], rest[1] ?? {}, new Random(1));
  return new Map(controls.map(({ name, images }) => [name, images]));
};

describe('chanceControls', () => {
  test('show strangers’ faces and their mean, rounded', async () => {
    const controls = await of(strangers);
    expect([...controls.keys()]).toEqual(['a random real face', 'the mean face']);
    expect(reds(controls.get('a random real face')).every((red) => red === 100 || red === 201)).toBe(true);
    expect(reds(controls.get('the mean face'))).toEqual([151, 151, 151]);
  });

  test('without strangers, other subjects serve, and nobody is part of their own control', async () => {
    const controls = await of([]);
    reds(controls.get('a random real face')).forEach((red, i) => {
      expect(red).not.toBe(subjects[i]?.template.image.data[0]);
    });
    expect(reds(controls.get('the mean face'))).toEqual([40, 35, 15]);
  });

  test('invert noise of each template’s own norm, and show the generator’s random faces', async () => {
    const asked: Float32Array[] = [];
    const inverter: Inverter = {
      name: 'listening',
      invert: async (embeddings) => {
        asked.push(...embeddings);
        return embeddings.map(() => new Float32Array(3 * FACE_SIZE_PX ** 2));
      },
      close: async () => {},
    };
    const controls = await of(strangers, { inverter, generator: tinyGenerator() });
    expect(asked.map((noise) => Math.hypot(...noise).toFixed(4))).toEqual(['5.0000', '1.0000', '10.0000']);
    expect(controls.get('noise of equal norm, inverted')).toHaveLength(3);
    const generated = controls.get('the generator without optimisation') ?? [];
    expect(new Set(generated.map(({ data }) => data.join())).size).toBe(3);
  });

  test('are the same for the same seed', async () => {
    const again = await of(strangers, { generator: tinyGenerator() });
    expect(await of(strangers, { generator: tinyGenerator() })).toEqual(again);
  });
});
