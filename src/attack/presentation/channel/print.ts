import type { Image } from '../../../image/image.ts';
import type { Random } from '../../../util/random.ts';
import type { Instrument } from './instrument.ts';
import { createShading, halfwayVectors, unit } from './paper-light.ts';
import { printSheet } from './printed-sheet.ts';
import { type ScreenLight, SHEET_NODES, screenOnSheet } from './screen-light.ts';
import type { PrintSettings } from './settings.ts';

/** Texels of the printed sheet for a pixel of the camera: what is finer than that the camera's pixel averages. */
const TEXELS_PER_PIXEL = 1.5;

/**
 * A photo on paper: printed once, dot by dot, then seen in every frame. It is lit from above by a lamp whose place the stream draws, and does not show a second frame.
 *
 * Printing counts every dot of the printer: about 0.2 s for a 150 mm sheet at 600 dots per inch; a frame takes about 3 ms at 256x256 px.
 *
 * @param pixelMm - what a pixel of the camera sees of the sheet.
 * @param screen - lights the sheet beside the lamp; default none.
 */
export function createPrint(
  photo: Image,
  settings: PrintSettings,
  pixelMm: number,
  random: Random,
  screen?: ScreenLight,
): Instrument {
  const { widthMm, marginMm, bendPerMetre, gloss } = settings;
  const heightMm = (widthMm * photo.heightPx) / photo.widthPx;
  const texelMm = pixelMm / TEXELS_PER_PIXEL;
  const sheet = printSheet(photo, settings, texelMm, random);
  const halfWidth = widthMm / 2 + marginMm;
  const halfHeight = heightMm / 2 + marginMm;
  const bendPerMm = bendPerMetre / 1000;
  const lamp = unit([random.uniform() - 0.5, -0.25 - 0.5 * random.uniform(), -1]);
  let halfway: Float32Array | undefined;
  return {
    bendPerMm,
    draw(_, view, lens, pose, scene, timeMs) {
      const lit = screenOnSheet(screen, { ...pose, bendPerMm, halfWidth }, timeMs);
      const exposure = 1 / (1 + (screen?.strength ?? 0));
      halfway ??= halfwayVectors(lamp, lens);
      const shading = createShading({ lamp, halfway, gloss, bendPerMm }, pose, lens);
      const { u, v, mmPerPx } = view;
      const { diffuse, mirrored } = shading;
      const { data, widthPx, heightPx } = sheet;
      for (let y = 0, i = 0, o = 0; y < lens.heightPx; y++) {
        shading.writeRow(y, u);
        for (let x = 0; x < lens.widthPx; x++, i++, o += 3) {
          const right = u[i] as number;
          const down = v[i] as number;
          const edge = Math.min(halfWidth - Math.abs(right), halfHeight - Math.abs(down)) / mmPerPx + 0.5;
          // A pixel that looks past the sheet has no place on it: NaN.
          if (!(edge > 0)) continue;
          const cover = Math.min(1, edge);
          // Bilinear; beyond the edge the sheet's texels are repeated.
          const sx = Math.min(widthPx - 1.001, Math.max(0, (right + halfWidth) / texelMm - 0.5));
          const sy = Math.min(heightPx - 1.001, Math.max(0, (down + halfHeight) / texelMm - 0.5));
          const ix = Math.max(0, sx | 0);
          const iy = Math.max(0, sy | 0);
          const fx = sx - ix;
          const fy = sy - iy;
          const p = 3 * (iy * widthPx + ix);
          const q = p + 3 * widthPx;
          const place = Math.min(SHEET_NODES - 1e-6, Math.max(0, ((right / halfWidth + 1) * SHEET_NODES) / 2));
          const node = 3 * (place | 0);
          const beyond = place - (place | 0);
          for (let k = 0; k < 3; k++) {
            const here = lit[node + k] as number;
            const light = (diffuse[x] as number) + here + ((lit[node + 3 + k] as number) - here) * beyond;
            const upper = (data[p + k] as number) * (1 - fx) + (data[p + 3 + k] as number) * fx;
            const lower = (data[q + k] as number) * (1 - fx) + (data[q + 3 + k] as number) * fx;
            const seen = (upper + (lower - upper) * fy) * light * exposure + (mirrored[x] as number);
            scene.data[o + k] = (scene.data[o + k] as number) * (1 - cover) + cover * seen;
          }
        }
      }
    },
  };
}
