import { beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { TrainableParameters, type Weights } from '../../../nn/parameters.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { BLOCK_CHANNELS } from './block-dct.ts';
import type { FrontSettings } from './front.ts';
import { parseMasking } from './kinds.ts';
import type { MaskedPerson } from './masked-batch.ts';
import { type MaskedView, type MaskedViewsOptions, maskedViews } from './masked-views.ts';
import { actionsOf, type StrategyChoice, strategy } from './strategy.ts';

const [SIZE, CHANNELS, BLOCKS] = [32, 6, 16] as const;

/** Seven people, of whom one has five photos and the others one or two. */
const PEOPLE: readonly MaskedPerson[] = [5, 1, 2, 1, 2, 1, 1].map((photos, i) => {
  const random = new Random(`person ${i}`);
  const faces = Array.from(
    { length: photos },
    (): Image => ({
      widthPx: SIZE,
      heightPx: SIZE,
      data: Uint8Array.from({ length: 3 * SIZE ** 2 }, () => random.integer(256)),
    }),
  );
  return { person: `p${i}`, faces, ids: faces.map((_, face) => `p${i}/${face}`) };
});
const FACES = 13;
const PERSON_OF = PEOPLE.flatMap(({ faces }, person) => faces.map(() => person));

const front = (kind: FrontSettings['kind']): FrontSettings => ({
  kind,
  sizePx: SIZE,
  channels: Array.from({ length: CHANNELS }, (_, channel) => channel + 1),
  mean: new Array<number>(BLOCK_CHANNELS).fill(0.01),
  deviation: Array.from({ length: BLOCK_CHANNELS }, (_, channel) => 0.1 + 0.01 * channel),
});

/** Weights of a strategy network that always takes one action, and of learnt noise. */
function weightsOf(choice: StrategyChoice, action: number): Weights {
  const builder = new GraphBuilder('weights');
  const parameters = new TrainableParameters(builder, new Random(1));
  const actions = actionsOf(choice);
  strategy(parameters, builder.input('masked', [1, CHANNELS, 4, 4]), actions.length);
  const weights = new Map([...parameters.initial].map(([name, tensor]) => [`strategy.${name}`, tensor]));
  const bias = actions.map((_, i) => (i === action ? 100 : 0));
  weights.set('strategy.head.bias', float32(bias, [bias.length]));
  return weights.set('noise.budget', float32([0, 0, 0, 0, 0, Math.log(5)], [CHANNELS]));
}

const views = (masking: string, more: Partial<MaskedViewsOptions> = {}): Promise<MaskedView[]> =>
  maskedViews(PEOPLE, {
    masking: parseMasking(masking),
    front: front(parseMasking(masking).front),
    strategy: { choice: 'count' },
    weights: new Map(),
    seed: 1,
    batchSize: 5,
    threads: 1,
    ...more,
  });

const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] as number))));

/** What a mix should be, of faces that were masked alone. */
const blend = (alone: readonly MaskedView[], { face, parts, partners }: MaskedView): number[] =>
  Array.from(alone[face]?.masked ?? [], (_, i) =>
    [face, ...partners].reduce(
      (sum, one, slot) => sum + (parts[slot] as number) * (alone[one]?.masked[i] as number),
      0,
    ),
  );

const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

