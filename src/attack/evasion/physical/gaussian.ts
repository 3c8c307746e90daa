/** A symmetric kernel of sum 1: weights for distances 0, 1, 2, … pixels. */
export type Kernel = readonly number[];

/** Below this deviation a blur changes no pixel by a hundredth. */
const LEAST_DEVIATION_PX = 0.25;

/** The Gaussian of a deviation in pixels, out to three of them; one that is too narrow to matter is a single weight. */
export function gaussianKernel(deviationPx: number): Kernel {
  if (deviationPx < LEAST_DEVIATION_PX) return [1];
  const radius = Math.ceil(3 * deviationPx);
  const raw = Array.from({ length: radius + 1 }, (_, i) => Math.exp(-(i ** 2) / (2 * deviationPx ** 2)));
  const sum = raw.reduce((total, value, i) => total + (i === 0 ? 1 : 2) * value, 0);
  return raw.map((value) => value / sum);
}

/** Smooths square planes [C,S,S], rows and columns; beyond the edge the border is repeated. */
export function smoothPlanes(planes: Float32Array, sizePx: number, kernel: Kernel): Float32Array {
  if (kernel.length === 1) return planes;
  return pass(pass(planes, sizePx, kernel, { along: 'rows' }), sizePx, kernel, { along: 'columns' });
}

/** The exact transpose of {@link smoothPlanes}. */
export function spreadPlanes(planes: Float32Array, sizePx: number, kernel: Kernel): Float32Array {
  if (kernel.length === 1) return planes;
  const columns = pass(planes, sizePx, kernel, { along: 'columns', transposed: true });
  return pass(columns, sizePx, kernel, { along: 'rows', transposed: true });
}

function pass(
  planes: Float32Array,
  sizePx: number,
  kernel: Kernel,
  { along, transposed = false }: { readonly along: 'rows' | 'columns'; readonly transposed?: boolean },
): Float32Array {
  const out = new Float32Array(planes.length);
  const [stride, other] = along === 'rows' ? [1, sizePx] : [sizePx, 1];
  const radius = kernel.length - 1;
  for (let plane = 0; plane < planes.length; plane += sizePx ** 2) {
    for (let offset = -radius; offset <= radius; offset++) {
      const weight = kernel[Math.abs(offset)] as number;
      for (let place = 0; place < sizePx; place++) {
        const near = Math.min(sizePx - 1, Math.max(0, place + offset));
        let from = plane + (transposed ? place : near) * stride;
        let to = plane + (transposed ? near : place) * stride;
        for (let line = 0; line < sizePx; line++, from += other, to += other)
          out[to] = (out[to] as number) + weight * (planes[from] as number);
      }
    }
  }
  return out;
}
