import type { Image } from '../../../image/image.ts';
import { fromPlanar, toPlanar } from '../../../image/tensor.ts';
import { type Norm, sizeOfPerturbation } from '../perturbation.ts';

/** How much of a perturbation is left each time that rounding has made it too large. */
const SHRINK = 0.97;

/**
 * The perturbed photo in 8 bits, still within the budget: rounding may enlarge a perturbation, which is then shrunk until it fits.
 *
 * @param perturbed - planar [3,H,W], RGB, 0..1, within `epsilon` of the photo.
 */
export function quantisePerturbation(photo: Image, perturbed: Float32Array, epsilon: number, norm: Norm): Image {
  const clean = toPlanar([photo]);
  // Of a hair more, as k / 255 is no exact number.
  const levels = Math.floor(255 * epsilon + 1e-3);
  for (let share = 1; ; share *= SHRINK) {
    const changed = clean.map((value, i) => {
      const change = Math.round(255 * share * ((perturbed[i] as number) - value));
      return value + (norm === 'linf' ? Math.min(levels, Math.max(-levels, change)) : change) / 255;
    });
    const [made = photo] = fromPlanar(changed, photo);
    if (norm === 'linf' || sizeOnPhoto(made, photo, norm) <= epsilon * (1 + 1e-6)) return made;
  }
}

/** {@link sizeOfPerturbation} of two photos of one size. */
export const sizeOnPhoto = (made: Image, photo: Image, norm: Norm): number =>
  sizeOfPerturbation(toPlanar([made]), toPlanar([photo]), norm);
