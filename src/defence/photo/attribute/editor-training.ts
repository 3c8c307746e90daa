import type { EncoderView } from '../../../encoder/encoder.ts';
import { CANONICAL_EXTENT, renderView } from '../../../encoder/view.ts';
import { portraitView } from '../../../face/portrait.ts';
import type { Value } from '../../../graph/builder.ts';
import { gradients } from '../../../graph/differentiate.ts';
import type { Graph } from '../../../graph/graph.ts';
import { clip } from '../../../graph/ops/activation.ts';
import { abs, add, div, mul, neg, sign, sqrt, square, sub } from '../../../graph/ops/arithmetic.ts';
import { concat, gather, slice } from '../../../graph/ops/indexing.ts';
import { reduceMean, reduceSum } from '../../../graph/ops/reduction.ts';
import { float32 } from '../../../graph/tensor.ts';
import { binaryCrossEntropy, cosineLoss, l1 } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { type Parameters, scope, type Weights } from '../../../nn/parameters.ts';
import { type Objective, type Problem, type TrainOptions, train } from '../../../nn/training.ts';
import type { Tensors } from '../../../runtime/session.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type AttributeValues, drawTarget } from './attribute-values.ts';
import { criticiseFaces, type EditorShape, editFaces } from './networks.ts';

/** A face of a training: a portrait and what it has. */
export interface EditorExample {
  /** Planar [3,S,S], RGB, 0..255. */
  readonly portrait: Uint8Array;
  /** -1 or 1 each. */
  readonly own: AttributeValues;
}

/** How the critic learns: WGAN with a gradient penalty, as published, or least squares, which needs no second derivative. */
export const ADVERSARIES = ['wgan-gp', 'lsgan'] as const;

export type Adversary = (typeof ADVERSARIES)[number];

/** Weights of the losses. 0 leaves one out, and what it would compute. */
export interface EditorLosses {
  /** Of what the critic says of edited faces. */
  readonly adversarial: number;
  /** Of the critic's classifier on edited faces. */
  readonly attributes: number;
  /** Of the same and of the frozen readers' judgement, over those attributes alone that are to change, each face counting alike. */
  readonly turned: number;
  /** Of the critic's classifier's judgement by each frozen reader. */
  readonly frozenReaders: number;
  /** Of the mean absolute difference of faces that were given their own attributes. */
  readonly reconstruction: number;
  /** Of the mean absolute change of edited faces. */
  readonly change: number;
  /** Of the mean absolute change of colour: of the differences between red and green, and blue and green. Where the critic lets false colours pass, this does not. */
  readonly colour: number;
  /** Of 1 - cosine similarity of edited faces to their originals, by the identity encoders. */
  readonly identity: number;
  /** Of the gradient penalty. */
  readonly penalty: number;
}

/** AttGAN's weights. It has no loss of identity. Source: He et al. 2019, section 4. */
export const ATTGAN_LOSSES: EditorLosses = {
  adversarial: 1,
  attributes: 10,
  turned: 0,
  frozenReaders: 0,
  reconstruction: 100,
  change: 0,
  colour: 0,
  identity: 0,
  penalty: 10,
};

/** Ours: with identity, edits no larger than they need be, and each attribute that is to change counting for itself. With half the adversarial loss and twice the readers’ say, edits become patterns that persuade readers. */
export const SLIM_LOSSES: EditorLosses = {
  ...ATTGAN_LOSSES,
  adversarial: 12,
  attributes: 20,
  turned: 6,
  frozenReaders: 2,
  reconstruction: 10,
  change: 1,
  colour: 10,
  identity: 3,
};

/** How an editor is trained. */
export interface EditorTrainingOptions extends Omit<TrainOptions, 'batch' | 'learningRate'> {
  readonly shape: EditorShape;
  readonly attributes: readonly string[];
  readonly losses: EditorLosses;
  readonly adversary: Adversary;
  /** Steps of the critic alone before each step of the editor; 0: both move in every step. As published: 5. */
  readonly criticSteps: number;
  readonly batchSize: number;
  /** Largest change of the photos that the critic's classifier learns from, in 0..1, by one step up its loss; 0: it learns from photos as they are. */
  readonly hardening: number;
  /** Of the batch, how many faces are also given their own attributes. */
  readonly reconstructed: number;
  /** Of the batch, how many faces the identity encoders look at. */
  readonly identified: number;
  /** Peak of the learning rate. */
  readonly learningRate: number;
  /** Encoders that must go on recognising the edited faces. */
  readonly identityEncoders: readonly { readonly graph: Graph; readonly view: EncoderView }[];
  /** Readers that do not learn: input `portrait` [N,3,S,S] RGB 0..1, output `log_odds` [N,A'] of which `columns` are the editor's attributes (-1: it does not know that one). */
  readonly frozenReaders: readonly { readonly graph: Graph; readonly columns: readonly number[] }[];
  readonly seed: number;
}

