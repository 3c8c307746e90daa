/** Side of the table of a screen cell. */
const SIDE = 32;

/**
 * Thresholds of a clustered-dot screen cell, [32,32] over one period: ink falls where the wanted coverage is above the threshold. Every threshold from 0 to 1 is there equally often, so that the
 * share of inked dots is the wanted coverage.
 *
 * Source: the spot function cos(2 pi u) + cos(2 pi v), ranked; Ulichney, Digital Halftoning, 1987, chapter 5.
 */
const THRESHOLDS: Float32Array = rankedCell();

/** The usual angles of the screens for cyan, magenta and yellow, so that they do not interfere. Source: ISO 12647-2. */
const ANGLES = [15, 75, 0].map((degrees) => (degrees * Math.PI) / 180);

/** A square of printer's dots, counted from the sheet's upper left. */
export interface DotSquare {
  readonly firstX: number;
  readonly endX: number;
  readonly firstY: number;
  readonly endY: number;
}

/** How many dots make a cell of the screen. */
export interface Screening {
  readonly dotsPerCell: number;
}

/**
 * Counts the inked dots in a square of a sheet whose tone does not change within it.
 *
 * @param coverage - share of the dots that each ink (cyan, magenta, yellow) is to cover, 0..1.
 * @param inked - of each ink, the share that it does cover: overwritten.
 */
export function inkSquare(
  coverage: ArrayLike<number>,
  { firstX, endX, firstY, endY }: DotSquare,
  { dotsPerCell }: Screening,
  inked: Float64Array,
): void {
  const dots = (endX - firstX) * (endY - firstY);
  const scale = SIDE / dotsPerCell;
  for (let ink = 0; ink < 3; ink++) {
    const wanted = coverage[ink] as number;
    if (wanted <= 0 || wanted >= 1 || dots === 0) {
      inked[ink] = Math.max(0, Math.min(1, wanted));
      continue;
    }
    const [alongX, alongY] = [scale * Math.cos(ANGLES[ink] as number), scale * Math.sin(ANGLES[ink] as number)];
    let count = 0;
    for (let y = firstY; y < endY; y++) {
      let u = (firstX + 0.5) * alongX + (y + 0.5) * alongY;
      let v = (y + 0.5) * alongX - (firstX + 0.5) * alongY;
      for (let x = firstX; x < endX; x++) {
        const cell = (Math.floor(v) & (SIDE - 1)) * SIDE + (Math.floor(u) & (SIDE - 1));
        if (wanted > (THRESHOLDS[cell] as number)) count++;
        u += alongX;
        v -= alongY;
      }
    }
    inked[ink] = count / dots;
  }
}

function rankedCell(): Float32Array {
  const spot = Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [u, v] = [((i % SIDE) + 0.5) / SIDE, (Math.floor(i / SIDE) + 0.5) / SIDE];
    return Math.cos(2 * Math.PI * u) + Math.cos(2 * Math.PI * v);
  });
  const order = spot.map((_, i) => i).sort((a, b) => (spot[b] as number) - (spot[a] as number) || a - b);
  const out = new Float32Array(SIDE * SIDE);
  order.forEach((cell, rank) => {
    out[cell] = (rank + 0.5) / order.length;
  });
  return out;
}
