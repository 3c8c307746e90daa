import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generatorModel } from '../../attack/inversion/generator.ts';
import { type InverterModel, inverterModel } from '../../attack/inversion/inverter-file.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import type { Graph } from '../../graph/graph.ts';
import { readGraph } from '../../graph/onnx-file.ts';
import { dequantiseWeights } from '../../graph/quantisation.ts';
import { ModelFileError } from '../../util/errors.ts';

/** Folder of the models that come with Faceward: three folders up from src/audit/inversion and from dist/audit/inversion alike. */
const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));

/** Reads one of our own models, with its weights as float32 and the hash of its file as `metadata.sha256`. @throws ModelFileError where it cannot be read, or is no model. */
export async function readModel(path: string): Promise<Graph> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ModelFileError(`the model ${path} cannot be read`, { cause, hint: 'check the path' });
  });
  const graph = dequantiseWeights(readGraph(bytes));
  return { ...graph, metadata: { ...graph.metadata, sha256: createHash('sha256').update(bytes).digest('hex') } };
}

/** The inverters that come with Faceward: one for each bundled encoder. */
export async function shippedInverters(): Promise<InverterModel[]> {
  if (!existsSync(MODELS)) return [];
  const names = (await readdir(MODELS)).filter((name) => /^inverter-.*\.onnx$/.test(name)).sort();
  return Promise.all(names.map(async (name) => inverterModel(await readModel(`${MODELS}${name}`))));
}

/** The generator that comes with Faceward, as a graph. */
export const shippedGeneratorGraph = (): Promise<Graph | undefined> => shippedGraph('generator.onnx');

/** The generator that comes with Faceward. */
export async function shippedGenerator(): Promise<Generator | undefined> {
  const graph = await shippedGeneratorGraph();
  return graph && generatorModel(graph);
}

/** The presentation-attack network that comes with Faceward, as a graph. */
export const shippedPresentationNetwork = (): Promise<Graph | undefined> => shippedGraph('presentation-network.onnx');

/** The reenactor that comes with Faceward, as a graph. */
export const shippedReenactor = (): Promise<Graph | undefined> => shippedGraph('reenactor.onnx');

/** Where a model that comes with Faceward lies, by the name of its file. */
export const shippedModelFile = (name: string): string => `${MODELS}${name}`;

async function shippedGraph(name: string): Promise<Graph | undefined> {
  const path = shippedModelFile(name);
  return existsSync(path) ? readModel(path) : undefined;
}
