/** Smooths planes, [C,S,S], by a Gaussian of the given deviation in pixels; beyond the edge the border is repeated. */
export function smoothPlanes(planes: Float32Array, sizePx: number, deviationPx: number): Float32Array {
  const reach = Math.ceil(3 * deviationPx);
  const window = Float32Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * deviationPx ** 2)),
  );
  const total = window.reduce((sum, weight) => sum + weight, 0);
  const weights = window.map((weight) => weight / total);
  const across = smoothLines(planes, sizePx, weights, { step: 1, line: sizePx });
  return smoothLines(across, sizePx, weights, { step: sizePx, line: 1 });
}

/** One pass: neighbours are `step` numbers apart, lines begin `line` numbers apart. */
function smoothLines(
  planes: Float32Array,
  sizePx: number,
  weights: Float32Array,
  { step, line }: { readonly step: number; readonly line: number },
): Float32Array {
  const reach = (weights.length - 1) / 2;
  const out = new Float32Array(planes.length);
  for (let plane = 0; plane < planes.length; plane += sizePx ** 2) {
    for (let l = 0; l < sizePx; l++) {
      const first = plane + l * line;
      for (let i = 0; i < sizePx; i++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) {
          const near = Math.min(sizePx - 1, Math.max(0, i + k));
          sum += (weights[k + reach] as number) * (planes[first + near * step] as number);
        }
        out[first + i * step] = sum;
      }
    }
  }
  return out;
}
