import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStore, threshold } from '../../../test/fixtures/audit.ts';
import { madePeople, tinyEncoder } from '../../../test/fixtures/inversion.ts';
import { EVASION_ATTACKS } from '../../attack/evasion/attacks.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { CANONICAL_POINTS } from '../../face/alignment.ts';
import type { FivePoints } from '../../face/face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Image } from '../../image/image.ts';
import { warpAffine } from '../../image/warp.ts';
import { Random } from '../../util/random.ts';
import { createJudge } from '../judge.ts';
import { chooseSubjects } from '../subjects.ts';
import type { RobustnessContext } from './context.ts';
import { gradientPool } from './gradients.ts';
import { choosePairs, type EvasionPair } from './pairs.ts';
import { attackPhotos } from './photo-space.ts';

/** Photos are faces at half the size of the canonical frame, at (30, 20) of a grey picture of 160x120 px. */
const [LEFT, TOP, SCALE] = [30, 20, 0.5];
const places = CANONICAL_POINTS.map(({ x, y }) => ({
  x: LEFT + SCALE * x,
  y: TOP + SCALE * y,
})) as unknown as FivePoints;

const BOX = { x: LEFT, y: TOP, width: 56, height: 56 };

const photoOf = async ({ probe }: EvasionPair): Promise<{ image: Image; box: typeof BOX }> => {
  const small = warpAffine(probe, [1 / SCALE, 0, 0.5, 0, 1 / SCALE, 0.5], { widthPx: 56, heightPx: 56 });
  const data = new Uint8Array(3 * 160 * 120).fill(128);
  for (let row = 0; row < 56; row++)
    data.set(small.data.subarray(168 * row, 168 * (row + 1)), 3 * ((TOP + row) * 160 + LEFT));
  return { image: { widthPx: 160, heightPx: 120, data }, box: BOX };
};

const pipelineThatFinds = (finds: (photo: Image) => boolean): FacePipeline => ({
  detect: async (photo) =>
    finds(photo)
      ? [{ box: BOX, confidence: 1, landmarks: places, mesh: [] }]
      : [{ box: { ...BOX, x: 100 }, confidence: 1, landmarks: places, mesh: [] }],
});

let context: RobustnessContext;
let encoder: Encoder;

beforeAll(async () => {
  encoder = await tinyEncoder({ seed: 'target' });
  const subjects = chooseSubjects(await madePeople('photographed', 6, 2), { people: 6, random: new Random(1) });
  context = {
    self: createJudge(encoder, [threshold(encoder.id, 1e-3, 0.96)]),
    others: [],
    pairs: choosePairs(subjects),
    gradients: gradientPool({ threads: 1 }),
    attacks: EVASION_ATTACKS.filter(({ name }) => name === 'BIM'),
    queryAttacks: [],
    epsilons: [12],
    smallestFmr: 1e-3,
    maxQueries: 1,
    queryPairs: 1,
    random: new Random(1),
    store: memoryStore(),
  };
});

afterAll(() => encoder.close());

const attack = (finds: (photo: Image) => boolean, pairs = 6) =>
  attackPhotos(
    { ...context, store: memoryStore() },
    { pipeline: pipelineThatFinds(finds), photoOf },
    {
      pairs,
      threads: 1,
      attacks: context.attacks,
      epsilons: context.epsilons,
    },
  );

test('changes the photo’s own pixels so that the person is not recognised, PNG and JPEG apart', async () => {
  const rates = await attack(() => true);
  const dodging = rates.filter(({ name }) => name === 'dodging success, from file to decision');
  expect(dodging.map(({ attack: by }) => by)).toEqual([
    'BIM on the photo, saved as PNG',
    'BIM on the photo, saved as JPEG 90',
  ]);
  expect(dodging[0]?.rate).toBe(1);
  expect(rates.filter(({ name }) => name.startsWith('no face')).every(({ successes }) => successes === 0)).toBe(true);
});

test('a face that is not found any more is counted apart, and as no success, though a bystander is found', async () => {
  const cleanPhotos = await Promise.all(context.pairs.dodge.map(photoOf));
  const isClean = ({ data }: Image): boolean =>
    cleanPhotos.some((clean) => Buffer.compare(clean.image.data, data) === 0);
  const rates = await attack(isClean);
  expect(rates.filter(({ name }) => name.startsWith('no face')).every(({ rate }) => rate === 1)).toBe(true);
  expect(rates.filter(({ name }) => name.includes('decision')).every(({ rate }) => rate === 0)).toBe(true);
});

test('changes nothing but the region of the face, and that within the budget', async () => {
  const seen: Image[] = [];
  await attack((photo) => seen.push(photo) > 0, 1);
  // The clean photo is looked at, and aligned; then come the files.
  const [clean, , png] = seen as [Image, Image, Image];
  const changes = png.data.map((value, i) => Math.abs(value - (clean.data[i] as number)));
  expect(Math.max(...changes)).toBe(12);
  const outside = changes.filter((_, i) => {
    const [x, y] = [Math.floor(i / 3) % 160, Math.floor(i / 480)];
    return x < LEFT - 5 || x > LEFT + 62 || y < TOP - 5 || y > TOP + 62;
  });
  expect(outside.length).toBeGreaterThan(10_000);
  expect(Math.max(...outside)).toBe(0);
});
