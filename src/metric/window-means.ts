/** A point of a series; undefined where there was no number. */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number | undefined;
}

/** Neighbouring points of a series as one. */
export interface SeriesWindow {
  /** Middle of the window. */
  readonly x: number;
  /** Mean, least and greatest of its numbers; undefined where it has none. */
  readonly y: { readonly mean: number; readonly low: number; readonly high: number } | undefined;
  /** How many of its points had no number. */
  readonly missing: number;
}

/** Thins a series, whose x rise, to `count` windows at most, of equally many points each; the last may have fewer. Points without a number are counted, and are in no mean. */
export function windowMeans(points: readonly SeriesPoint[], count: number): SeriesWindow[] {
  const size = Math.max(1, Math.ceil(points.length / count));
  return Array.from({ length: Math.ceil(points.length / size) }, (_, window) => {
    const own = points.slice(window * size, (window + 1) * size);
    const numbers = own.flatMap(({ y }) => (y === undefined ? [] : [y]));
    const [first, last] = [own[0]?.x ?? 0, own.at(-1)?.x ?? 0];
    return { x: (first + last) / 2, y: spread(numbers), missing: own.length - numbers.length };
  });
}

function spread(numbers: readonly number[]): SeriesWindow['y'] {
  if (numbers.length === 0) return undefined;
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  // Rounding may carry a mean of equal numbers past them.
  const mean = Math.min(high, Math.max(low, numbers.reduce((sum, value) => sum + value, 0) / numbers.length));
  return { mean, low, high };
}
