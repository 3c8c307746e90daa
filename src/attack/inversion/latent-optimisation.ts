import type { EncoderView } from '../../encoder/encoder.ts';
import { sampleView, viewMatrices } from '../../encoder/view.ts';
import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { gradients } from '../../graph/differentiate.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, mul, neg, square } from '../../graph/ops/arithmetic.ts';
import { cosine } from '../../graph/ops/normalisation.ts';
import { reduceMean, reduceSum } from '../../graph/ops/reduction.ts';
import { float32, joinRows, scalar, type Tensor, toNumbers } from '../../graph/tensor.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { adam, scalarInputs } from '../../nn/optimisers.ts';
import { createSession, type Session, type SessionOptions } from '../../runtime/session.ts';
import { ShapeError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Probes } from './generator-adapter.ts';
import { FACE_SIZE_PX } from './inverse-dcgan.ts';

/** A generator: latents to faces. */
export interface Generator {
  /** Input `latent` [N,Z], output `face` [N,3,128,128], RGB 0..1, filling the canonical frame. Standard normal latents give faces. */
  readonly graph: Graph;
  readonly latentSize: number;
}

/** The encoder under attack, its weights at hand. */
export interface WhiteBoxTarget {
  readonly graph: Graph;
  readonly view: EncoderView;
  readonly embeddingSize: number;
}

/** Where the optimisation of a template begins. */
export type Start =
  /** One random latent: the patent's. */
  | { readonly kind: 'random' }
  /** The generated face that the encoder finds most alike, of those it was asked about already. */
  | { readonly kind: 'selected'; readonly probes: Probes }
  /** Latents that are given, one per template, such as those of a black-box result. */
  | { readonly kind: 'given'; readonly latents: readonly Float32Array[] };

/** Options of {@link optimiseLatents}. */
export interface LatentOptimisationOptions extends JobOptions, SessionOptions {
  readonly start: Start;
  /** Default 100. */
  readonly iterations?: number;
  /** Default 0.05. */
  readonly learningRate?: number;
  /** Weight of the prior: mean of the squared latents, which are standard normal. Default 0, the patent's. */
  readonly priorWeight?: number;
  /** Sees each step through a view that is shifted up to 3 units, scaled up to 5 % and mirrored at random, so that the result is a face and not a quirk of the encoder. Default false. */
  readonly augmented?: boolean;
  /** Templates optimised at once; default 8. */
  readonly batchSize?: number;
  readonly random: Random;
}

/** What the optimisation of one template gave. */
export interface InvertedTemplate {
  readonly latent: Float32Array;
  /** Planar [3,128,128], RGB, 0..1. */
  readonly face: Float32Array;
  /** Cosine similarity to the target at each iteration, as the (augmented) view gave it. */
  readonly similarity: readonly number[];
}

/**
 * White-box template inversion: latent -> generator -> face -> encoder -> embedding, and the similarity to the target carried back into the latent, by
 * Adam, a preset number of times. One graph holds a whole iteration; templates are optimised in batches, each on its own.
 *
 * Source: the patent's second restoring module; selection and augmentation after Struppek et al. 2022 (PPA).
 *
 * Cost: about 40 ms a template and iteration on two cores for a MobileFaceNet.
 */
export async function optimiseLatents(
  targets: readonly Float32Array[],
  models: { readonly generator: Generator; readonly encoder: WhiteBoxTarget },
  options: LatentOptimisationOptions,
): Promise<InvertedTemplate[]> {
  const { batchSize = 8, random } = options;
  const size = Math.min(batchSize, Math.max(1, targets.length));
  const starts = startLatents(targets, models.generator.latentSize, options.start, random);
  const session = await createSession(iterationGraph(models, size, options.priorWeight ?? 0), options);
  const results: InvertedTemplate[] = [];
  try {
    for (let first = 0; first < targets.length; first += size) {
      const rows = Array.from({ length: size }, (_, i) => Math.min(first + i, targets.length - 1));
      const batch = {
        targets: rows.map((row) => targets[row] as Float32Array),
        starts: rows.map((row) => starts[row] as Float32Array),
      };
      const done = await optimiseBatch(
        session,
        batch,
        models,
        { ...options, random: random.fork(`batch ${first}`) },
        (iteration, total) =>
          options.onProgress?.({
            stage: 'optimising latents',
            done: first + (Math.min(size, targets.length - first) * iteration) / total,
            total: targets.length,
          }),
      );
      results.push(...done.slice(0, targets.length - first));
    }
  } finally {
    await session.release();
  }
  return results;
}

