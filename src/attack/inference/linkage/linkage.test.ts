import { describe, expect, test } from 'vitest';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type LinkageFaces, type LinkageOptions, measureLinkage, pairCounts } from './linkage.ts';
import { networkStudent } from './network-student.ts';
import { ridgeStudent } from './ridge-student.ts';
import type { MaskedFace } from './student.ts';

/** Pictures of 3 x 4 x 4 numbers, each a person's own pattern and a little noise; an encoder of 16 numbers sees six patterns alone. */
const SHAPE = [3, 4, 4] as const;
const NUMBERS = 3 * 4 * 4;
const PATTERNS = 6;

const world = new Random('linkage world');
const patterns = Array.from({ length: PATTERNS }, () => world.normals(NUMBERS, 1 / Math.sqrt(PATTERNS)));
const encoder = Array.from({ length: 16 }, () => world.normals(NUMBERS, 1 / Math.sqrt(NUMBERS)));

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

type Masking = (picture: Float32Array, random: Random) => Float32Array;

function people(name: string, count: number, options: { readonly photos: number; readonly masking: Masking }) {
  return Array.from({ length: count }, (_, i): MaskedFace[] => {
    const random = new Random(`${name} ${i}`);
    const own = random.normals(PATTERNS);
    return Array.from({ length: options.photos }, () => {
      const noise = random.normals(NUMBERS, 0.2);
      const picture = noise.map(
        (value, at) =>
          value + patterns.reduce((sum, pattern, k) => sum + (own[k] as number) * (pattern[at] as number), 0),
      );
      return {
        person: `${name} ${i}`,
        masked: options.masking(picture, random),
        template: Float32Array.from(encoder, (row) => dot(row, picture) + 3),
      };
    });
  }).flat();
}

const faces = (masking: Masking, pairs = 300): LinkageFaces => ({
  pairs: people('attacker', pairs / 2, { photos: 2, masking }),
  targets: people('target', 40, { photos: 3, masking }),
});

const options = (more: Partial<LinkageOptions> & Pick<LinkageOptions, 'pairCount'>): LinkageOptions => ({
  shape: SHAPE,
  seed: 1,
  steps: 12,
  draws: 100,
  threads: 1,
  ...more,
});

const identity: Masking = (picture) => picture;
const noise: Masking = (_, random) => random.normals(NUMBERS);

/** Every number through a permutation and with a sign of its own that stays: a secret linear map. */
const order = world.shuffle(Array.from({ length: NUMBERS }, (_, i) => i));
const signs = Float32Array.from({ length: NUMBERS }, () => (world.uniform() < 0.5 ? -1 : 1));
const secret: Masking = (picture) => signs.map((sign, i) => sign * (picture[order[i] as number] as number));

/** One sign for each number and photo, drawn anew: no map of the numbers as they are can undo it. */
const flipped: Masking = (picture, random) => picture.map((value) => (random.uniform() < 0.5 ? -1 : 1) * (value + 0.5));

describe('a masking that hides nothing', () => {
  test('is linked with 256 pairs, with open photos and with each other', async () => {
    const linkage = await measureLinkage(faces(identity), options({ pairCount: 256 }));
    expect(linkage.heldOutSimilarity).toBeGreaterThan(0.9);
    for (const figures of [linkage.templateToFace, linkage.templateToTemplate]) {
      expect(figures).toMatchObject({ probes: 80, people: 40, chance: 1 / 40 });
      expect(figures?.rank1.rate).toBeGreaterThan(0.8);
      expect(figures?.auc.value).toBeGreaterThan(0.97);
      expect(figures?.rank1.low).toBeLessThan(figures?.rank1.rate ?? 0);
    }
  });

  test('is linked without pairs among itself, and with open photos only where the encoder can be shown it', async () => {
    const blind = await measureLinkage(faces(identity), options({ pairCount: 0 }));
    expect(blind).toMatchObject({ pairs: 0, student: undefined, templateToFace: undefined });
    expect(blind.templateToTemplate.rank1.rate).toBeGreaterThan(0.8);
    const { pairs, targets } = faces(identity);
    const shown = { pairs, targets: targets.map((face) => ({ ...face, shown: face.template })) };
    const seen = await measureLinkage(shown, options({ pairCount: 0 }));
    expect(seen.templateToFace?.rank1.rate).toBeGreaterThan(0.8);
  });
});

