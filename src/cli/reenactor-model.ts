import { readModel, shippedReenactor } from '../audit/inversion/shipped.ts';
import type { Graph } from '../graph/graph.ts';
import { ModelFileError } from '../util/errors.ts';

/** In place of a file: the reenactor that comes with Faceward. */
export const OWN_REENACTOR = 'faceward';

/** The reenactor of this name, or in this file. @throws ModelFileError where it cannot be read. */
export async function readReenactor(spec: string): Promise<Graph> {
  if (spec !== OWN_REENACTOR) return readModel(spec);
  const own = await shippedReenactor();
  if (own) return own;
  throw new ModelFileError('this copy of Faceward comes without a reenactor', {
    hint: 'train one: faceward train reenactor',
  });
}
