import { InputError } from '../util/errors.ts';
import { euclideanDistance, neighbourRadii } from './nearest-neighbour.ts';

/** How the features of generated faces lie among those of real ones. */
export interface Prdc {
  /** Share of the generated that lie within the real ones' neighbourhoods: are they like real ones? 0..1. */
  readonly precision: number;
  /** Share of the real that lie within the generated ones' neighbourhoods: 0..1. */
  readonly recall: number;
  /** Real neighbourhoods that a generated one lies in, on average, by k: about 1 where both are of one distribution; no upper limit. */
  readonly density: number;
  /** Share of the real in whose neighbourhood some generated one lies: is all of it reached? 0..1. */
  readonly coverage: number;
}

/** Neighbours where nothing else is asked: what the figures of model inversion are reported with. */
const NEIGHBOURS = 3;

/**
 * Precision, recall, density and coverage of features. A neighbourhood reaches to the k-th nearest of the same set, its border left out, as the authors' code has it. The figures
 * belong to the network that made the features and to both counts: name them.
 *
 * Cost: (real + generated)^2 / 2 + real * generated distances, on one thread.
 *
 * Sources: Kynkäänniemi et al. 2019 (precision, recall); Naeem et al., ICML 2020, equations 1 to 6.
 *
 * @param options.neighbours - k; default 3.
 * @throws InputError where a set has not more than k rows; ShapeError where lengths differ.
 */
export function prdc(
  real: readonly Float32Array[],
  generated: readonly Float32Array[],
  options: { readonly neighbours?: number } = {},
): Prdc {
  const { neighbours = NEIGHBOURS } = options;
  if (!Number.isInteger(neighbours) || neighbours < 1) throw new InputError(`${neighbours} neighbours`);
  const realRadii = neighbourRadii(real, neighbours);
  const generatedRadii = neighbourRadii(generated, neighbours);
  const within = new Uint8Array(generated.length);
  let [recalled, covered, memberships] = [0, 0, 0];
  real.forEach((face, i) => {
    let [isRecalled, isCovered] = [false, false];
    generated.forEach((other, j) => {
      const distance = euclideanDistance(face, other);
      if (distance < (realRadii[i] as number)) {
        memberships++;
        within[j] = 1;
        isCovered = true;
      }
      isRecalled ||= distance < (generatedRadii[j] as number);
    });
    recalled += Number(isRecalled);
    covered += Number(isCovered);
  });
  return {
    precision: within.reduce((sum, one) => sum + one, 0) / generated.length,
    recall: recalled / real.length,
    density: memberships / (neighbours * generated.length),
    coverage: covered / real.length,
  };
}