/**
 * Trains an editor of attributes: encoder, decoder, and a critic that is also the classifier of the edited faces.
 *
 * Source: AttGAN (He et al. 2019). What is ours: losses of identity through any encoder's graph and of frozen readers, targets in the undecidable middle, and
 * gradients that are made symbolically, the penalty's second derivative too.
 *
 * @returns weights under `editor.` and `critic.`.
 * @throws InputError where there are fewer faces than a batch takes.
 */
export async function trainEditor(
  examples: readonly EditorExample[],
  options: EditorTrainingOptions,
): Promise<Weights> {
  const { batchSize, learningRate, seed } = options;
  if (examples.length < batchSize) {
    throw new InputError(`an editor needs at least ${batchSize} faces, there are ${examples.length}`);
  }
  return train(editorProblem(options), {
    ...options,
    learningRate: halfwayDecay(learningRate, options.steps),
    batch: (step) => drawBatch(examples, options, new Random(seed).fork(`batch ${step}`)),
  });
}

/** The training as a problem of nn/. */
export function editorProblem(options: EditorTrainingOptions): Problem {
  const { shape, attributes, batchSize, criticSteps, seed } = options;
  const faces = { shape: [batchSize, 3, shape.sizePx, shape.sizePx] };
  const values = { shape: [batchSize, attributes.length] };
  return {
    name: 'editor',
    seed,
    optimiser: adam({ beta1: 0.5 }),
    batch: { face: faces, own: values, target: values, blend: { shape: [batchSize, 1, 1, 1] } },
    build: (parameters, batch, turn) =>
      game(parameters, batch as { face: Value; own: Value; target: Value; blend: Value }, options, turn),
    turns:
      criticSteps === 0
        ? { names: ['both'], at: () => 'both' }
        : {
            names: ['critic', 'editor'],
            at: (step) => ((step + 1) % (criticSteps + 1) === 0 ? 'editor' : 'critic'),
          },
  };
}

/** Constant for the first half, then along half a cosine to nothing. */
function halfwayDecay(peak: number, steps: number): (step: number) => number {
  return (step) => peak * Math.min(1, 0.5 * (1 + Math.cos(Math.PI * Math.max(0, (2 * step) / steps - 1))));
}

type Critic = (faces: Value, said: Value) => ReturnType<typeof criticiseFaces>;

function game(
  parameters: Parameters,
  batch: { readonly face: Value; readonly own: Value; readonly target: Value; readonly blend: Value },
  options: EditorTrainingOptions,
  turn: string,
): Objective {
  const { shape, reconstructed, batchSize } = options;
  const face = sub(mul(batch.face, 2), 1);
  const wanted = shape.condition === 'target' ? div(batch.target, 2) : div(sub(batch.target, batch.own), 2);
  const kept = shape.condition === 'target' ? div(batch.own, 2) : mul(batch.own, 0);
  const made = editFaces(
    scope(parameters, 'editor'),
    face,
    turn === 'critic' ? wanted : concat([wanted, firstRows(kept, reconstructed)], 0),
    shape,
  );
  const edited = firstRows(made, batchSize);
  const critic: Critic = (x, said) => criticiseFaces(scope(parameters, 'critic'), x, said, shape);
  const ofEdited = critic(edited, batch.target);
  const criticLoss =
    turn === 'editor' ? undefined : lossOfCritic({ ...batch, face, edited, ofEdited }, critic, options);
  if (turn === 'critic' && criticLoss) {
    return { loss: criticLoss.loss, moving: ['critic.'], figures: { critic: criticLoss.loss, ...criticLoss.figures } };
  }
  const again = slice(made, { starts: [batchSize], ends: [batchSize + reconstructed], axes: [0] });
  const { loss, figures } = lossOfEditor({ ...batch, edited, ofEdited, again, signed: face }, options);
  return {
    loss,
    figures: { ...figures, ...criticLoss?.figures },
    ...(criticLoss ? { players: { 'critic.': criticLoss.loss } } : { moving: ['editor.'] }),
  };
}

