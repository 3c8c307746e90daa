import type { EncoderView } from '../../encoder/encoder.ts';
import type { Graph } from '../../graph/graph.ts';
import { cosine } from '../../graph/ops/normalisation.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { ShapeError } from '../../util/errors.ts';
import type { Random } from '../../util/random.ts';
import type { Probes } from './generator-adapter.ts';
import {
  type Generator,
  type LatentObjective,
  type LatentOptimisationOptions,
  type OptimisedLatent,
  optimiseLatents,
} from './latent-optimisation.ts';

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

/** Options of {@link optimiseTemplates}. */
export interface TemplateOptimisationOptions extends LatentOptimisationOptions {
  readonly start: Start;
}

/** What the optimisation of one template gave. */
export interface InvertedTemplate extends Omit<OptimisedLatent, 'figures'> {
  /** Cosine similarity to the target at each iteration, as the (augmented) view gave it. */
  readonly similarity: readonly number[];
}

/**
 * White-box template inversion: latents are optimised until the encoder's embedding of the generated face is like the template ({@link optimiseLatents}).
 *
 * Source: the patent's second restoring module; selection and augmentation after Struppek et al. 2022 (PPA).
 */
export async function optimiseTemplates(
  templates: readonly Float32Array[],
  models: { readonly generator: Generator; readonly encoder: WhiteBoxTarget },
  options: TemplateOptimisationOptions,
): Promise<InvertedTemplate[]> {
  const { generator, encoder } = models;
  const starts = startLatents(templates, generator.latentSize, options.start, options.random);
  const tasks = templates.map((goal, i) => ({ goal, start: starts[i] as Float32Array }));
  const results = await optimiseLatents(tasks, { generator, objective: likeness(encoder) }, options);
  return results.map(({ latent, face, figures }) => ({ latent, face, similarity: figures }));
}

/** That the embedding points where the goal does. */
function likeness({ graph, view, embeddingSize }: WhiteBoxTarget): LatentObjective {
  return {
    view,
    goalSize: embeddingSize,
    build: (seen, goals) => {
      const { embedding } = seen.builder.import(graph, { inputs: { face: seen } });
      if (!embedding) throw new ShapeError(`the graph "${graph.name}" has no output "embedding"`);
      const similarity = cosine(embedding, goals);
      return { match: similarity, figure: similarity };
    },
  };
}

function startLatents(
  templates: readonly Float32Array[],
  latentSize: number,
  start: Start,
  random: Random,
): readonly Float32Array[] {
  switch (start.kind) {
    case 'given':
      if (start.latents.length !== templates.length) {
        throw new ShapeError(`${start.latents.length} latents are given for ${templates.length} templates`);
      }
      return start.latents;
    case 'random':
      return templates.map((_, i) => random.fork(`start ${i}`).normals(latentSize));
    case 'selected':
      return templates.map((template) => nearestProbe(template, start.probes));
  }
}

/** The latent of the probe whose embedding is most alike. */
function nearestProbe(template: Float32Array, { latents, embeddings }: Probes): Float32Array {
  let best = 0;
  let bestSimilarity = Number.NEGATIVE_INFINITY;
  embeddings.forEach((embedding, i) => {
    const similarity = cosineSimilarityOr(0, embedding, template);
    if (similarity > bestSimilarity) [best, bestSimilarity] = [i, similarity];
  });
  const latent = latents[best];
  if (!latent) throw new ShapeError('there are no probes to select a start from');
  return latent;
}
