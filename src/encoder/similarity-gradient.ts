import { GraphBuilder, type Value } from '../graph/builder.ts';
import { gradients } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { add, div, mul } from '../graph/ops/arithmetic.ts';
import { cosine } from '../graph/ops/normalisation.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { float32, type Tensor, toNumbers } from '../graph/tensor.ts';
import { createSession, type SessionOptions } from '../runtime/session.ts';
import { CapabilityError, ModelFileError, ShapeError } from '../util/errors.ts';
import type { EncoderView } from './encoder.ts';
import { sampleView, viewMatrices } from './view.ts';

/** An encoder whose gradient an attack uses: the target itself (white-box), or surrogates of it (transfer). */
export interface DifferentiableEncoder {
  readonly id: string;
  readonly graph?: Graph;
  readonly view: EncoderView;
  readonly embeddingSize: number;
}

/** A face seen otherwise than it is: what makes a perturbation transfer, and withstand change. */
export interface Look {
  /** Resized to this share of its extent, and put at (x, y), shares of the room that is left; the rest is black. */
  readonly resized?: { readonly share: number; readonly x: number; readonly y: number };
  /** What is seen of each pixel, [S,S], 0..1; default: all. */
  readonly mask?: Float32Array;
}

/** What the encoders say of a face, and how it would have to change for more. */
export interface SeenFace {
  /** Cosine similarity to the reference, for each encoder. */
  readonly similarities: readonly number[];
  /** Of the mean similarity with respect to the face, planar [3,S,S]. */
  readonly gradient: Float32Array;
}

/** Similarities to references, and their gradient with respect to faces. */
export interface SimilarityGradient {
  readonly sizePx: number;
  /** Faces seen so far: each is one forward and one backward pass through every encoder. */
  readonly queries: number;
  /**
   * @param faces - planar [3,S,S], RGB, 0..1, filling the canonical frame.
   * @param references - for each face, one embedding for each encoder.
   */
  see(
    faces: readonly Float32Array[],
    references: readonly (readonly Float32Array[])[],
    looks?: readonly Look[],
  ): Promise<SeenFace[]>;
  close(): Promise<void>;
}

/**
 * Opens the gradient of the mean cosine similarity that an ensemble of encoders finds between faces and references.
 *
 * Cost: one forward and backward pass of every encoder for each face, in batches of `batchSize` (default 8).
 *
 * @throws CapabilityError where an encoder's weights are not at hand.
 */
export async function openSimilarityGradient(
  encoders: readonly DifferentiableEncoder[],
  options: SessionOptions & { readonly sizePx?: number; readonly batchSize?: number } = {},
): Promise<SimilarityGradient> {
  const { sizePx = 112, batchSize = 8 } = options;
  const session = await createSession(gradientGraph(encoders, sizePx, batchSize), options);
  const still = encoders.map(({ view }) => viewMatrices(view, { widthPx: sizePx, heightPx: sizePx }));
  const whole = new Float32Array(sizePx ** 2).fill(1);
  const numbers = 3 * sizePx ** 2;
  let queries = 0;

  const feedsOf = (
    faces: readonly Float32Array[],
    references: readonly (readonly Float32Array[])[],
    looks: readonly Look[],
  ): Record<string, Tensor> => {
    // The last batch is filled up with its last face: a graph has one shape.
    const row = (i: number): number => Math.min(i, faces.length - 1);
    const stacked = (width: number, of: (i: number) => Float32Array | undefined): Float32Array => {
      const out = new Float32Array(batchSize * width);
      for (let i = 0; i < batchSize; i++) {
        const values = of(row(i));
        if (values?.length !== width) throw new ShapeError(`wanted ${width} numbers, got ${values?.length ?? 'none'}`);
        out.set(values, i * width);
      }
      return out;
    };
    const feeds: Record<string, Tensor> = {
      face: float32(
        stacked(numbers, (i) => faces[i]),
        [batchSize, 3, sizePx, sizePx],
      ),
      mask: float32(
        stacked(sizePx ** 2, (i) => looks[i]?.mask ?? whole),
        [batchSize, 1, sizePx, sizePx],
      ),
    };
    encoders.forEach(({ view, embeddingSize }, k) => {
      const matrices = still[k] as (typeof still)[number];
      const seen = Array.from({ length: faces.length }, (_, i) => resizedMatrices(matrices, looks[i]?.resized, sizePx));
      const { heightPx, widthPx } = view;
      feeds[`reference${k}`] = float32(
        stacked(embeddingSize, (i) => references[i]?.[k]),
        [batchSize, embeddingSize],
      );
      feeds[`rows${k}`] = float32(
        stacked(heightPx * sizePx, (i) => seen[i]?.rows),
        [batchSize, 1, heightPx, sizePx],
      );
      feeds[`columns${k}`] = float32(
        stacked(sizePx * widthPx, (i) => seen[i]?.columns),
        [batchSize, 1, sizePx, widthPx],
      );
    });
    return feeds;
  };

  return {
    sizePx,
    get queries() {
      return queries;
    },
    async see(faces, references, looks = []) {
      const seen: SeenFace[] = [];
      for (let first = 0; first < faces.length; first += batchSize) {
        const part = faces.slice(first, first + batchSize);
        const results = await session.run(
          feedsOf(part, references.slice(first, first + batchSize), looks.slice(first, first + batchSize)),
        );
        const { gradient } = results;
        if (gradient?.dtype !== 'float32') throw new ModelFileError('the gradient of an encoder is not float32');
        const similarities = encoders.map((_, k) => toNumbers(results[`similarity${k}`] as Tensor));
        for (let i = 0; i < part.length; i++)
          seen.push({
            gradient: gradient.data.slice(i * numbers, (i + 1) * numbers),
            similarities: similarities.map((column) => column[i] as number),
          });
        queries += part.length;
      }
      return seen;
    },
    close: () => session.release(),
  };
}

