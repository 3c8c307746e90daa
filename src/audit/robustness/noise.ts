import { project, steepestDirection } from '../../attack/evasion/perturbation.ts';
import type { Image } from '../../image/image.ts';
import type { Random } from '../../util/random.ts';
import { type AdversarialFaces, pictureOf } from './adversarial-faces.ts';
import { type EvasionPair, planarProbes } from './pairs.ts';

/** The pairs' photos with random noise of the size that an attack is allowed: every value up or down by epsilon. What it achieves owes nothing to any encoder. */
export function noisyFaces(pairs: readonly EvasionPair[], epsilon: number, random: Random): AdversarialFaces {
  const images = planarProbes(pairs).flatMap((clean, i): Image[] => {
    const direction = steepestDirection(random.fork(`noise ${i}`).normals(clean.length), 'linf');
    const face = clean.map((value, k) => value + (epsilon / 255) * (direction[k] as number));
    project(face, clean, epsilon / 255, 'linf');
    return pictureOf(face);
  });
  return { attack: 'noise of equal size', perturbation: { norm: 'linf', epsilon, madeWith: [] }, pairs, images };
}
