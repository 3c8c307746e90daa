import { reenact } from '../attack/presentation/reenactment/reenact.ts';
import { openReenactor } from '../attack/presentation/reenactment/reenactor.ts';
import type { AttackSpecies } from '../attack/presentation/species.ts';
import { readModel } from '../audit/inversion/shipped.ts';
import type { NetworkFrames, PresentationKit } from '../audit/liveness/presentations.ts';
import type { CutHead } from '../face/head-cut.ts';
import { createFacePipeline } from '../face/pipeline.ts';
import type { Image } from '../image/image.ts';
import { throughJpeg } from '../image/through-jpeg.ts';
import type { FaceSessions } from '../runtime/bundled-sessions.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';

/** Frames a second that reach the verification: the fewest that its sessions take. */
const FRAMES_PER_SECOND = 10;

/** What presentations are made with, and what has to be closed. */
export interface OpenedKit extends AsyncDisposable {
  readonly kit: PresentationKit;
  /** Species for which there is no network, with the reason. */
  readonly left: readonly { readonly species: AttackSpecies; readonly reason: string }[];
  /** Those that can be presented. */
  readonly species: readonly AttackSpecies[];
}

/**
 * Opens what the species are made with: a reenactor where one is given.
 *
 * @throws ModelFileError where the file is none.
 */
export async function openLivenessKit(
  species: readonly AttackSpecies[],
  files: { readonly reenactor?: string | undefined },
  driver: CutHead,
  sessions: FaceSessions,
  options: SessionOptions,
): Promise<OpenedKit> {
  const reenactor =
    files.reenactor === undefined ? undefined : await openReenactor(await readModel(files.reenactor), options);
  const networks: PresentationKit['networks'] = {
    ...(reenactor ? { reenactment: reenactedBy(reenactor, sessions) } : {}),
  };
  const left = species.flatMap((one) => {
    if (one.maker.kind !== 'network' || networks[one.maker.network]) return [];
    return [{ species: one, reason: REASONS[one.maker.network] }];
  });
  return {
    kit: {
      framesPerSecond: FRAMES_PER_SECOND,
      codecs: { jpeg: (frame, quality) => throughJpeg(frame, Math.round(quality)) },
      networks,
      driver,
    },
    left,
    species: species.filter((one) => !left.some(({ species: other }) => other === one)),
    [Symbol.asyncDispose]: async () => reenactor?.close(),
  };
}

/** Why a network's species is left out. */
const REASONS = {
  reenactment: 'no network was given (--reenactor, by faceward train reenactor)',
  swap: 'a network is trained for one person, and audits of many do not take one yet',
  gan: 'a face that is nobody’s is nobody’s to be compared with: it attacks enrolments, which are not audited yet',
} as const;

/** The photo moved by the driver's frames. */
function reenactedBy(reenactor: Awaited<ReturnType<typeof openReenactor>>, sessions: FaceSessions): NetworkFrames {
  const pipeline = createFacePipeline(sessions);
  return async (photo, driver) => {
    const [first] = driver.frames;
    const [face] = first ? await pipeline.detect(first) : [];
    if (!face) throw new InputError('the driver’s first frame shows no face');
    const frames: Image[] = [];
    for await (const { picture } of reenact(reenactor, photo.image, photo.face, {
      frames: driver.frames,
      face: face.box,
    }))
      frames.push(picture);
    return { framesPerSecond: driver.framesPerSecond, frames };
  };
}
