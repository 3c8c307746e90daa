import type { MaskedPerson } from '../../defence/training/masking/masked-batch.ts';
import { resizeImage } from '../../image/resize.ts';
import { InputError } from '../../util/errors.ts';
import type { AuditFace } from '../subjects.ts';
import type { TrainingPerson } from '../training/people.ts';

/** Photos of one person that are measured on, at most, so that nobody has a larger part in a figure than others. */
const MEASURED_PHOTOS = 4;

/** People who are trained on, and who are linked, rebuilt and asked about. */
export interface TrainedPeople {
  /** As the training takes them: all photos but the held-out one, which is beside them. */
  readonly masked: readonly MaskedPerson[];
  /** As measurements take them: of each person as many photos at most. */
  readonly measured: readonly TrainingPerson[];
}

/** Photos that a person must have: one is held out, and three are left to be trained on. */
export const LEAST_PHOTOS = 4;

/**
 * People to be trained on: those with {@link LEAST_PHOTOS} photos or more, the last of which no training sees.
 *
 * @throws InputError where there are fewer than `least`.
 */
export function trainedPeople(
  byPerson: ReadonlyMap<string, readonly AuditFace[]>,
  { sizePx, least = 10 }: { readonly sizePx: number; readonly least?: number },
): TrainedPeople {
  const usable = [...byPerson].filter(([, faces]) => faces.length >= LEAST_PHOTOS);
  if (usable.length < least) {
    throw new InputError(`${usable.length} people on the training side have ${LEAST_PHOTOS} photos or more`, {
      hint: `${least} such people are needed: bring more photos of the same people`,
    });
  }
  const small = ({ image }: AuditFace) => resizeImage(image, sizePx, sizePx);
  return {
    masked: usable.map(([person, faces]) => ({
      person,
      faces: faces.slice(0, -1).map(small),
      ids: faces.slice(0, -1).map(({ id }) => id),
      heldOut: faces.slice(-1).map(small),
    })),
    measured: usable.map(([person, faces], label) => ({
      ...{ person, label },
      faces: faces.slice(0, -1).slice(0, MEASURED_PHOTOS),
      heldOut: faces.slice(-1),
    })),
  };
}
