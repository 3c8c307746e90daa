import { GraphBuilder, type Value } from '../graph/builder.ts';
import { type Graph, withFreeBatch } from '../graph/graph.ts';
import { clip } from '../graph/ops/activation.ts';
import { log, mul, sub } from '../graph/ops/arithmetic.ts';
import { concat, flip, slice } from '../graph/ops/indexing.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { float32 } from '../graph/tensor.ts';
import { type BundledModelOptions, loadBundledModel } from '../runtime/bundled-models.ts';
import { createSession, type SessionOptions } from '../runtime/session.ts';
import { ModelFileError } from '../util/errors.ts';
import { CANONICAL_VIEW, type FaceView } from './alignment.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { readerFromGraph } from './open-attribute-reader.ts';

/** The canonical frame at the size that the network was trained with; a margin of 7 or 13 units is no better on 500 faces of CelebA's calibration people. */
const VIEW: FaceView = { ...CANONICAL_VIEW, widthPx: 224, heightPx: 224 };

/** ImageNet's means, blue first, 0..255: what faceres was trained with (HSE-FaceRec), as {@link ../encoder/bundled.ts} feeds it. */
const BLUE_GREEN_RED_MEANS = [103.939, 116.779, 123.68] as const;

/**
 * Who is likelier below this age than not is Young. CelebA's Young has no age in years; of 25, 30, 33, 36, ... 50 this has the highest AUC and nearly the lowest
 * cross-entropy (0.280; 0.276 at 45) on 500 faces of CelebA's calibration people.
 */
const YOUNG_BELOW_YEARS = 42;

/** Probabilities closer to 0 or 1 than this say no more. */
const SURE = 1e-6;

/**
 * Opens the bundled faceres network as a reader of Male and Young, on its own view of 224x224 px. It was trained by others on other data (VGGFace2, IMDB-WIKI, by HSE-FaceRec), so that it judges
 * independently of networks of ours.
 *
 * @throws ModelFileError, StoreError as {@link loadBundledModel}; CapabilityError where the device is not offered.
 */
export async function openFaceresReader(options: BundledModelOptions & SessionOptions): Promise<AttributeReader> {
  const network = await loadBundledModel('faceres', options);
  const graph = faceresReaderGraph(network);
  return readerFromGraph(graph, {
    session: await createSession(graph, options),
    id: 'faceres',
    hash: network.metadata.hash ?? '',
    attributes: ['Male', 'Young'],
    view: VIEW,
  });
}

/** `portrait` [N,3,224,224], RGB, 0..1 -> `log_odds` [N,2] of Male and Young. */
function faceresReaderGraph(network: Graph): Graph {
  const builder = new GraphBuilder('faceres_reader');
  const portrait = builder.input('portrait', [1, 3, VIEW.heightPx, VIEW.widthPx]);
  const means = builder.constant(float32([...BLUE_GREEN_RED_MEANS], [1, 3, 1, 1]), 'means');
  const input = sub(mul(flip(portrait, 1), 255), means);
  const { male, age } = builder.import(network, { inputs: { input } });
  if (!male || !age) throw new ModelFileError('the bundled network faceres gives no sex or no age');
  // Of the 100 probabilities, each for a year, those below the limit.
  const young = reduceSum(slice(age, { starts: [0], ends: [YOUNG_BELOW_YEARS], axes: [1] }), [1], true);
  builder.output('log_odds', concat([logOdds(male), logOdds(young)], 1));
  builder.describe({ ...network.metadata, kind: 'attribute-reader', attributes: 'Male,Young' });
  return withFreeBatch(builder.build());
}

function logOdds(probability: Value): Value {
  const bounded = clip(probability, SURE, 1 - SURE);
  return sub(log(bounded), log(sub(1, bounded)));
}
