/** A mix as an equation: the sum of weights times unknown images is what was given away. Images by number, none twice. */
export interface MixEquation {
  readonly images: readonly number[];
  readonly weights: readonly number[];
}

/** What can be solved of a system of mixes. */
export interface MixSolution {
  /** Rank of the mixing matrix: how many numbers are known of each place of the images together. */
  readonly rank: number;
  /** Whether an image, by its number, is determined: no null vector of the mixing matrix moves it. */
  readonly determined: readonly boolean[];
  /** Images of parts that are too great for elimination, and were judged by their structure alone. */
  readonly judgedByStructure: number;
}

/** Coefficients below it count as zero: what differs by less of a face drowns in its rounding to 8 bits. */
const TOLERANCE = 1e-5;

/** Most images of a part that is eliminated: 18 MB, and some seconds. */
const GREATEST_PART = 1500;

/** How {@link solveMixes} works. */
export interface SolveOptions {
  /** Most images of a part that is eliminated; default 1500. */
  readonly greatestPart?: number;
}

/**
 * Tells which images a system of mixes determines, for somebody who knows who was mixed with what weight.
 *
 * The system falls into parts that share no image. Each is brought to reduced row echelon form; an image is determined where its row has no free column. A greater part is
 * judged by its structure, as if its weights had nothing to do with each other: there, an image is determined unless some largest matching of mixes with images leaves it out
 * (Dulmage and Mendelsohn 1958). That misses mixes which share the proportions of their weights.
 *
 * Cost: images^3 / 6 multiplications for a part that is eliminated, a few passes over the mixes for one that is not.
 *
 * @param count - of the images; each number of an equation is below.
 */
export function solveMixes(equations: readonly MixEquation[], count: number, options: SolveOptions = {}): MixSolution {
  const { greatestPart = GREATEST_PART } = options;
  const determined = new Array<boolean>(count).fill(false);
  let [rank, judgedByStructure] = [0, 0];
  for (const part of partsOf(equations, count)) {
    const isSmall = part.images.length <= greatestPart;
    const solved = isSmall ? eliminate(part) : matchUp(part);
    if (!isSmall) judgedByStructure += part.images.length;
    rank += solved.rank;
    part.images.forEach((image, i) => {
      determined[image] = solved.determined[i] as boolean;
    });
  }
  return { rank, determined, judgedByStructure };
}

/** Images that mixes connect, and these mixes; in them, images are numbered as they stand in `images`. */
interface Part {
  readonly images: readonly number[];
  readonly equations: readonly MixEquation[];
}

type Solved = Pick<MixSolution, 'rank' | 'determined'>;

function partsOf(equations: readonly MixEquation[], count: number): Part[] {
  const parents = Int32Array.from({ length: count }, (_, i) => i);
  const rootOf = (image: number): number => {
    let root = image;
    while (parents[root] !== root) {
      // Halves the way for those that come after.
      parents[root] = parents[parents[root] as number] as number;
      root = parents[root] as number;
    }
    return root;
  };
  for (const { images } of equations) {
    for (const image of images) parents[rootOf(image)] = rootOf(images[0] as number);
  }
  const numbers = Array.from({ length: count }, (_, image) => image);
  const members = Map.groupBy(numbers, rootOf);
  const places = new Int32Array(count);
  for (const images of members.values()) {
    images.forEach((image, place) => {
      places[image] = place;
    });
  }
  const own = Map.groupBy(equations, ({ images }) => rootOf(images[0] as number));
  return [...members].map(([root, images]) => ({
    images,
    equations: (own.get(root) ?? []).map((equation) => ({
      ...equation,
      images: equation.images.map((image) => places[image] as number),
    })),
  }));
}

/**
 * Keeps the reduced row echelon form while equations come in. A pivot's row has nothing but its own 1 and the free columns, and only these are stored and touched: an equation of
 * k images is reduced in k steps, and one that brings nothing new costs no more.
 */
function eliminate({ images, equations }: Part): Solved {
  const count = images.length;
  const rows: (Float64Array | undefined)[] = new Array<undefined>(count).fill(undefined);
  let free = Int32Array.from({ length: count }, (_, i) => i);
  for (const equation of equations) {
    if (free.length === 0) break;
    const row = new Float64Array(count);
    equation.images.forEach((image, i) => {
      const weight = equation.weights[i] as number;
      const known = rows[image];
      if (known) subtract(row, known, weight, free);
      else row[image] = (row[image] as number) + weight;
    });
    const pivot = free.reduce((a, b) => (Math.abs(row[b] as number) > Math.abs(row[a] as number) ? b : a));
    const value = row[pivot] as number;
    if (Math.abs(value) <= TOLERANCE) continue;
    free = free.filter((column) => column !== pivot);
    for (const column of free) row[column] = (row[column] as number) / value;
    for (const other of rows) {
      const factor = other?.[pivot] ?? 0;
      if (other && factor !== 0) subtract(other, row, factor, free);
    }
    rows[pivot] = row;
  }
  return {
    rank: count - free.length,
    determined: rows.map((row) => row !== undefined && free.every((i) => Math.abs(row[i] as number) <= TOLERANCE)),
  };
}

/** row -= factor * other, in these columns. */
function subtract(row: Float64Array, other: Float64Array, factor: number, columns: Int32Array): void {
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as number;
    row[column] = (row[column] as number) - factor * (other[column] as number);
  }
}

/**
 * Matches as many images as there can be with a mix each. From an image that stays alone every alternating path is a dead end, so no later search need enter it: what these
 * searches saw is just what some largest matching leaves out.
 */
function matchUp({ images, equations }: Part): Solved {
  const mixesOf: number[][] = images.map(() => []);
  equations.forEach((equation, mix) => {
    for (const image of equation.images) mixesOf[image]?.push(mix);
  });
  const imageOf = new Int32Array(equations.length).fill(-1);
  const mixOf = new Int32Array(images.length).fill(-1);
  const seenBy = new Int32Array(equations.length).fill(-1);
  const cameFrom = new Int32Array(equations.length);
  const determined = new Array<boolean>(images.length).fill(true);
  const search = (start: number): boolean => {
    const queue = [start];
    const seen: number[] = [];
    for (const image of queue) {
      for (const mix of mixesOf[image] ?? []) {
        if (seenBy[mix] !== -1) continue;
        seenBy[mix] = start;
        seen.push(mix);
        cameFrom[mix] = image;
        const taken = imageOf[mix] as number;
        if (taken !== -1) {
          queue.push(taken);
          continue;
        }
        augment(mix);
        // A search that succeeded leaves no dead ends.
        for (const one of seen) seenBy[one] = -1;
        return true;
      }
    }
    for (const image of queue) determined[image] = false;
    return false;
  };
  const augment = (last: number): void => {
    for (let mix = last; mix !== -1; ) {
      const image = cameFrom[mix] as number;
      const before = mixOf[image] as number;
      imageOf[mix] = image;
      mixOf[image] = mix;
      mix = before;
    }
  };
  const rank = images.reduce((sum, _, image) => sum + Number(search(image)), 0);
  return { rank, determined };
}
