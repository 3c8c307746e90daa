import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { readGraph, writeGraph } from '../../../graph/onnx-file.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { TrainableParameters, type Weights } from '../../../nn/parameters.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { BLOCK_CHANNELS } from './block-dct.ts';
import type { FrontSettings } from './front.ts';
import { actionsOf, strategy } from './strategy.ts';
import { askStrategy, drawAction, readStrategy, strategyGraph } from './strategy-model.ts';

const SIZE = 32;
const FRONT: FrontSettings = {
  kind: 'frequency',
  sizePx: SIZE,
  channels: [3, 1, 2],
  mean: new Array<number>(BLOCK_CHANNELS).fill(0),
  deviation: new Array<number>(BLOCK_CHANNELS).fill(1),
};
const ACTIONS = actionsOf('count-and-parts');
const SHARES = ACTIONS.map((_, i) => i + 1);
const TOTAL = SHARES.reduce((sum, share) => sum + share, 0);

/** Weights by which every action has its share, whatever the face. */
function weights(): Weights {
  const builder = new GraphBuilder('weights');
  const parameters = new TrainableParameters(builder, new Random(1));
  strategy(parameters, builder.input('masked', [1, 3, 4, 4]), ACTIONS.length);
  const all = new Map([...parameters.initial].map(([name, tensor]) => [`strategy.${name}`, tensor]));
  return all.set('strategy.head.bias', float32(SHARES.map(Math.log), [ACTIONS.length]));
}

const image = (sizePx: number): Image => ({
  widthPx: sizePx,
  heightPx: sizePx,
  data: new Uint8Array(3 * sizePx ** 2).fill(90),
});

const model = readStrategy(readGraph(writeGraph(strategyGraph(weights(), FRONT, ACTIONS))));

test('a strategy network says after reading what it said, and actions are drawn by it', async () => {
  expect({ front: model.front, actions: model.actions }).toEqual({ front: FRONT, actions: ACTIONS });
  // More than one batch.
  const images = Array.from({ length: 40 }, () => image(SIZE));
  const policy = await askStrategy(images, model, { threads: 1 });
  expect(policy.logProbabilities).toHaveLength(40);
  for (const row of policy.logProbabilities)
    row.forEach((value, i) => {
      expect(Math.exp(value)).toBeCloseTo((SHARES[i] as number) / TOTAL, 5);
    });
  const random = new Random(1);
  const draws = Array.from({ length: 6000 }, (_, i) => model.actions.indexOf(drawAction(policy, i % 40, random)));
  ACTIONS.forEach((_, action) => {
    const share = draws.filter((drawn) => drawn === action).length / draws.length;
    // Five standard deviations.
    expect(Math.abs(share - (SHARES[action] as number) / TOTAL)).toBeLessThan(5 * Math.sqrt(0.125 / 6000));
  });
});

test('other graphs, damaged actions and faces of another size are refused', async () => {
  const { graph } = model;
  const changed = (metadata: Readonly<Record<string, string>>) => ({
    ...graph,
    metadata: { ...graph.metadata, ...metadata },
  });
  expect(() => readStrategy(changed({ kind: 'encoder' }))).toThrow(ModelFileError);
  expect(() => readStrategy(changed({ actions: '[{"count":9}]' }))).toThrow(ModelFileError);
  const fewer = readStrategy(changed({ actions: JSON.stringify(ACTIONS.slice(1)) }));
  await expect(askStrategy([image(SIZE)], fewer, { threads: 1 })).rejects.toThrow(ModelFileError);
  await expect(askStrategy([image(16)], model)).rejects.toThrow(InputError);
});
