import type { Value } from '../../../graph/builder.ts';
import { abs, add, div, maximum, mul, sub } from '../../../graph/ops/arithmetic.ts';
import { concat, slice } from '../../../graph/ops/indexing.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import { ssim } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { type Parameters, scope, type Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type Objective, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { decodeFaces, encodeFaces, SWAP_PEOPLE, SWAP_SHAPES, type SwapPerson, type SwapShape } from './networks.ts';
import { drawView, renderPair, type SwapExample } from './random-view.ts';
import { trainingSidePx } from './swap-view.ts';

/** How a swap is trained. */
export interface SwapTrainingOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  /** Default `slim`. */
  readonly shape?: SwapShape;
  /** Faces of each person in a step; default 16. */
  readonly batchSize?: number;
  /** Peak of the learning rate; default: the shape's. */
  readonly learningRate?: number;
  readonly seed: number;
}

/** Share of the structural loss against the absolute one. */
const SSIM_WEIGHT = 0.15;

/**
 * Trains a swap: one encoder of both people's faces and a decoder of each one's, which never sees the other. Every face is shown warped at random and is to be given back
 * unwarped, so that the code holds what moves, and the decoder whose face it is. Losses: absolute difference and SSIM, where the face's mask is.
 *
 * Source: the DeepFake of 2017, as faceswap's "original" model has it.
 *
 * @returns weights under `encoder.`, `decoder.donor.` and `decoder.wearer.`.
 * @throws InputError where a person has no face, or one is not of the training's size.
 */
export async function trainSwap(
  people: Readonly<Record<SwapPerson, readonly SwapExample[]>>,
  options: SwapTrainingOptions,
): Promise<Weights> {
  const { shape = SWAP_SHAPES.slim, batchSize = 16, learningRate = shape.learningRate, seed } = options;
  for (const person of SWAP_PEOPLE) requireExamples(people[person], person, shape);
  return train(swapProblem({ shape, batchSize, seed }), {
    ...options,
    learningRate: cosineSchedule(learningRate, options.steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      return Object.assign(
        {},
        ...SWAP_PEOPLE.map((person) =>
          drawBatch(people[person], person, { sizePx: shape.sizePx, batchSize, random: random.fork(person) }),
        ),
      );
    },
  });
}

function swapProblem({
  shape,
  batchSize,
  seed,
}: {
  readonly shape: SwapShape;
  readonly batchSize: number;
  readonly seed: number;
}): Problem {
  const { sizePx } = shape;
  const faces = { shape: [batchSize, 3, sizePx, sizePx] };
  const inputs = SWAP_PEOPLE.map((person) => ({
    [`${person}_warped`]: faces,
    [`${person}_face`]: faces,
    [`${person}_mask`]: { shape: [batchSize, 1, sizePx, sizePx] },
  }));
  return {
    name: 'swap',
    seed,
    optimiser: adam({ beta1: 0.5 }),
    batch: Object.assign({}, ...inputs),
    build: (parameters, batch) => swapObjective(parameters, batch, shape),
  };
}

function swapObjective(parameters: Parameters, batch: Readonly<Record<string, Value>>, shape: SwapShape): Objective {
  const warped = SWAP_PEOPLE.map((person) => batch[`${person}_warped`] as Value);
  const codes = encodeFaces(scope(parameters, 'encoder'), concat(warped, 0), shape);
  const batchSize = (codes.shape[0] as number) / SWAP_PEOPLE.length;
  const losses = SWAP_PEOPLE.map((person, i) => {
    const own = slice(codes, { starts: [i * batchSize], ends: [(i + 1) * batchSize], axes: [0] });
    const made = decodeFaces(scope(parameters, `decoder.${person}`), own, shape);
    return maskedLoss(made, batch[`${person}_face`] as Value, batch[`${person}_mask`] as Value);
  });
  return {
    loss: losses.reduce((sum, loss) => add(sum, loss)),
    figures: Object.fromEntries(SWAP_PEOPLE.map((person, i) => [person, losses[i] as Value])),
  };
}

/** The means over the mask alone: outside it nothing is compared, so that nothing is learnt of hair and background. */
function maskedLoss(made: Value, face: Value, mask: Value): Value {
  const difference = mul(sub(made, face), mask);
  const covered = maximum(reduceMean(mask), 0.01);
  const absolute = div(reduceMean(abs(difference)), covered);
  // Made of the face itself outside the mask, the two are alike there: SSIM's windows tell nothing of what is not to be compared.
  const structure = div(sub(1, ssim(add(face, difference), face)), covered);
  return add(absolute, mul(structure, SSIM_WEIGHT));
}

function drawBatch(
  examples: readonly SwapExample[],
  person: SwapPerson,
  { sizePx, batchSize, random }: { readonly sizePx: number; readonly batchSize: number; readonly random: Random },
): Record<string, TypedTensor<'float32'>> {
  const area = sizePx ** 2;
  const warped = new Float32Array(batchSize * 3 * area);
  const straight = new Float32Array(batchSize * 3 * area);
  const mask = new Float32Array(batchSize * area);
  for (let n = 0; n < batchSize; n++) {
    const example = examples[random.integer(examples.length)] as SwapExample;
    renderPair(example, drawView(random, sizePx, trainingSidePx(sizePx)), sizePx, {
      warped: warped.subarray(3 * area * n, 3 * area * (n + 1)),
      straight: straight.subarray(3 * area * n, 3 * area * (n + 1)),
      mask: mask.subarray(area * n, area * (n + 1)),
    });
  }
  return {
    [`${person}_warped`]: float32(warped, [batchSize, 3, sizePx, sizePx]),
    [`${person}_face`]: float32(straight, [batchSize, 3, sizePx, sizePx]),
    [`${person}_mask`]: float32(mask, [batchSize, 1, sizePx, sizePx]),
  };
}

function requireExamples(examples: readonly SwapExample[], person: SwapPerson, { sizePx }: SwapShape): void {
  if (examples.length === 0) throw new InputError(`a swap needs faces of the ${person}`);
  const area = trainingSidePx(sizePx) ** 2;
  if (examples.every(({ picture, mask }) => picture.length === 3 * area && mask.length === area)) return;
  throw new InputError(`a face of the ${person} is not of ${trainingSidePx(sizePx)} px`, {
    hint: `cut faces for a swap of ${sizePx} px by trainingView(${sizePx})`,
  });
}
