import type { Random } from '../../../util/random.ts';
import type { Instrument } from './instrument.ts';
import { daylight } from './light.ts';
import { type GridFrequency, gridProfile, PROFILE_STEPS, STRIPE_MIDDLES } from './pixel-grid.ts';
import type { ScreenLight } from './screen-light.ts';
import type { CameraSettings, ScreenSettings } from './settings.ts';
import type { Lens, SurfaceView } from './surface.ts';

/** A display's drive levels whose light is looked up: four for a byte. */
const LEVELS_PER_BYTE = 4;

/** Reflectance of the bezel, and light of the room on it. */
const BEZEL = 0.025;

/** Share of the light of the verification's own screen that a display's glass gives back, as a haze over all of it. By eye: glass reflects 4 %, most of it elsewhere than into the camera. */
const SHEEN = 0.02;

/** Entries of the glare's profile, out to four deviations. */
const GLARE_STEPS = 512;
const GLARE_DEVIATIONS = 4;

/**
 * A display that shows frames: its gamma, white and black, the grid of its pixels against the camera's, a backlight that flickers under a rolling shutter, the room's light and a lamp mirrored, a
 * dark bezel. About 3 ms a frame at 256x256 px.
 *
 * Sources: IEC 61966-2-1 for the pure power law beside sRGB's curve; IDMS 1.1 for black level and reflections. The display scales frames to its own pixels by bilinear interpolation.
 *
 * @param aspect - height of the picture over its width.
 * @param camera - its rolling shutter, and the blur of its lens, which the grid goes through before it meets the camera's own.
 * @param screen - the verification's, which it mirrors a little; default none.
 */
export function createScreen(
  settings: ScreenSettings,
  aspect: number,
  { readoutMs, defocusPx }: Pick<CameraSettings, 'readoutMs' | 'defocusPx'>,
  random: Random,
  screen?: ScreenLight,
): Instrument {
  const { widthMm, bezelMm, pixelsPerInch, veil, glare, glareSize, gridContrast } = settings;
  const heightMm = widthMm * aspect;
  const pitchMm = 25.4 / pixelsPerInch;
  const levels = driveLevels(settings);
  const glow = glareProfile(glare);
  const glareAt = { u: (random.uniform() - 0.5) * 0.8 * widthMm, v: (random.uniform() - 0.7) * 0.6 * heightMm };
  const perGlareMm = 1 / (glareSize * widthMm);
  const [halfWidth, halfHeight] = [widthMm / 2, heightMm / 2];
  return {
    bendPerMm: 0,
    draw(frame, view, lens, _, scene, timeMs) {
      const { u, v, mmPerPx } = view;
      const stripes = gridProfile('stripes', gridContrast, gridFrequency(u, lens, pitchMm), defocusPx);
      const rows = gridProfile('rows', gridContrast, gridFrequency(v, lens, pitchMm), defocusPx);
      const banding = bandingOf(settings, lens, readoutMs, timeMs);
      const [left, other] = screen?.coloursAt(timeMs) ?? [];
      const sheen = Float64Array.from(
        [0, 1, 2],
        (k) => (SHEEN * (screen?.strength ?? 0) * ((left?.[k] ?? 0) + (other?.[k] ?? 0))) / 2,
      );
      const { data, widthPx, heightPx } = frame;
      const stride = 3 * widthPx;
      for (let y = 0, i = 0, o = 0; y < lens.heightPx; y++) {
        const lit = banding[y] as number;
        for (let x = 0; x < lens.widthPx; x++, i++, o += 3) {
          const right = u[i] as number;
          const down = v[i] as number;
          const inside = Math.min(halfWidth - Math.abs(right), halfHeight - Math.abs(down));
          const outer = (inside + bezelMm) / mmPerPx + 0.5;
          // A pixel that looks past the display has no place on it: NaN.
          if (!(outer > 0)) continue;
          const cover = Math.min(1, outer);
          const shown = Math.min(1, Math.max(0, inside / mmPerPx + 0.5));
          const offU = (right - glareAt.u) * perGlareMm;
          const offV = (down - glareAt.v) * perGlareMm;
          const away = (offU * offU + offV * offV) * (GLARE_STEPS / GLARE_DEVIATIONS ** 2);
          const mirrored = veil + (away < GLARE_STEPS ? (glow[away | 0] as number) : 0);
          const sx = Math.min(widthPx - 1.001, Math.max(0, (right / widthMm + 0.5) * widthPx - 0.5));
          const sy = Math.min(heightPx - 1.001, Math.max(0, (down / heightMm + 0.5) * heightPx - 0.5));
          const ix = Math.max(0, sx | 0);
          const iy = Math.max(0, sy | 0);
          const fx = sx - ix;
          const fy = sy - iy;
          const p = iy * stride + 3 * ix;
          const q = p + stride;
          const column = right / pitchMm;
          const line = down / pitchMm;
          const gaps = (rows[((line - Math.floor(line)) * PROFILE_STEPS) | 0] as number) * lit * shown;
          for (let k = 0; k < 3; k++) {
            const upper = (data[p + k] as number) * (1 - fx) + (data[p + 3 + k] as number) * fx;
            const lower = (data[q + k] as number) * (1 - fx) + (data[q + 3 + k] as number) * fx;
            const drive = upper + (lower - upper) * fy;
            const phase = column - (STRIPE_MIDDLES[k] as number);
            const stripe = stripes[((phase - Math.floor(phase)) * PROFILE_STEPS) | 0] as number;
            const emitted = (levels[k] as Float32Array)[(LEVELS_PER_BYTE * drive) | 0] as number;
            const seen = emitted * stripe * gaps + BEZEL * (1 - shown) + mirrored + (sheen[k] as number);
            scene.data[o + k] = (scene.data[o + k] as number) * (1 - cover) + cover * seen;
          }
        }
      }
    },
  };
}

