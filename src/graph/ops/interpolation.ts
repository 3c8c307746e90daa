/** How an axis of `from` places becomes one of `to`; `scale` is the factor that the coordinates use. */
export interface AxisScale {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

/** Where place `place` of the result lies on the source's axis, by Resize's coordinate_transformation_mode; NaN for an unknown mode. */
export function sourceCoordinate(mode: string, place: number, { from, to, scale }: AxisScale): number {
  switch (mode) {
    case 'half_pixel':
      return (place + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return to > 1 ? (place + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to > 1 ? (place * (from - 1)) / (to - 1) : 0;
    case 'asymmetric':
      return place / scale;
    default:
      return Number.NaN;
  }
}

/** How values between places are found; the names are those of Resize's attributes. */
export interface Interpolation {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly nearest: string;
  readonly cubicCoefficient: number;
  readonly excludeOutside: boolean;
}

/** The matrix [sources, from] that takes an axis of `from` places to the coordinates `sources`: one row of weights for each. */
export function interpolationMatrix(sources: readonly number[], from: number, how: Interpolation): Float32Array {
  const matrix = new Float32Array(sources.length * from);
  sources.forEach((source, row) => {
    const taps =
      how.mode === 'nearest' ? [{ place: nearest(source, how.nearest), weight: 1 }] : tapsAround(source, how);
    const kept = how.excludeOutside ? taps.filter(({ place }) => place >= 0 && place < from) : taps;
    const total = how.excludeOutside ? kept.reduce((sum, { weight }) => sum + weight, 0) : 1;
    for (const { place, weight } of kept) {
      // Places beyond the border take the border's value.
      const index = row * from + Math.min(from - 1, Math.max(0, place));
      matrix[index] = (matrix[index] as number) + weight / total;
    }
  });
  return matrix;
}

function nearest(source: number, mode: string): number {
  switch (mode) {
    case 'floor':
      return Math.floor(source);
    case 'ceil':
      return Math.ceil(source);
    case 'round_prefer_ceil':
      return Math.floor(source + 0.5);
    default:
      return Math.ceil(source - 0.5);
  }
}

function tapsAround(source: number, { mode, cubicCoefficient: a }: Interpolation): { place: number; weight: number }[] {
  const first = Math.floor(source);
  const t = source - first;
  if (mode === 'linear') {
    return [
      { place: first, weight: 1 - t },
      { place: first + 1, weight: t },
    ];
  }
  // Keys (1981), with the free coefficient `a`.
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)].map((weight, i) => ({ place: first - 1 + i, weight }));
}
