import { GraphBuilder } from '../graph/builder.ts';
import { AGE_GENDER_SIZE_PX } from '../graph/faceapi-age-gender.ts';
import { type Graph, withFreeBatch } from '../graph/graph.ts';
import { div, mul, sub } from '../graph/ops/arithmetic.ts';
import { concat } from '../graph/ops/indexing.ts';
import { type BundledModelOptions, loadBundledModel } from '../runtime/bundled-models.ts';
import { createSession, type SessionOptions } from '../runtime/session.ts';
import { ModelFileError } from '../util/errors.ts';
import type { FaceView } from './alignment.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { readerFromGraph } from './open-attribute-reader.ts';

/** Of six boxes the one from which Young is read with the lowest cross-entropy, and Male nearly best, on 500 faces of CelebA's calibration people; dlib's own view. */
const VIEW: FaceView = {
  box: { x: 7, y: 22, width: 98, height: 98 },
  widthPx: AGE_GENDER_SIZE_PX,
  heightPx: AGE_GENDER_SIZE_PX,
};

/** The age from which on Young is rather absent, and the years that change its odds e-fold: the lowest cross-entropy on those faces. */
const YOUNG = { belowYears: 46, scaleYears: 6 } as const;

/**
 * Opens face-api's network for age and sex, which comes with that package, as a reader of Male and Young, on its own view of 112x112 px. It was trained by others on other data, so that it judges
 * independently of networks of ours, and of faceres.
 *
 * @throws ModelFileError, StoreError as {@link loadBundledModel}; CapabilityError where the device is not offered.
 */
export async function openAgeGenderReader(options: BundledModelOptions & SessionOptions): Promise<AttributeReader> {
  const network = await loadBundledModel('age-gender', options);
  const graph = readerGraph(network);
  return readerFromGraph(graph, {
    session: await createSession(graph, options),
    id: 'age-gender',
    hash: network.metadata.hash ?? '',
    attributes: ['Male', 'Young'],
    view: VIEW,
  });
}

/** `portrait` [N,3,112,112], RGB, 0..1 -> `log_odds` [N,2] of Male and Young. */
function readerGraph(network: Graph): Graph {
  const builder = new GraphBuilder('age_gender_reader');
  const portrait = builder.input('portrait', [1, 3, VIEW.heightPx, VIEW.widthPx]);
  const { male_log_odds: male, age } = builder.import(network, { inputs: { input: mul(portrait, 255) } });
  if (!male || !age) throw new ModelFileError('the bundled network age-gender gives no sex or no age');
  builder.output('log_odds', concat([male, div(sub(YOUNG.belowYears, age), YOUNG.scaleYears)], 1));
  builder.describe({ ...network.metadata, kind: 'attribute-reader', attributes: 'Male,Young' });
  return withFreeBatch(builder.build());
}
