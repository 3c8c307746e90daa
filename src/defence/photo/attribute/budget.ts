/** How like its original a protected face is to one encoder, and how like it has to stay. */
export interface Match {
  /** Id of the encoder. */
  readonly encoder: string;
  /** What both photos went through before they were compared, such as "jpeg-75". */
  readonly after: string;
  /** Cosine, -1..1. */
  readonly similarity: number;
  /** The least that keeps the match. */
  readonly limit: number;
}

/** The strongest change within a budget. */
export interface FoundStrength {
  /** 0..1; 0 where even a slight change breaks a match. */
  readonly strength: number;
  /** As measured at this strength. */
  readonly matches: readonly Match[];
  /** The encoder whose limit held it back; undefined where the whole change fits. */
  readonly bound: string | undefined;
}

/** A change below this is none: it would only leave a trace. */
const LEAST_STRENGTH = 0.05;

/** The search ends where the strengths that fit and that do not lie this near, or after this many measurements. */
const PRECISION = 0.03;
const MEASUREMENTS = 6;

/**
 * Finds the strongest change at which every match holds, on the understanding that similarity falls as strength grows. Whatever it gives was measured and holds, even where
 * that is not so.
 *
 * A similarity of 1 - d at full strength is about 1 - d s^2 at strength s, which places the first guess; then the interval is narrowed by the same rule between its ends.
 *
 * @param matchesAt - measures all encoders after all that photos go through, at a strength above 0 and up to 1; asked at most six times.
 */
export async function strongestWithin(
  matchesAt: (strength: number) => Promise<readonly Match[]>,
): Promise<FoundStrength> {
  const whole = { strength: 1, matches: await matchesAt(1) };
  if (holds(whole.matches)) return { ...whole, bound: undefined };
  let fits: Measured = { strength: 0, matches: whole.matches.map((match) => ({ ...match, similarity: 1 })) };
  let breaks: Measured = whole;
  for (let k = 1; k < MEASUREMENTS && breaks.strength - fits.strength > PRECISION; k++) {
    const strength = guessBetween(fits, breaks);
    const measured = { strength, matches: await matchesAt(strength) };
    if (holds(measured.matches)) fits = measured;
    else breaks = measured;
    if (breaks.strength < LEAST_STRENGTH) break;
  }
  const bound = tightest(breaks.matches)?.encoder;
  if (fits.strength >= LEAST_STRENGTH) return { ...fits, bound };
  return { strength: 0, matches: fits.matches.map((match) => ({ ...match, similarity: 1 })), bound };
}

interface Measured {
  readonly strength: number;
  readonly matches: readonly Match[];
}

const holds = (matches: readonly Match[]): boolean => matches.every(({ similarity, limit }) => similarity >= limit);

/** By how much a match holds, of what it could: negative where it is broken. */
const marginOf = ({ similarity, limit }: Match): number => (similarity - limit) / Math.max(1e-6, 1 - limit);

const tightest = (matches: readonly Match[]): Match | undefined =>
  matches.toSorted((a, b) => marginOf(a) - marginOf(b))[0];

/** Where the margin, taken as linear in the square of the strength, passes zero; a little below, and never so near an end that nothing is learnt. */
function guessBetween(fits: Measured, breaks: Measured): number {
  const [low, high] = [fits.strength ** 2, breaks.strength ** 2];
  const margins = breaks.matches.map((match, i) => {
    const held = fits.matches[i];
    return [held ? marginOf(held) : 1, marginOf(match)] as const;
  });
  const shares = margins.map(([above, below]) => (below >= 0 ? 1 : above / (above - below)));
  const width = breaks.strength - fits.strength;
  const guess = 0.97 * Math.sqrt(low + Math.min(...shares) * (high - low));
  return Math.min(breaks.strength - 0.15 * width, Math.max(fits.strength + 0.15 * width, guess));
}