/** Light of each channel by drive level. */
function driveLevels({ gamma, whiteKelvin, brightness, blackLevel }: ScreenSettings): Float32Array[] {
  const white = daylight(whiteKelvin);
  // A display reaches its white by taking from the channels it has too much of.
  const strongest = Math.max(...white);
  return white.map((gain) =>
    Float32Array.from({ length: 255 * LEVELS_PER_BYTE + 1 }, (_, i) => {
      const drive = (i / (255 * LEVELS_PER_BYTE)) ** gamma;
      return brightness * (gain / strongest) * (blackLevel + (1 - blackLevel) * drive);
    }),
  );
}

const glareProfile = (glare: number): Float32Array =>
  Float32Array.from({ length: GLARE_STEPS }, (_, i) => {
    const edge = Math.exp(-(GLARE_DEVIATIONS ** 2) / 2);
    return (glare * (Math.exp((-i * GLARE_DEVIATIONS ** 2) / (2 * GLARE_STEPS)) - edge)) / (1 - edge);
  });

/** Periods of the grid for a pixel of the camera, in the middle of the frame. */
function gridFrequency(along: SurfaceView['u'], { widthPx, heightPx }: Lens, pitchMm: number): GridFrequency {
  const [x, y] = [widthPx >> 1, heightPx >> 1];
  const at = (column: number, row: number): number => along[row * widthPx + column] as number;
  const [left, up] = [Math.max(0, x - 1), Math.max(0, y - 1)];
  const alongX = (at(x, y) - at(left, y)) / Math.max(1, x - left) / pitchMm;
  const alongY = (at(x, y) - at(x, up)) / Math.max(1, y - up) / pitchMm;
  return { alongX: Number.isFinite(alongX) ? alongX : 0, alongY: Number.isFinite(alongY) ? alongY : 0 };
}

/** Light of each row, mean 1: rows are read one after the other while the backlight flickers. A period of it takes `heightPx / (flickerHz * readout)` rows. */
function bandingOf(
  { flickerHz, flickerDepth }: ScreenSettings,
  { heightPx }: Lens,
  readoutMs: number,
  timeMs: number,
): Float32Array {
  return Float32Array.from({ length: heightPx }, (_, row) => {
    const seconds = (timeMs + (readoutMs * row) / heightPx) / 1000;
    return 1 + flickerDepth * Math.cos(2 * Math.PI * flickerHz * seconds);
  });
}
