import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { type Graph, withFreeBatch } from '../../../graph/graph.ts';
import { relu } from '../../../graph/ops/activation.ts';
import { mul } from '../../../graph/ops/arithmetic.ts';
import { float32 } from '../../../graph/tensor.ts';
import { batchNorm, linear } from '../../../nn/layers.ts';
import { binaryCrossEntropy } from '../../../nn/losses.ts';
import { adam } from '../../../nn/optimisers.ts';
import { FrozenParameters, type Parameters, scope } from '../../../nn/parameters.ts';
import { cosineSchedule, type Problem, train } from '../../../nn/training.ts';
import { Random } from '../../../util/random.ts';
import type { AttributeAttack, AttributeExamples, AttributeTrainingOptions } from './attack.ts';
import { requireExamples } from './examples.ts';
import { openAttributeModel } from './row-function.ts';
import { type DirectionScale, directionScale, standardiseDirections } from './standardised-embedding.ts';

const BATCH_SIZE = 128;

/** A classifier that learns by gradient descent. */
interface Form {
  /** Units of the hidden layer; none: logistic regression. */
  readonly hidden?: number;
  /** Share of what the last layer sees that each step leaves out: what keeps it from learning its examples by heart (Wager et al. 2013 for logistic regression). */
  readonly dropout: number;
  readonly steps: number;
  readonly learningRate: number;
}

/** All attributes at once by logistic regression on an embedding's direction. */
export const logisticRegression: AttributeAttack = {
  id: 'logistic',
  name: 'logistic regression',
  sees: 'embedding',
  train: (examples, options) => trainClassifier(examples, options, { dropout: 0.2, steps: 800, learningRate: 0.03 }),
};

/** A perceptron with one hidden layer, which finds what is not written along a line. */
export const perceptron: AttributeAttack = {
  id: 'perceptron',
  name: 'perceptron with one hidden layer',
  sees: 'embedding',
  train: (examples, options) =>
    trainClassifier(examples, options, { hidden: 256, dropout: 0.5, steps: 800, learningRate: 0.003 }),
};

async function trainClassifier(examples: AttributeExamples, options: AttributeTrainingOptions, form: Form) {
  const attributes = requireExamples(examples);
  const size = examples.inputs[0]?.length ?? 0;
  const scale = directionScale(examples.inputs);
  const steps = options.steps ?? form.steps;
  const features = form.hidden ?? size;
  const problem: Problem = {
    name: 'attribute classifier',
    seed: options.seed,
    optimiser: adam(),
    batch: {
      embedding: { shape: [BATCH_SIZE, size] },
      labels: { shape: [BATCH_SIZE, attributes] },
      dropout: { shape: [BATCH_SIZE, features] },
    },
    build: (p, { embedding, labels, dropout }) => {
      const logOdds = classifier(p, embedding as Value, { form, scale, attributes, dropout });
      return { loss: binaryCrossEntropy(logOdds, labels as Value) };
    },
  };
  const weights = await train(problem, {
    ...options,
    steps,
    learningRate: cosineSchedule(form.learningRate, steps),
    batch: (step) => {
      const random = new Random(options.seed).fork(`batch ${step}`);
      const rows = Array.from({ length: BATCH_SIZE }, () => random.integer(examples.inputs.length));
      const keep = 1 - form.dropout;
      const dropout = Float32Array.from({ length: BATCH_SIZE * features }, () =>
        random.uniform() < keep ? 1 / keep : 0,
      );
      return {
        embedding: float32(gathered(rows.map((row) => examples.inputs[row] ?? [])), [BATCH_SIZE, size]),
        labels: float32(gathered(rows.map((row) => (examples.labels[row] ?? []).map(Number))), [
          BATCH_SIZE,
          attributes,
        ]),
        dropout: float32(dropout, [BATCH_SIZE, features]),
      };
    },
  });
  const builder = new GraphBuilder('attribute_classifier');
  const frozen = new FrozenParameters(builder, weights);
  builder.output('log_odds', classifier(frozen, builder.input('embedding', [1, size]), { form, scale, attributes }));
  const graph: Graph = withFreeBatch(builder.build());
  return openAttributeModel(graph, options);
}

/** Embeddings [N,D] -> log-odds [N,attributes]. @param parts.dropout - [N,features of the last layer], in training. */
function classifier(
  p: Parameters,
  embedding: Value,
  parts: {
    readonly form: Form;
    readonly scale: DirectionScale;
    readonly attributes: number;
    readonly dropout?: Value | undefined;
  },
): Value {
  const { form, scale, attributes, dropout } = parts;
  const direction = standardiseDirections(embedding, scale);
  const features =
    form.hidden === undefined
      ? direction
      : relu(batchNorm(scope(p, 'norm'), linear(scope(p, 'hidden'), direction, form.hidden, { bias: false })));
  return linear(scope(p, 'head'), dropout ? mul(features, dropout) : features, attributes);
}

/** Rows of one length behind one another. */
function gathered(rows: readonly ArrayLike<number>[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(row, i * width);
  });
  return out;
}
