/** Width of a stripe of one colour, and height of a row without its gap, as shares of a display's pixel. */
const STRIPE = 1 / 3;
const ROW = 0.8;

/** Where the stripes of red, green and blue have their middle, as shares of a pixel. */
export const STRIPE_MIDDLES = [1 / 6, 3 / 6, 5 / 6] as const;

/** Of the Fourier series of a grid; what is finer no camera passes. */
const HARMONICS = 3;

/** Entries of a profile over one period. */
export const PROFILE_STEPS = 256;

/** How fast a grid's phase goes along the frame's axes, in periods for a pixel of the camera. */
export interface GridFrequency {
  readonly alongX: number;
  readonly alongY: number;
}

/**
 * How bright a display's grid is over one period, [256], mean 1, as a camera's pixels see it that are as wide as their distance: each harmonic is weakened by the lens's blur and by the pixel's
 * aperture. The camera then samples it once a pixel, which is what makes moire: a grid of f periods for a pixel is seen as one of f less the nearest whole number.
 *
 * Of one period for a pixel a blur of 0.6 pixels leaves 0.1 %: moire wants a sharp lens, or a coarse display that is near.
 *
 * @param contrast - 0 none, 1 a grid of sharp stripes.
 * @param blurPx - deviation of the lens's blur, in pixels of the camera.
 * Source: Sidorov and Kokaram, "Suppression of moire patterns via spectral analysis", 2002; a stripe of width d has the Fourier coefficients 2 sin(pi h d) / (pi h d), a Gaussian of deviation s
 * the transfer exp(-2 pi^2 s^2 f^2).
 */
export function gridProfile(
  kind: 'stripes' | 'rows',
  contrast: number,
  { alongX, alongY }: GridFrequency,
  blurPx: number,
): Float32Array {
  const width = kind === 'stripes' ? STRIPE : ROW;
  const out = new Float32Array(PROFILE_STEPS).fill(1);
  for (let h = 1; h <= HARMONICS; h++) {
    const lens = Math.exp(-2 * (Math.PI * blurPx * h) ** 2 * (alongX ** 2 + alongY ** 2));
    const height = 2 * contrast * lens * sinc(h * width) * sinc(h * alongX) * sinc(h * alongY);
    for (let i = 0; i < PROFILE_STEPS; i++) {
      out[i] = (out[i] as number) + height * Math.cos((2 * Math.PI * h * (i + 0.5)) / PROFILE_STEPS);
    }
  }
  return out;
}

/** sin(pi x) / (pi x). */
const sinc = (x: number): number => (Math.abs(x) < 1e-9 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
