/** How the size of a perturbation is measured. */
export type Norm = 'linf' | 'l2';

/**
 * Size of a perturbation of pixels in 0..1: `linf` the largest change of a value, `l2` the root mean square, ||d||2 / sqrt(d), as RobFR counts it. Times 255 it is
 * in grey levels.
 */
export function sizeOfPerturbation(perturbed: Float32Array, clean: Float32Array, norm: Norm): number {
  let largest = 0;
  let squares = 0;
  for (let i = 0; i < clean.length; i++) {
    const change = (perturbed[i] as number) - (clean[i] as number);
    largest = Math.max(largest, Math.abs(change));
    squares += change * change;
  }
  return norm === 'linf' ? largest : Math.sqrt(squares / clean.length);
}

/** The direction of size 1 along which a linear function rises fastest: the sign, or the gradient at root mean square 1. All zeros stay zeros. */
export function steepestDirection(gradient: Float32Array, norm: Norm): Float32Array {
  // Plain loops: each step of each attack comes through here, and map() with a function takes as long as a small encoder.
  const direction = new Float32Array(gradient.length);
  if (norm === 'linf') {
    for (let i = 0; i < direction.length; i++) direction[i] = Math.sign(gradient[i] as number);
    return direction;
  }
  let squares = 0;
  for (let i = 0; i < direction.length; i++) squares += (gradient[i] as number) ** 2;
  const scale = squares > 0 ? Math.sqrt(gradient.length / squares) : 0;
  for (let i = 0; i < direction.length; i++) direction[i] = (gradient[i] as number) * scale;
  return direction;
}

/**
 * Brings a perturbed face back, in place: within `epsilon` of the clean one, and within 0..1. Clipping the pixels cannot make a perturbation larger, so that both hold.
 *
 * @param epsilon - in the units of {@link sizeOfPerturbation}.
 */
export function project(perturbed: Float32Array, clean: Float32Array, epsilon: number, norm: Norm): void {
  const size = norm === 'l2' ? sizeOfPerturbation(perturbed, clean, norm) : 0;
  // Asked of the size, not of the ratio: an unchanged face under a budget of 0 would be 0 / 0.
  const shrink = size > epsilon ? epsilon / size : 1;
  const reach = norm === 'linf' ? epsilon : Number.POSITIVE_INFINITY;
  for (let i = 0; i < clean.length; i++) {
    const from = clean[i] as number;
    const change = ((perturbed[i] as number) - from) * shrink;
    perturbed[i] = Math.min(1, Math.max(0, from + Math.min(reach, Math.max(-reach, change))));
  }
}
