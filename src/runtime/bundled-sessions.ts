import { type BundledModelOptions, loadBundledModel } from './bundled-models.ts';
import { createSession, type Session, type SessionOptions } from './session.ts';

/** The networks of the face pipeline, ready to run. */
export interface FaceSessions {
  /** BlazeFace. */
  readonly detector: Session;
  /** FaceMesh, 468 points. */
  readonly mesh: Session;
}

/**
 * Opens the networks that {@link createFacePipeline} needs, from the installed packages.
 *
 * @throws ModelFileError, StoreError as {@link loadBundledModel}; CapabilityError where the device is not offered.
 */
export async function openFaceSessions(options: BundledModelOptions & SessionOptions): Promise<FaceSessions> {
  const open = async (name: 'blazeface' | 'facemesh') => createSession(await loadBundledModel(name, options), options);
  const [detector, mesh] = await Promise.all([open('blazeface'), open('facemesh')]);
  return { detector, mesh };
}