/** What the critic shall learn: to tell photos from edited faces, and to read the attributes of photos. */
function lossOfCritic(
  faces: {
    readonly face: Value;
    readonly own: Value;
    readonly target: Value;
    readonly blend: Value;
    readonly edited: Value;
    readonly ofEdited: ReturnType<typeof criticiseFaces>;
  },
  critic: Critic,
  { shape, losses, adversary, hardening }: EditorTrainingOptions,
): { readonly loss: Value; readonly figures: Readonly<Record<string, Value>> } {
  const ofPhotos = critic(faces.face, faces.own);
  const own = shares(faces.own);
  const plain = binaryCrossEntropy(ofPhotos.logOdds, own);
  const reading =
    hardening === 0
      ? plain
      : binaryCrossEntropy(critic(hardened(faces.face, plain, hardening), faces.own).logOdds, own);
  const [real, fake] = [ofPhotos.realness, faces.ofEdited.realness];
  if (adversary === 'lsgan') {
    // A photo with another face's attributes is false too: else what is said could be passed over. Source: Reed et al. 2016, algorithm 1.
    const falsely = shape.criticConditions
      ? div(add(reduceMean(square(fake)), reduceMean(square(critic(faces.face, faces.target).realness))), 2)
      : reduceMean(square(fake));
    const told = div(add(reduceMean(square(sub(real, 1))), falsely), 2);
    return { loss: add(told, reading), figures: { told, reading } };
  }
  const told = sub(reduceMean(fake), reduceMean(real));
  // Between a photo and an edited face, each at a place of its own. Source: Gulrajani et al. 2017, algorithm 1.
  const between = add(mul(faces.face, faces.blend), mul(faces.edited, sub(1, faces.blend)));
  const [slope] = gradients(reduceSum(critic(between, faces.own).realness), [between]) as [Value];
  const steepness = sqrt(add(reduceSum(square(slope), [1, 2, 3]), 1e-12));
  const penalty = reduceMean(square(sub(steepness, 1)));
  return { loss: add(add(told, mul(penalty, losses.penalty)), reading), figures: { told, reading, penalty } };
}

/**
 * Photos a step up the classifier's loss, no value changed by more than `epsilon` of 0..1: a classifier that is trained on these can only be persuaded by changes that a person sees too
 * (Santurkar et al. 2019), and an editor finds no short cut. No gradient goes through a sign, so that the step counts as given.
 */
function hardened(face: Value, loss: Value, epsilon: number): Value {
  const [slope] = gradients(loss, [face]) as [Value];
  return clip(add(face, mul(sign(slope), 2 * epsilon)), -1, 1);
}

/** What the editor shall learn. */
function lossOfEditor(
  faces: {
    readonly face: Value;
    readonly signed: Value;
    readonly own: Value;
    readonly target: Value;
    readonly edited: Value;
    readonly again: Value;
    readonly ofEdited: ReturnType<typeof criticiseFaces>;
  },
  options: EditorTrainingOptions,
): { readonly loss: Value; readonly figures: Readonly<Record<string, Value>> } {
  const { losses, adversary, reconstructed, identified, identityEncoders, frozenReaders } = options;
  const { edited, signed, again, ofEdited } = faces;
  const target = shares(faces.target);
  const realness = ofEdited.realness;
  // Only what is used gets into the graph, and each reader once.
  const readings = losses.frozenReaders + losses.turned > 0 ? frozenReaders.map((one) => readBy(one, edited)) : [];
  const byReaders = (weights?: Value): Value[] =>
    readings.map(({ logOdds, attributes }) => {
      const known = (values: Value): Value => gather(values, attributes, 1);
      return binaryCrossEntropy(logOdds, known(target), weights && known(weights));
    });
  const turned = (): Value => {
    const weights = turnedIn(faces);
    return mean([binaryCrossEntropy(ofEdited.logOdds, target, weights), ...byReaders(weights)]);
  };
  const terms: Record<string, readonly [number, () => Value]> = {
    adversarial: [
      losses.adversarial,
      () => (adversary === 'lsgan' ? reduceMean(square(sub(realness, 1))) : neg(reduceMean(realness))),
    ],
    attributes: [losses.attributes, () => binaryCrossEntropy(ofEdited.logOdds, target)],
    turned: [losses.turned, turned],
    reconstruction: [losses.reconstruction, () => l1(again, firstRows(signed, reconstructed))],
    change: [losses.change, () => l1(edited, signed)],
    colour: [losses.colour, () => l1(colours(edited), colours(signed))],
    frozen: [frozenReaders.length > 0 ? losses.frozenReaders : 0, () => mean(byReaders())],
    identity: [
      identityEncoders.length > 0 ? losses.identity : 0,
      () =>
        mean(
          identityEncoders.map((encoder) =>
            cosineLoss(
              seenBy(encoder, firstRows(unsigned(edited), identified)),
              seenBy(encoder, firstRows(faces.face, identified)),
            ),
          ),
        ),
    ],
  };
  const used = Object.entries(terms).filter(([, [weight]]) => weight > 0);
  const figures = Object.fromEntries(used.map(([name, [, compute]]) => [name, compute()]));
  return { loss: used.map(([name, [weight]]) => mul(figures[name] as Value, weight)).reduce(add), figures };
}

