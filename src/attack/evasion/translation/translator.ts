import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { clip } from '../../../graph/ops/activation.ts';
import { add, div, mul, square, sub } from '../../../graph/ops/arithmetic.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import { l1 } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { FrozenParameters, type Parameters, scope, type Weights } from '../../../nn/parameters.ts';
import { cosineSchedule, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { hashString, Random } from '../../../util/random.ts';
import { criticise, type TranslationWidths, translateFaces, WIDTHS } from './networks.ts';

/** Side of the faces that are translated, in pixels; they fill the canonical frame. */
export const TRANSLATED_PX = 64;

const FACE_NUMBERS = 3 * TRANSLATED_PX ** 2;

/** What there and back must give again counts this much, beside what the critics say. Source: Zhu et al. 2017, section 4. */
const CYCLE_WEIGHT = 10;

/** What a face of the target's must stay counts this much. Source: Zhu et al. 2017, section 5.2. */
const IDENTITY_WEIGHT = 5;

/** Share of the photos that no translator learns from. */
const HELD_OUT = 0.2;

/** Whether a photo is kept for measuring: a hash of its name decides, so that it is the same on every machine. */
export const isHeldOut = (photo: string): boolean => hashString(`held out:${photo}`) / 2 ** 32 < HELD_OUT;

/** How a translator is trained. */
export interface TranslatorOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  /** Faces of each person in a step; default 1, as in the paper. */
  readonly batchSize?: number;
  /** Default 0.0004. */
  readonly learningRate?: number;
  /** Of the networks; default {@link WIDTHS}. */
  readonly widths?: TranslationWidths;
  readonly seed: number;
}

/**
 * Trains a CycleGAN: a translator there and one back, and a critic of each person's faces, from photos that are not paired. All four learn in the same step, from where the others
 * stood before it.
 *
 * Source: Zhu et al. 2017, with least-squares losses (Mao et al. 2017) and without the pool of earlier pictures.
 *
 * @param from, to - planar [3,64,64] each, RGB, 0..1: one person's aligned faces, and the other's.
 * @returns weights under `forward.`, `back.`, `critic.from.` and `critic.to.`.
 * @throws InputError where a person has no face.
 */
export async function trainTranslator(
  from: readonly Float32Array[],
  to: readonly Float32Array[],
  options: TranslatorOptions,
): Promise<Weights> {
  const { batchSize = 1, learningRate = 4e-4, widths = WIDTHS, seed } = options;
  if (from.length === 0 || to.length === 0) throw new InputError('a translator needs faces of both people');
  const shape = [batchSize, 3, TRANSLATED_PX, TRANSLATED_PX];
  const problem: Problem = {
    name: 'translator',
    seed,
    optimiser: adam({ beta1: 0.5 }),
    batch: { from: { shape }, to: { shape } },
    build: (parameters, batch) => cycleGame(parameters, batch as { from: Value; to: Value }, widths),
  };
  return train(problem, {
    ...options,
    learningRate: cosineSchedule(learningRate, options.steps),
    batch: (step) => {
      const random = new Random(seed).fork(`batch ${step}`);
      return { from: drawFaces(from, batchSize, random), to: drawFaces(to, batchSize, random) };
    },
  });
}

/** The trained translator as a model: input `face` [N,3,64,64], output `face_to` of the same shape, both RGB, 0..1. */
export function translatorGraph(weights: Weights, metadata: Readonly<Record<string, string>> = {}): Graph {
  const builder = new GraphBuilder('translator');
  const face = builder.input('face', [1, 3, TRANSLATED_PX, TRANSLATED_PX]);
  const channels = weights.get('forward.output.weight')?.shape[1];
  const made = translateFaces(scope(new FrozenParameters(builder, weights), 'forward'), toSigned(face), channels);
  builder.output('face_to', clip(div(add(made, 1), 2), 0, 1));
  builder.describe({ kind: 'translator', ...metadata });
  return withFreeBatch(builder.build());
}

/** A translator ready to run. */
export interface Translator {
  /** @param faces - planar [3,64,64] each, RGB, 0..1. */
  translate(faces: readonly Float32Array[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Opens what {@link translatorGraph} made. @throws ModelFileError where the graph is none. */
export async function openTranslator(graph: Graph, options: SessionOptions = {}): Promise<Translator> {
  if (graph.metadata.kind !== 'translator') {
    throw new ModelFileError(`graph "${graph.name}" is no translator`, {
      hint: 'train one with `faceward train translator`',
    });
  }
  const session = await createSession(graph, options);
  return {
    async translate(faces) {
      const made: Float32Array[] = [];
      for (const face of faces) {
        const { face_to: translated } = await session.run({
          face: float32(face, [1, 3, TRANSLATED_PX, TRANSLATED_PX]),
        });
        if (translated?.dtype !== 'float32') throw new ModelFileError('the translator gives no float32 face');
        made.push(translated.data);
      }
      return made;
    },
    close: () => session.release(),
  };
}

/** Two translators against two critics. */
function cycleGame(
  parameters: Parameters,
  batch: { readonly from: Value; readonly to: Value },
  { translator, critic: width }: TranslationWidths,
): ReturnType<Problem['build']> {
  const [a, b] = [toSigned(batch.from), toSigned(batch.to)];
  const forward = (x: Value): Value => translateFaces(scope(parameters, 'forward'), x, translator);
  const back = (x: Value): Value => translateFaces(scope(parameters, 'back'), x, translator);
  const criticOf = (person: 'from' | 'to') => (x: Value) => criticise(scope(parameters, `critic.${person}`), x, width);
  const [fakeTo, fakeFrom] = [forward(a), back(b)];
  const [onFrom, onTo] = [judge(criticOf('from'), a, fakeFrom), judge(criticOf('to'), b, fakeTo)];
  const cycle = add(l1(back(fakeTo), a), l1(forward(fakeFrom), b));
  const identity = add(l1(forward(b), b), l1(back(a), a));
  const adversarial = add(onFrom.deceived, onTo.deceived);
  const critic = add(onFrom.mistaken, onTo.mistaken);
  return {
    loss: add(adversarial, add(mul(cycle, CYCLE_WEIGHT), mul(identity, IDENTITY_WEIGHT))),
    players: { 'critic.': critic },
    figures: { adversarial, cycle, identity, critic },
  };
}

/** Least-squares losses: how far a critic is from taking the made faces for photos, and from telling both apart. */
function judge(critic: (x: Value) => Value, real: Value, made: Value): { deceived: Value; mistaken: Value } {
  const [ofReal, ofMade] = [critic(real), critic(made)];
  const missed = (x: Value, target: number): Value => reduceMean(square(sub(x, target)));
  return { deceived: missed(ofMade, 1), mistaken: div(add(missed(ofReal, 1), missed(ofMade, 0)), 2) };
}

const toSigned = (face: Value): Value => sub(mul(face, 2), 1);

/** Random faces, half of them mirrored: [N,3,64,64]. */
function drawFaces(faces: readonly Float32Array[], count: number, random: Random): TypedTensor<'float32'> {
  const out = new Float32Array(count * FACE_NUMBERS);
  for (let n = 0; n < count; n++) {
    const face = faces[random.integer(faces.length)] as Float32Array;
    const isMirrored = random.uniform() < 0.5;
    for (let i = 0; i < FACE_NUMBERS; i++) {
      const column = i % TRANSLATED_PX;
      out[n * FACE_NUMBERS + i] = face[isMirrored ? i - column + (TRANSLATED_PX - 1 - column) : i] as number;
    }
  }
  return float32(out, [count, 3, TRANSLATED_PX, TRANSLATED_PX]);
}
