import { z } from 'zod';
import { GraphBuilder } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { FrozenParameters, scope, type Weights } from '../../../nn/parameters.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { RandomNumbers } from '../../../util/random.ts';
import { applyFront, type FrontSettings, parseFront } from './front.ts';
import { FEWEST_MIXED, MOST_MIXED } from './mix.ts';
import { CHANNEL_SETS, gumbelNoise, type MixAction, strategy } from './strategy.ts';

/** A strategy network that a training left, and what it was trained behind. */
export interface StrategyModel {
  readonly graph: Graph;
  readonly front: FrontSettings;
  readonly actions: readonly MixAction[];
}

/** What a strategy network says of images. */
export interface MixPolicy {
  readonly actions: readonly MixAction[];
  /** Of each image ln pi of the actions. */
  readonly logProbabilities: readonly Float32Array[];
}

/** The strategy network with the front before it: input `face` [N,3,S,S], RGB, 0..1; output `log_probabilities` [N,A] of the actions, which are in the metadata. */
export function strategyGraph(weights: Weights, front: FrontSettings, actions: readonly MixAction[]): Graph {
  const builder = new GraphBuilder('strategy');
  const masked = applyFront(builder.input('face', [1, 3, front.sizePx, front.sizePx]), front);
  const logProbabilities = strategy(scope(new FrozenParameters(builder, weights), 'strategy'), masked, actions.length);
  builder.output('log_probabilities', logProbabilities);
  builder.describe({ kind: 'strategy', actions: JSON.stringify(actions), front: JSON.stringify(front) });
  return withFreeBatch(builder.build());
}

const actionsSchema = z
  .array(
    z.strictObject({
      count: z.int().min(FEWEST_MIXED).max(MOST_MIXED),
      power: z.number().min(0).max(10),
      channels: z.enum(CHANNEL_SETS),
    }),
  )
  .nonempty();

/** A graph of {@link strategyGraph} as it was read from a file. @throws ModelFileError where it is none. */
export function readStrategy(graph: Graph): StrategyModel {
  const { kind, actions, front } = graph.metadata;
  if (kind !== 'strategy' || actions === undefined || front === undefined)
    throw new ModelFileError(`graph "${graph.name}" is no strategy network`, {
      hint: '`faceward train encoder --masking adaptive` writes it beside the model, as .strategy.onnx',
    });
  try {
    return { graph, front: parseFront(front), actions: actionsSchema.parse(JSON.parse(actions)) };
  } catch (cause) {
    throw new ModelFileError('the actions of a strategy network cannot be read', { cause });
  }
}

/** Images asked about at a time. */
const BATCH = 32;

/**
 * Asks a strategy network what to do with images, each masked alone.
 *
 * @param images - square, of the front's size.
 * @throws ModelFileError where it gives something else than probabilities of its actions; InputError where images have another size.
 */
export async function askStrategy(
  images: readonly Image[],
  { graph, front: { sizePx }, actions }: StrategyModel,
  options: JobOptions & SessionOptions = {},
): Promise<MixPolicy> {
  if (images.some(({ widthPx, heightPx }) => widthPx !== sizePx || heightPx !== sizePx))
    throw new InputError(`the strategy network was trained on faces of ${sizePx} px, and takes no others`);
  const session = await createSession(graph, options);
  const logProbabilities: Float32Array[] = [];
  try {
    for (let start = 0; start < images.length; start += BATCH) {
      throwIfAborted(options);
      const batch = images.slice(start, start + BATCH);
      const { log_probabilities: found } = await session.run({
        face: float32(toPlanar(batch), [batch.length, 3, sizePx, sizePx]),
      });
      if (
        found?.dtype !== 'float32' ||
        found.data.length !== batch.length * actions.length ||
        !isEveryFinite(found.data)
      )
        throw new ModelFileError(`the strategy network gives no probabilities of its ${actions.length} actions`);
      batch.forEach((_, row) => {
        logProbabilities.push(found.data.slice(row * actions.length, (row + 1) * actions.length));
      });
      options.onProgress?.({ stage: 'asking the strategy', done: logProbabilities.length, total: images.length });
    }
  } finally {
    await session.release();
  }
  return { actions, logProbabilities };
}

const isEveryFinite = (values: Float32Array): boolean => values.every((value) => Number.isFinite(value));

/** Draws what to do with an image, by its number. */
export function drawAction({ actions, logProbabilities }: MixPolicy, image: number, random: RandomNumbers): MixAction {
  const noise = gumbelNoise(actions.length, random);
  const sums = Array.from(logProbabilities[image] ?? [], (value, i) => value + (noise[i] as number));
  return actions[sums.indexOf(Math.max(...sums))] as MixAction;
}