function gradientGraph(encoders: readonly DifferentiableEncoder[], sizePx: number, batchSize: number): Graph {
  const builder = new GraphBuilder('similarity-gradient');
  const face = builder.input('face', [batchSize, 3, sizePx, sizePx]);
  const visible = mul(face, builder.input('mask', [batchSize, 1, sizePx, sizePx]));
  const similarities = encoders.map((encoder, k) => similarityTo(encoder, visible, k, { sizePx, batchSize }));
  const [first, ...others] = similarities;
  if (!first) throw new CapabilityError('an attack by gradient needs an encoder');
  const mean = div(reduceSum(others.reduce((sum, one) => add(sum, one), first)), encoders.length);
  // Summed over the faces: each one's gradient is as if it were alone.
  const [gradient] = gradients(mean, [face]) as [Value];
  builder.output('gradient', gradient);
  similarities.forEach((similarity, k) => {
    builder.output(`similarity${k}`, similarity);
  });
  return builder.build();
}

function similarityTo(
  { id, graph, view, embeddingSize }: DifferentiableEncoder,
  visible: Value,
  k: number,
  { sizePx, batchSize }: { readonly sizePx: number; readonly batchSize: number },
): Value {
  if (!graph) {
    throw new CapabilityError(`the gradient of "${id}" cannot be had: its weights are not at hand`, {
      hint: 'attack it through surrogates, or with an attack that needs similarities or decisions alone',
    });
  }
  const { builder } = visible;
  const rows = builder.input(`rows${k}`, [batchSize, 1, view.heightPx, sizePx]);
  const columns = builder.input(`columns${k}`, [batchSize, 1, sizePx, view.widthPx]);
  const reference = builder.input(`reference${k}`, [batchSize, embeddingSize]);
  const { embedding } = builder.import(graph, { inputs: { face: sampleView(visible, rows, columns) } });
  if (!embedding) throw new ModelFileError(`the encoder "${id}" has no output "embedding"`);
  return cosine(embedding, reference);
}

/** The view's matrices after the face was resized and padded: rows [h,S] and columns [S,w]. */
function resizedMatrices(
  view: { readonly rows: Float32Array; readonly columns: Float32Array },
  resized: Look['resized'],
  sizePx: number,
): { readonly rows: Float32Array; readonly columns: Float32Array } {
  if (!resized) return view;
  const [heightPx, widthPx] = [view.rows.length / sizePx, view.columns.length / sizePx];
  const down = padMatrix(sizePx, resized.share, resized.y);
  const across = padMatrix(sizePx, resized.share, resized.x);
  const rows = new Float32Array(view.rows.length);
  const columns = new Float32Array(view.columns.length);
  for (let j = 0; j < sizePx; j++)
    for (const { from, weight } of down[j] ?? []) {
      for (let i = 0; i < heightPx; i++) {
        const at = i * sizePx + from;
        rows[at] = (rows[at] as number) + (view.rows[i * sizePx + j] as number) * weight;
      }
    }
  for (let j = 0; j < sizePx; j++)
    for (const { from, weight } of across[j] ?? []) {
      for (let i = 0; i < widthPx; i++) {
        const at = from * widthPx + i;
        columns[at] = (columns[at] as number) + (view.columns[j * widthPx + i] as number) * weight;
      }
    }
  return { rows, columns };
}

/** For each of `size` pixels after resizing to `share` and padding: the pixels that it is made of (linear); none in the padding. */
function padMatrix(
  size: number,
  share: number,
  at: number,
): readonly (readonly { readonly from: number; readonly weight: number }[])[] {
  const extent = Math.max(1, Math.round(size * share));
  const start = Math.round((size - extent) * at);
  return Array.from({ length: size }, (_, j) => {
    if (j < start || j >= start + extent) return [];
    const centre = ((j - start + 0.5) * size) / extent - 0.5;
    const low = Math.max(0, Math.min(size - 1, Math.floor(centre)));
    const high = Math.min(size - 1, low + 1);
    const fraction = Math.max(0, centre - low);
    return high === low
      ? [{ from: low, weight: 1 }]
      : [
          { from: low, weight: 1 - fraction },
          { from: high, weight: fraction },
        ];
  });
}
