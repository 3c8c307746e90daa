import { medianOf } from '../../../metric/median.ts';
import type { Measurement } from '../checks/check.ts';
import { FLASH_LIGHT, FLASH_MS, type FlashColour, type Flashes, flashAt } from '../session/flashes.ts';
import { type FaceLight, regionalChange, type SkinLight, type SkinPoint } from './skin-light.ts';

/** Under which name {@link observeColourFlash} is stored, and read by `observedCheck`. */
export const COLOUR_FLASH_CHECK = 'colour-flash';

/** The light on a face at a time. */
export interface LitFrame {
  readonly timeMs: number;
  readonly light: FaceLight;
}

/** Before the first flash and after the last the screen is grey: so much of either is looked at. */
const MARGIN_MS = 500;

/** From what is shown until a frame shows it: display, camera, and the client's clock. */
const DELAYS_MS = [0, 50, 100, 150, 200, 250, 300] as const;

/** Frames with a face for each flash that was shown, at least. */
const FEWEST_FRAMES = 3;

/**
 * The weakest answer that counts as one: of both halves together, as a share of the room's light on the face, and by how much the halves' shares differ between its sides. What answers more weakly, as the glass of a
 * display does that mirrors the room, is near to none at all.
 */
const WEAKEST = { colour: 0.02, pattern: 0.002 } as const;

/**
 * How well the light on a face follows the colours that were flashed, 1 at best, about 0 where nothing does: the mean of two correlations, that of the colour of the whole face with the mean of both halves of the screen,
 * and that of the difference between its sides with the difference between the halves. Colours are logarithms of ratios to green, so that brightness and exposure drop out, less what they are at each point in the middle
 * of the frames, so that the skin's own colour does, and less a line in time, so that slow changes do. Both are lessened where the answer is weaker than any that counts ({@link WEAKEST}); one delay is fitted.
 *
 * It stops what was recorded before or is not lit by the screen. It misses who relights a face live, and paper, which reflects as skin does. The quality says how well the weakest answer could be seen in the noise: a
 * capture without any answer has a high one.
 */
export function observeColourFlash(frames: readonly LitFrame[], flashes: Flashes): Measurement {
  const [first, last] = [flashes[0], flashes.at(-1)];
  if (!first || !last) return { notApplicable: 'no colours were flashed' };
  const [from, to] = [first.atMs - MARGIN_MS, last.atMs + FLASH_MS + MARGIN_MS];
  const near = frames.filter(({ timeMs }) => timeMs >= from && timeMs <= to);
  const lights = near.map(({ light }) => light);
  const ofSide = (side: SkinPoint['side']): Float64Array[] =>
    RATIOS.map((ratio) => regionalChange(lights, (point) => point.side === side, ratio, lights));
  const [left, right] = [ofSide('left'), ofSide('right')];
  const seen = near.flatMap((_, f) => ([...left, ...right].some((values) => Number.isNaN(values[f])) ? [] : [f]));
  const flashed = seen.filter((f) => flashAt(flashes, near[f]?.timeMs ?? 0)).length;
  if (flashed < FEWEST_FRAMES * flashes.length)
    return { notApplicable: `skin is seen in ${flashed} frames of the flashes` };
  const timesMs = seen.map((f) => near[f]?.timeMs ?? 0);
  const answers = (of: (left: number, right: number) => number): number[][] =>
    RATIOS.map((_, k) => seen.map((f) => of(left[k]?.[f] ?? 0, right[k]?.[f] ?? 0)));
  const fits = DELAYS_MS.map((delayMs) => {
    const shown = timesMs.map((timeMs) => flashAt(flashes, timeMs - delayMs));
    const contrasts = (of: (left: number, right: number) => number): number[][] =>
      RATIOS.map((_, k) =>
        // The person's left half lights the side that is to the picture's right.
        shown.map((flash) => (flash ? of(contrastOf(flash.right, k), contrastOf(flash.left, k)) : 0)),
      );
    return {
      delayMs,
      colour: follows(answers(MEAN), contrasts(MEAN), timesMs, WEAKEST.colour),
      pattern: follows(answers(DIFFERENCE), contrasts(DIFFERENCE), timesMs, WEAKEST.pattern),
    };
  });
  const best = fits.reduce((found, fit) => (fit.colour.score > found.colour.score ? fit : found));
  const { colour, pattern, delayMs } = best;
  return {
    score: (colour.score + pattern.score) / 2,
    quality: 1 / (1 + (colour.error / (WEAKEST.colour / 2)) ** 2),
    reason: `colours followed by ${percent(colour.gain)} of the light (${colour.score.toFixed(2)}), sides by ${percent(pattern.gain)} (${pattern.score.toFixed(2)}), ${delayMs} ms late`,
  };
}

const MEAN = (left: number, right: number): number => (left + right) / 2;
const DIFFERENCE = (left: number, right: number): number => left - right;

/** Colours without brightness. */
const RATIOS: readonly ((light: SkinLight) => number)[] = [
  ({ red, green }) => red - green,
  ({ blue, green }) => blue - green,
];

/** What a colour adds to each of the ratios for each share of the room's light that it has, to first order: red less green and blue less green, at luminance 1. */
const contrastOf = (colour: FlashColour, ratio: number): number => {
  const [red, green, blue] = FLASH_LIGHT[colour];
  return (ratio === 0 ? red : blue) - green;
};

/** Squared contrasts, summed over the frames, below which nothing was shown but what rounding leaves of a line. */
const LEAST_ASKED = 1e-6;

/** How one thing follows another. */
interface Following {
  /** Answer for a contrast of 1. */
  readonly gain: number;
  /** Standard error of the gain by the noise from frame to frame. */
  readonly error: number;
  /** Correlation, lessened by the weakest gain that counts. */
  readonly score: number;
}

function follows(
  answers: readonly number[][],
  shown: readonly number[][],
  timesMs: readonly number[],
  weakest: number,
): Following {
  let [both, answered, asked] = [0, 0, 0];
  for (const [k, own] of answers.entries()) {
    const answer = withoutLine(own, timesMs);
    const contrast = withoutLine(shown[k] ?? [], timesMs);
    answer.forEach((value, i) => {
      const other = contrast[i] ?? 0;
      both += value * other;
      answered += value * value;
      asked += other * other;
    });
  }
  // Nothing is learnt from a colour that does not change, such as that of one flash alone.
  if (asked < LEAST_ASKED) return { gain: 0, error: Number.POSITIVE_INFINITY, score: 0 };
  // Half of the frames do not differ from the one before but by noise.
  const steps = answers.flatMap((own) => own.slice(1).map((value, i) => Math.abs(value - (own[i] ?? value))));
  const noise = medianOf(steps) / (0.6745 * Math.SQRT2);
  return {
    gain: both / asked,
    error: noise / Math.sqrt(asked),
    score: both / Math.sqrt(asked * (answered + weakest ** 2 * asked)),
  };
}

/** Values less the line in time that fits them best. */
function withoutLine(values: readonly number[], timesMs: readonly number[]): number[] {
  const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const [middle, middleMs] = [mean(values), mean(timesMs)];
  let [both, spread] = [0, 0];
  values.forEach((value, i) => {
    const since = (timesMs[i] ?? 0) - middleMs;
    both += since * (value - middle);
    spread += since * since;
  });
  const slope = spread > 0 ? both / spread : 0;
  return values.map((value, i) => value - middle - slope * ((timesMs[i] ?? 0) - middleMs));
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