async function optimiseBatch(
  session: Session,
  batch: { readonly targets: readonly Float32Array[]; readonly starts: readonly Float32Array[] },
  { generator, encoder }: { readonly generator: Generator; readonly encoder: WhiteBoxTarget },
  options: LatentOptimisationOptions,
  onIteration: (iteration: number, total: number) => void,
): Promise<InvertedTemplate[]> {
  const { iterations = 100, learningRate = 0.05, random } = options;
  const size = batch.targets.length;
  const zeros = (): Tensor => float32(new Float32Array(size * generator.latentSize), [size, generator.latentSize]);
  const target = float32(joinRows(batch.targets), [size, encoder.embeddingSize]);
  let state: Record<string, Tensor> = {
    latent: float32(joinRows(batch.starts), [size, generator.latentSize]),
    mean: zeros(),
    square: zeros(),
  };
  const similarity: number[][] = batch.targets.map(() => []);
  const still = viewTensors(encoder.view, size);
  for (let i = 0; i < iterations; i++) {
    throwIfAborted(options);
    // The step falls to a tenth, so that the end settles.
    const rate = learningRate * (0.1 + 0.9 * 0.5 * (1 + Math.cos((Math.PI * i) / iterations)));
    const scalars = OPTIMISER.scalars(i + 1, rate);
    const feeds: Record<string, Tensor> = {
      ...state,
      target,
      ...(options.augmented ? viewTensors(encoder.view, size, random) : still),
    };
    for (const [name, value] of Object.entries(scalars)) feeds[name] = scalar(value);
    const results = await session.run(feeds, ['next/latent', 'next/mean', 'next/square', 'similarity']);
    state = {
      latent: tensor(results, 'next/latent'),
      mean: tensor(results, 'next/mean'),
      square: tensor(results, 'next/square'),
    };
    toNumbers(tensor(results, 'similarity')).forEach((value, row) => {
      similarity[row]?.push(value);
    });
    onIteration(i + 1, iterations);
  }
  const last = OPTIMISER.scalars(1, 0);
  const feeds: Record<string, Tensor> = { ...state, target, ...still };
  for (const [name, value] of Object.entries(last)) feeds[name] = scalar(value);
  const faces = tensor(await session.run(feeds, ['face']), 'face');
  const latents = tensor(state, 'latent');
  return batch.targets.map((_, row) => ({
    latent: rowOf(latents, row),
    face: rowOf(faces, row),
    similarity: similarity[row] ?? [],
  }));
}

const OPTIMISER = adam({ beta1: 0.9, beta2: 0.99 });

/** One iteration for a batch of templates. */
function iterationGraph(
  { generator, encoder }: { readonly generator: Generator; readonly encoder: WhiteBoxTarget },
  size: number,
  priorWeight: number,
): Graph {
  const builder = new GraphBuilder('latent-optimisation');
  const latent = builder.input('latent', [size, generator.latentSize]);
  const target = builder.input('target', [size, encoder.embeddingSize]);
  const state = OPTIMISER.slots.map((slot) => builder.input(slot, latent.shape));
  const scalars = scalarInputs(builder, OPTIMISER);
  const face = only(builder.import(generator.graph, { inputs: { latent } }), 'face');
  const rows = builder.input('rows', [size, 1, encoder.view.heightPx, FACE_SIZE_PX]);
  const columns = builder.input('columns', [size, 1, FACE_SIZE_PX, encoder.view.widthPx]);
  const seen = sampleView(face, rows, columns);
  const embedding = only(builder.import(encoder.graph, { inputs: { face: seen } }), 'embedding');
  const similarity = cosine(embedding, target);
  const match = neg(reduceSum(similarity));
  // Summed over templates: each latent's gradient is as if it were alone.
  const loss = priorWeight > 0 ? add(match, mul(reduceSum(reduceMean(square(latent), [1])), priorWeight)) : match;
  const [gradient] = gradients(loss, [latent]) as [Value];
  const update = OPTIMISER.apply(latent, gradient, state, scalars);
  builder.output('next/latent', update.weight);
  update.state.forEach((value, i) => {
    builder.output(`next/${OPTIMISER.slots[i]}`, value);
  });
  builder.output('similarity', similarity);
  builder.output('face', face);
  return builder.build();
}