test('a masking that leaves nothing but noise is at chance, whatever the attacker has', async () => {
  for (const pairCount of [0, 256]) {
    const { templateToFace, templateToTemplate } = await measureLinkage(faces(noise), options({ pairCount }));
    for (const figures of [templateToFace ?? templateToTemplate, templateToTemplate]) {
      // Of 80 genuine comparisons the area has a deviation of 0.03.
      expect(Math.abs(figures.auc.value - 0.5)).toBeLessThan(0.1);
      expect(figures.rank1.rate).toBeLessThan(0.1);
      expect(figures.rank1.low).toBeLessThan(figures.chance);
    }
  }
});

test('a secret linear map falls to few pairs, and the more of them the better', async () => {
  const given = faces(secret);
  const at = (pairCount: number) =>
    measureLinkage(given, options({ pairCount, students: [ridgeStudent] })).then(
      ({ templateToFace }) => templateToFace?.auc.value ?? 0,
    );
  const [few, many] = [await at(12), await at(300)];
  expect(few).toBeGreaterThan(0.8);
  expect(many).toBeGreaterThan(few);
});

test('random signs do not help where magnitudes tell the same', async () => {
  const { templateToFace } = await measureLinkage(
    faces(flipped, 600),
    options({ pairCount: 600, students: [ridgeStudent] }),
  );
  expect(templateToFace?.auc.low).toBeGreaterThan(0.6);
});

describe('the network', () => {
  test('links too', async () => {
    const linkage = await measureLinkage(
      faces(identity, 600),
      options({ pairCount: 600, steps: 40, students: [networkStudent] }),
    );
    expect(linkage.student).toBe('network');
    expect(linkage.templateToFace?.auc.low).toBeGreaterThan(0.8);
  });

  test('learns the same from the same seed', async () => {
    const { pairs } = faces(identity, 40);
    const learn = async () => {
      const student = await networkStudent.train(pairs, options({ pairCount: 0, steps: 3 }));
      const [row] = await student.apply([pairs[0]?.masked ?? new Float32Array(0)]);
      await student.close();
      return row;
    };
    expect(await learn()).toEqual(await learn());
  });
});

test('held-out people choose the student, and a useless one does not win', async () => {
  const blind = {
    name: 'blind',
    description: 'Says the same of everybody.',
    train: async () => ({
      apply: async (rows: readonly Float32Array[]) => rows.map(() => new Float32Array(16).fill(1)),
      close: async () => {},
    }),
  };
  const { student } = await measureLinkage(
    faces(identity),
    options({ pairCount: 100, students: [blind, ridgeStudent] }),
  );
  expect(student).toBe(ridgeStudent.name);
});

describe('what cannot be measured is refused', () => {
  const { pairs, targets } = faces(identity, 40);
  test.each<readonly [string, LinkageFaces, Partial<LinkageOptions>, typeof InputError | typeof ShapeError]>([
    ['a person on both sides', { pairs, targets: [...targets, ...pairs] }, {}, InputError],
    ['one photo each', { pairs, targets: targets.filter((_, i) => i % 3 === 0) }, {}, InputError],
    ['more pairs than there are', { pairs, targets }, { pairCount: 41 }, InputError],
    ['pairs that teach nothing', { pairs, targets }, { pairCount: 5 }, InputError],
    ['another shape', { pairs, targets }, { shape: [3, 4, 5] }, ShapeError],
  ])('%s', async (_, given, more, error) => {
    await expect(measureLinkage(given, options({ pairCount: 20, ...more }))).rejects.toThrow(error);
  });
});

test('numbers of pairs', () => {
  expect(pairCounts(500)).toEqual([0, 30, 256, 500]);
  expect(pairCounts(256)).toEqual([0, 30, 256]);
  expect(pairCounts(0)).toEqual([0]);
});

describe('a mix that shows somebody else than the one it is searched for', () => {
  const unit = (i: number): Float32Array => Float32Array.from({ length: 4 }, (_, k) => Number(k === i));
  const target = (name: number, seen: number, company: readonly string[]): MaskedFace => ({
    ...{
      person: `person ${name}`,
      masked: new Float32Array(NUMBERS),
      template: unit(name),
      shown: unit(seen),
      company,
    },
  });
  const targets = [0, 1, 2, 3].flatMap((name) => [
    target(name, name, []),
    // Each probe looks like the next person, who was mixed into those of the first two alone.
    target(name, (name + 1) % 4, name < 2 ? [`person ${(name + 1) % 4}`] : ['person 0']),
  ]);

  test('gives away its company, which counts for anybody and not for the one', async () => {
    const { templateToFace } = await measureLinkage({ pairs: [], targets }, options({ pairCount: 0 }));
    expect(templateToFace?.first.flat()).toEqual([false, false, false, false]);
    // Person 3's probe looks like person 0, who is in its company too.
    expect(templateToFace?.found.flat()).toEqual([true, true, false, true]);
    expect(templateToFace?.anybody.rate).toBe(0.75);
  });
});
