import { type ClipDriver, restOf } from '../attack/presentation/clip-driver.ts';
import { reenact } from '../attack/presentation/reenactment/reenact.ts';
import { openReenactor } from '../attack/presentation/reenactment/reenactor.ts';
import type { speciesNumber } from '../attack/presentation/species.ts';
import { animate } from '../attack/presentation/warp/animate.ts';
import { RETARGET_MODES } from '../attack/presentation/warp/retarget.ts';
import type { CutHead } from '../face/head-cut.ts';
import { landmarksOfMesh } from '../face/landmarks68.ts';
import type { Image } from '../image/image.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import { oneOf } from './option-values.ts';
import { readReenactor } from './reenactor-model.ts';

/** Moves a photo by a driver. What it makes bears no mark: it is written by `writeMarkedClip` alone. */
export interface PhotoMover extends AsyncDisposable {
  readonly method: 'warp' | 'reenactment';
  readonly mode: string;
  readonly species: Parameters<typeof speciesNumber>[0];
  /** A frame for each of the driver's. @throws InputError where the driver is not of the kind that is needed. */
  move(head: CutHead, driver: ClipDriver): Iterable<Image> | AsyncIterable<Image>;
}

/** A network has no depth of a face to lift it by. */
const NETWORK_MODES = ['relative', 'absolute'] as const;

/** By a network where one is given, else by warping. @throws InputError for a mode that there is not; ModelFileError where the file is no reenactor. */
export async function openPhotoMover(
  { mode, reenactor }: { readonly mode?: string | undefined; readonly reenactor?: string | undefined },
  options: SessionOptions,
): Promise<PhotoMover> {
  if (reenactor === undefined) return warpMover(oneOf(mode, '--mode', RETARGET_MODES) ?? 'lifted');
  const own = oneOf(mode, '--mode', NETWORK_MODES) ?? 'relative';
  const network = await openReenactor(await readReenactor(reenactor), options);
  return {
    method: 'reenactment',
    mode: own,
    species: 'inject-clip-reenactment',
    async *move({ image, face }, driver) {
      if (!driver.film)
        throw new InputError('a network moves a photo by what it sees of the driver', {
          hint: 'with --reenactor the driver is a video or a folder of frames',
        });
      const { picture } = restOf(driver);
      const driving = { ...driver.film, ...(picture ? { reference: picture } : {}) };
      for await (const made of reenact(network, image, face, driving, { mode: own })) yield made.picture;
    },
    [Symbol.asyncDispose]: () => network.close(),
  };
}

const warpMover = (mode: (typeof RETARGET_MODES)[number]): PhotoMover => ({
  method: 'warp',
  mode,
  species: `inject-warp-${mode}`,
  move: ({ image, face }, { track }) => animate(image, landmarksOfMesh(face.mesh), track, { mode }),
  [Symbol.asyncDispose]: async () => {},
});
