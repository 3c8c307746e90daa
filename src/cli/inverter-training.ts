import type { Experiment } from '../attack/inversion/experiments.ts';
import { type InverterOptions, type TrainedInverter, trainInverter } from '../attack/inversion/inverter.ts';
import { type InversionPairs, MeanFaces } from '../attack/inversion/pairs.ts';
import { readModel, shippedGeneratorGraph } from '../audit/inversion/shipped.ts';
import { createJudge } from '../audit/judge.ts';
import type { AuditFace } from '../audit/subjects.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Weights } from '../nn/parameters.ts';
import { weightsOf } from '../nn/weights.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { planarFace } from './training-faces.ts';

/** Pairs of the faces' embeddings with their people's mean faces, asked of the encoder through its interface alone. */
export async function inversionPairs(
  encoder: Encoder,
  faces: readonly AuditFace[],
  job: JobOptions,
): Promise<InversionPairs> {
  const embeddings = await createJudge(encoder).embed(faces, job);
  const means = new MeanFaces();
  for (const { person, image } of faces) means.add(person, planarFace(image));
  const meanOf = means.finish();
  const place = new Map([...meanOf.keys()].map((person, i) => [person, i]));
  return {
    embeddings,
    person: Int32Array.from(faces, ({ person }) => place.get(person) ?? 0),
    meanFaces: [...meanOf.values()],
  };
}

/**
 * Weights of the inverse DCGAN to begin a training with.
 *
 * @param from - 'fresh', 'generator' (the shipped one's), or the path of a generator or inverter.
 * @throws InputError where 'generator' is asked for and none is shipped.
 */
export async function firstWeights(from: string): Promise<Weights | undefined> {
  if (from === 'fresh') return undefined;
  const graph = from === 'generator' ? await shippedGeneratorGraph() : await readModel(from);
  if (!graph) throw new InputError('no generator is shipped', { hint: 'begin with --begin fresh' });
  const isGenerator = graph.name === 'generator';
  const weights = weightsOf(graph, isGenerator ? 'decoder.' : '');
  // The input layer reads latents in a generator and embeddings in an inverter: of no use to each other, even where sizes agree.
  if (isGenerator) weights.delete('input.weight');
  return weights;
}

/** {@link trainInverter} with the fields that may be absent. */
export function runTraining(
  pairs: InversionPairs,
  experiment: Experiment,
  options: Omit<InverterOptions, 'experiment' | 'surrogate' | 'startFrom' | 'resume'> & {
    readonly surrogate?: InverterOptions['surrogate'] | undefined;
    readonly startFrom?: Weights | undefined;
    readonly resume?: InverterOptions['resume'] | undefined;
  },
): Promise<TrainedInverter> {
  const { surrogate, startFrom, resume, ...rest } = options;
  return trainInverter(pairs, {
    ...rest,
    experiment,
    ...(surrogate ? { surrogate } : {}),
    ...(startFrom ? { startFrom } : {}),
    ...(resume ? { resume } : {}),
  });
}