function startLatents(
  targets: readonly Float32Array[],
  latentSize: number,
  start: Start,
  random: Random,
): readonly Float32Array[] {
  switch (start.kind) {
    case 'given':
      if (start.latents.length !== targets.length) {
        throw new ShapeError(`${start.latents.length} latents are given for ${targets.length} templates`);
      }
      return start.latents;
    case 'random':
      return targets.map((_, i) => random.fork(`start ${i}`).normals(latentSize));
    case 'selected':
      return targets.map((target) => nearestProbe(target, start.probes));
  }
}

/** The latent of the probe whose embedding is most alike. */
function nearestProbe(target: Float32Array, { latents, embeddings }: Probes): Float32Array {
  let best = 0;
  let bestSimilarity = Number.NEGATIVE_INFINITY;
  embeddings.forEach((embedding, i) => {
    const similarity = cosineSimilarityOr(0, embedding, target);
    if (similarity > bestSimilarity) [best, bestSimilarity] = [i, similarity];
  });
  const latent = latents[best];
  if (!latent) throw new ShapeError('there are no probes to select a start from');
  return latent;
}

/** Greatest shift (units of the 112 frame) and change of scale of an augmented view. */
const JITTER = { shift: 3, scale: 0.05 } as const;

function viewTensors(view: EncoderView, size: number, random?: Random): Record<'rows' | 'columns', Tensor> {
  const rows = new Float32Array(size * view.heightPx * FACE_SIZE_PX);
  const columns = new Float32Array(size * FACE_SIZE_PX * view.widthPx);
  const either = (extent: number): number => (random ? (2 * random.uniform() - 1) * extent : 0);
  for (let i = 0; i < size; i++) {
    const jitter = {
      shiftX: either(JITTER.shift),
      shiftY: either(JITTER.shift),
      scale: 1 + either(JITTER.scale),
      mirrored: random ? random.uniform() < 0.5 : false,
    };
    const matrices = viewMatrices(view, { widthPx: FACE_SIZE_PX, heightPx: FACE_SIZE_PX }, jitter);
    rows.set(matrices.rows, i * matrices.rows.length);
    columns.set(matrices.columns, i * matrices.columns.length);
  }
  return {
    rows: float32(rows, [size, 1, view.heightPx, FACE_SIZE_PX]),
    columns: float32(columns, [size, 1, FACE_SIZE_PX, view.widthPx]),
  };
}

function only(values: Readonly<Record<string, Value>>, name: string): Value {
  const value = values[name];
  if (!value)
    throw new ShapeError(`the graph has no output "${name}"`, { hint: `outputs: ${Object.keys(values).join(', ')}` });
  return value;
}

function tensor(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = tensors[name];
  if (!found) throw new ShapeError(`the graph gave no "${name}"`);
  return found;
}

/** A copy of row `row` of a float32 tensor. */
function rowOf(tensor: Tensor, row: number): Float32Array {
  if (tensor.dtype !== 'float32') throw new ShapeError(`wanted float32, got ${tensor.dtype}`);
  const width = tensor.data.length / (tensor.shape[0] as number);
  return tensor.data.slice(row * width, (row + 1) * width);
}