/** Which attributes of each face are to change [N,A], so that each face counts alike: else one attribute alone counts little beside faces that are to change in many. */
function turnedIn({ own, target }: { readonly own: Value; readonly target: Value }): Value {
  const turned = abs(sub(target, own));
  return div(turned, add(reduceSum(turned, [1], true), 1e-6));
}

/** What an encoder makes of portraits [N,3,S,S], RGB, 0..1. */
function seenBy(encoder: { readonly graph: Graph; readonly view: EncoderView }, portraits: Value): Value {
  const frame = portraitView().box;
  const unit = CANONICAL_EXTENT / frame.width;
  const { box } = encoder.view;
  const inPortrait = {
    ...encoder.view,
    box: {
      x: (box.x - frame.x) * unit,
      y: (box.y - frame.y) * unit,
      width: box.width * unit,
      height: box.height * unit,
    },
  };
  const { embedding } = portraits.builder.import(encoder.graph, {
    inputs: { face: renderView(portraits, inPortrait) },
  });
  return embedding as Value;
}

/** What a frozen reader says of edited faces: log-odds of those of the editor's attributes that it knows, and which these are. */
function readBy(
  { graph, columns }: EditorTrainingOptions['frozenReaders'][number],
  edited: Value,
): { readonly logOdds: Value; readonly attributes: readonly number[] } {
  const { log_odds: logOdds } = edited.builder.import(graph, { inputs: { portrait: unsigned(edited) } });
  const known = columns.flatMap((column, attribute) => (column < 0 ? [] : [{ column, attribute }]));
  const read = gather(
    logOdds as Value,
    known.map(({ column }) => column),
    1,
  );
  return { logOdds: read, attributes: known.map(({ attribute }) => attribute) };
}

/** Red minus green and blue minus green: [N,3,S,S] -> [N,2,S,S]. */
function colours(faces: Value): Value {
  const channel = (at: number): Value => slice(faces, { starts: [at], ends: [at + 1], axes: [1] });
  return concat([sub(channel(0), channel(1)), sub(channel(2), channel(1))], 1);
}

const firstRows = (x: Value, rows: number): Value => slice(x, { starts: [0], ends: [rows], axes: [0] });

/** Values -1..1 as shares 0..1. */
const shares = (values: Value): Value => div(add(values, 1), 2);

const unsigned = (faces: Value): Value => div(add(faces, 1), 2);

const mean = (values: readonly Value[]): Value =>
  div(
    values.reduce((sum, value) => add(sum, value)),
    values.length,
  );

/** Random faces, half of them mirrored, with a target for each. */
function drawBatch(
  examples: readonly EditorExample[],
  { shape, attributes, batchSize }: EditorTrainingOptions,
  random: Random,
): Tensors {
  const { sizePx } = shape;
  const numbers = 3 * sizePx ** 2;
  const count = attributes.length;
  const face = new Float32Array(batchSize * numbers);
  const [own, target] = [new Float32Array(batchSize * count), new Float32Array(batchSize * count)];
  for (let row = 0; row < batchSize; row++) {
    const example = examples[random.integer(examples.length)] as EditorExample;
    const other = examples[random.integer(examples.length)] as EditorExample;
    copyPortrait(example.portrait, face.subarray(row * numbers, (row + 1) * numbers), {
      sizePx,
      mirrored: random.uniform() < 0.5,
    });
    own.set(example.own, row * count);
    target.set(drawTarget(example.own, other.own, attributes, random), row * count);
  }
  const blend = Float32Array.from({ length: batchSize }, () => random.uniform());
  return {
    face: float32(face, [batchSize, 3, sizePx, sizePx]),
    own: float32(own, [batchSize, count]),
    target: float32(target, [batchSize, count]),
    blend: float32(blend, [batchSize, 1, 1, 1]),
  };
}

function copyPortrait(
  portrait: Uint8Array,
  into: Float32Array,
  { sizePx, mirrored }: { readonly sizePx: number; readonly mirrored: boolean },
): void {
  for (let row = 0; row < 3 * sizePx; row++) {
    const start = row * sizePx;
    for (let x = 0; x < sizePx; x++) {
      into[start + x] = (portrait[start + (mirrored ? sizePx - 1 - x : x)] as number) / 255;
    }
  }
}