describe('what a training sees', () => {
  let alone: MaskedView[];
  let pixels: MaskedView[];
  beforeAll(async () => {
    [alone, pixels] = [await views('frequency'), await views('none')];
  });

  test('is every face once, in order, whatever goes into a batch', async () => {
    expect(alone.map(({ face, parts, partners }) => ({ face, parts, partners }))).toEqual(
      Array.from({ length: FACES }, (_, face) => ({ face, parts: [1], partners: [] })),
    );
    const together = await views('frequency', { batchSize: 100 });
    alone.forEach(({ masked }, i) => {
      expect(masked).toHaveLength(CHANNELS * BLOCKS);
      expect(largestGap(masked, together[i]?.masked ?? [])).toBeLessThan(1e-5);
    });
    expect(largestGap(alone[0]?.masked ?? [], alone[1]?.masked ?? [])).toBeGreaterThan(0.1);
  });

  test.each(['fixed:3', 'random'])('of %s is the sum of the parts of faces of different people', async (masking) => {
    const mixed = await views(masking);
    for (const view of mixed) {
      expect(view.partners).toHaveLength(view.parts.length - 1);
      expect(new Set([view.face, ...view.partners].map((face) => PERSON_OF[face])).size).toBe(view.parts.length);
      expect(view.parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 5);
      expect(largestGap(view.masked, blend(alone, view))).toBeLessThan(1e-4);
    }
    expect(new Set(mixed.map(({ parts }) => parts.length)).size).toBeGreaterThan(masking === 'random' ? 2 : 0);
    expect(await views(masking)).toEqual(mixed);
  });

  test('has every other person for a partner alike, by any of their faces', async () => {
    const partners = (await Promise.all(Array.from({ length: 8 }, (_, seed) => views('fixed:4', { seed })))).flat();
    const seen = PEOPLE.map(
      (_, person) =>
        partners.filter((view) => view.partners.some((place) => PERSON_OF[place] === person)).length /
        partners.filter((view) => PERSON_OF[view.face] !== person).length,
    );
    // 3 of the 6 others.
    for (const share of seen) expect(Math.abs(share - 0.5)).toBeLessThan(0.15);
    expect(new Set(partners.flatMap((view) => view.partners)).size).toBe(FACES);
  });

  test('begins with the largest part where that is asked, and seldom where it is not', async () => {
    const leads = ({ parts }: MaskedView): boolean => parts[0] === Math.max(...parts);
    for (const masking of ['random', 'adaptive']) {
      const weights = weightsOf('count', 3);
      const [leading, drawn] = [await views(masking, { weights, leading: true }), await views(masking, { weights })];
      expect(leading.every(leads)).toBe(true);
      expect(drawn.every(leads)).toBe(false);
      for (const view of leading) expect(largestGap(view.masked, blend(alone, view))).toBeLessThan(1e-4);
    }
  });

  test('is what the strategy network says: how many, and which channels', async () => {
    const choice = 'count-and-channels';
    const action = actionsOf(choice).findIndex(({ count, channels }) => count === 3 && channels === 'second');
    for (const view of await views('adaptive', { weights: weightsOf(choice, action), strategy: { choice } })) {
      expect(view.parts).toHaveLength(3);
      const wanted = blend(alone, view).map((value, i) => (i < (CHANNELS / 2) * BLOCKS ? 0 : value));
      expect(largestGap(view.masked, wanted)).toBeLessThan(1e-4);
    }
  });

  test('by InstaHide has signs of its own in each mix', async () => {
    const mixed = await views('instahide');
    const turned = mixed.map((view) => {
      const wanted = blend(pixels, view);
      expect(largestGap(view.masked.map(Math.abs), wanted.map(Math.abs))).toBeLessThan(1e-4);
      return wanted.map((value, i) => Number(value * (view.masked[i] as number) < 0));
    });
    const share = turned.flat().reduce((sum, one) => sum + one, 0) / turned.flat().length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.05);
    expect(turned[0]).not.toEqual(turned[1]);
  });

  test('has the noise that was learnt: of a channel with five times the share, a tenth and nine tenths of it', async () => {
    const noisy = await views('dct-noise:2', { weights: weightsOf('count', 0) });
    const channel = (wanted: number): number[] =>
      noisy.flatMap(({ masked }, face) =>
        Array.from({ length: BLOCKS }, (_, i) => {
          const place = wanted * BLOCKS + i;
          return (masked[place] as number) - (alone[face]?.masked[place] as number);
        }),
      );
    // Shares of 1/10 five times and 5/10, of 6 channels; a tenth of the budget is fixed.
    for (const [which, share] of [
      [0, 0.1],
      [5, 0.5],
    ] as const) {
      const wanted = 2 / (0.1 + 0.9 * CHANNELS * share);
      expect(Math.abs(deviation(channel(which)) / wanted - 1)).toBeLessThan(0.2);
    }
  });

  test('has noise on pixels, and drawn channels', async () => {
    const noisy = await views('noise:25.5');
    // YCbCr's second channel of a pixel is Y = 0.299 R + 0.587 G + 0.114 B of noise of 0.1, over the front's deviation.
    const own = noisy.flatMap(({ masked }, face) =>
      Array.from({ length: BLOCKS }, (_, i) => (masked[i] as number) - (pixels[face]?.masked[i] as number)),
    );
    const wanted = (0.1 * Math.hypot(0.299, 0.587, 0.114)) / 0.11;
    expect(Math.abs(deviation(own) / wanted - 1)).toBeLessThan(0.2);
    const drawn = await views('channels:2');
    drawn.forEach(({ masked }, face) => {
      const channels = Array.from({ length: CHANNELS }, (_, c) => masked.slice(c * BLOCKS, (c + 1) * BLOCKS));
      const kept = channels.flatMap((values, c) => (values.some((value) => value !== 0) ? [c] : []));
      expect(kept).toHaveLength(2);
      for (const c of kept) {
        const whole = alone[face]?.masked.slice(c * BLOCKS, (c + 1) * BLOCKS).map((value) => 3 * value);
        expect(largestGap(channels[c] ?? [], whole ?? [])).toBeLessThan(1e-4);
      }
    });
    expect(new Set(drawn.map(({ masked }) => masked.map((value) => Number(value !== 0)).join())).size).toBeGreaterThan(
      3,
    );
  });
});

test('too few people for a mix, and weights that are missing, are refused', async () => {
  await expect(maskedViews(PEOPLE.slice(0, 2), { ...(await optionsOf('fixed:3')) })).rejects.toThrow(InputError);
  await expect(views('adaptive')).rejects.toThrow(ModelFileError);
  await expect(views('dct-noise')).rejects.toThrow(ModelFileError);
});

const optionsOf = async (masking: string): Promise<MaskedViewsOptions> => ({
  masking: parseMasking(masking),
  front: front('frequency'),
  strategy: { choice: 'count' },
  weights: new Map(),
  seed: 1,
});
