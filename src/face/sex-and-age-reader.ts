import { GraphBuilder, type Value } from '../graph/builder.ts';
import { type Graph, withFreeBatch } from '../graph/graph.ts';
import { concat } from '../graph/ops/indexing.ts';
import { type BundledModelName, type BundledModelOptions, loadBundledModel } from '../runtime/bundled-models.ts';
import { createSession, type SessionOptions } from '../runtime/session.ts';
import { ModelFileError } from '../util/errors.ts';
import type { FaceView } from './alignment.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { readerFromGraph } from './open-attribute-reader.ts';

/** How a bundled network that tells sex and age is read. */
export interface SexAndAge {
  readonly view: FaceView;
  /** A portrait [N,3,h,w], RGB, 0..1, as the network wants it. */
  readonly input: (portrait: Value) => Value;
  /** Log-odds [N,1] of Male and of Young; undefined where the outputs are not there. */
  readonly logOdds: (outputs: Readonly<Record<string, Value>>) => readonly [Value, Value] | undefined;
}

/**
 * Opens a bundled network as a reader of Male and Young.
 *
 * @throws ModelFileError, StoreError as {@link loadBundledModel}; CapabilityError where the device is not offered.
 */
export async function openSexAndAgeReader(
  name: BundledModelName,
  options: BundledModelOptions & SessionOptions,
  reading: SexAndAge,
): Promise<AttributeReader> {
  const network = await loadBundledModel(name, options);
  const graph = readerGraph(name, network, reading);
  return readerFromGraph(graph, {
    session: await createSession(graph, options),
    id: name,
    hash: network.metadata.hash ?? '',
    attributes: ['Male', 'Young'],
    view: reading.view,
  });
}

/** `portrait` [N,3,h,w], RGB, 0..1 -> `log_odds` [N,2] of Male and Young. */
function readerGraph(name: BundledModelName, network: Graph, { view, input, logOdds }: SexAndAge): Graph {
  const builder = new GraphBuilder(`${name.replace('-', '_')}_reader`);
  const portrait = builder.input('portrait', [1, 3, view.heightPx, view.widthPx]);
  const found = logOdds(builder.import(network, { inputs: { input: input(portrait) } }));
  if (!found) throw new ModelFileError(`the bundled network ${name} gives no sex or no age`);
  builder.output('log_odds', concat(found, 1));
  builder.describe({ ...network.metadata, kind: 'attribute-reader', attributes: 'Male,Young' });
  return withFreeBatch(builder.build());
}
