import { expect, test } from 'vitest';
import type { Tensor } from '../../../graph/tensor.ts';
import { toNumbers } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { buildTrainingGraph } from '../../../nn/training.ts';
import { createSession } from '../../../runtime/session.ts';
import { Random } from '../../../util/random.ts';
import { BLOCK_CHANNELS } from './block-dct.ts';
import { parseMasking } from './kinds.ts';
import { drawMaskedBatch, type MaskedBatchOptions } from './masked-batch.ts';
import { maskedProblem } from './masked-problem.ts';
import { actionsOf, STRATEGY_DEFAULTS, type StrategyLearning } from './strategy.ts';

const [SIZE, BATCH, CHANNELS] = [32, 8, 6];
const random = new Random('faces');
const PEOPLE = Array.from({ length: 10 }, (_, i) => {
  const data = Uint8Array.from({ length: 3 * SIZE ** 2 }, () => random.integer(256));
  return { person: `p${i}`, faces: [{ widthPx: SIZE, heightPx: SIZE, data } satisfies Image], ids: [`p${i}/1`] };
});

/** One turn of the strategy network from its beginning: what it saw, by name. */
async function strategyTurn(more: Partial<StrategyLearning>, scale = 8): Promise<(name: string) => number[]> {
  const batch: MaskedBatchOptions = {
    ...{ masking: parseMasking('adaptive'), actions: actionsOf('count'), channels: CHANNELS, sizePx: SIZE },
    ...{ batchSize: BATCH, augmentations: [], heldOut: false, seed: 1 },
  };
  const problem = maskedProblem({
    batch,
    front: {
      kind: 'frequency',
      sizePx: SIZE,
      channels: Array.from({ length: CHANNELS }, (_, channel) => channel + 1),
      mean: new Array<number>(BLOCK_CHANNELS).fill(0),
      deviation: new Array<number>(BLOCK_CHANNELS).fill(1),
    },
    form: { sizePx: SIZE, width: 0.0625, embeddingSize: 8, norm: 'batch' },
    ...{ people: PEOPLE.length, scale, margin: 0, seed: 1 },
    strategy: { ...STRATEGY_DEFAULTS, ...more },
  });
  const { graph, initial } = buildTrainingGraph(problem, 'strategy');
  const session = await createSession(graph, { threads: 1 });
  const scalars = Object.entries(problem.optimiser.scalars(1, 1e-3)).map(([name, value]): [string, Tensor] => [
    name,
    { dtype: 'float32', shape: [], data: Float32Array.of(value) },
  ]);
  const all = new Map<string, Tensor>([
    ...initial,
    ...Object.entries(drawMaskedBatch(PEOPLE, 0, batch).feeds),
    ...scalars,
  ]);
  const found = await session.run(
    Object.fromEntries(
      graph.inputs.flatMap(({ name }) => {
        const tensor = all.get(name);
        return tensor ? [[name, tensor] as const] : [];
      }),
    ),
  );
  await session.release();
  return (name) => (found[name] ? toNumbers(found[name]) : []);
}

test('the entropy of the parts is taken off the reward, and nothing where it is off', async () => {
  const [on, off] = [await strategyTurn({ entropyTerm: true }), await strategyTurn({ entropyTerm: false })];
  const parts = off('observed/parts');
  expect(on('observed/parts')).toEqual(parts);
  expect(parts).toHaveLength((BATCH / 2) * 6);
  const entropy = parts.reduce((sum, part) => sum - (part > 0 ? part * Math.log(part) : 0), 0) / (BATCH / 2);
  expect(entropy).toBeGreaterThan(0.5);
  expect((off('figure/reward')[0] ?? 0) - (on('figure/reward')[0] ?? 0)).toBeCloseTo(entropy, 4);
});

test('who cannot tell anybody apart guesses: of linkage among the faces of the batch, of loss among all people', async () => {
  const rewardOf = async (reward: StrategyLearning['reward']): Promise<number> =>
    (await strategyTurn({ entropyTerm: false, reward }, 1e-3))('figure/reward')[0] ?? 0;
  expect(await rewardOf('linkage')).toBeCloseTo(Math.log(BATCH), 2);
  expect(await rewardOf('loss')).toBeCloseTo(Math.log(PEOPLE.length), 2);
});
