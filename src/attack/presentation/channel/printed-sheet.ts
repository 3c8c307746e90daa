import type { Image } from '../../../image/image.ts';
import { resizeImage } from '../../../image/resize.ts';
import { LINEAR_OF_BYTE, luminanceOf } from '../../../image/srgb.ts';
import type { Random } from '../../../util/random.ts';
import { inkSquare } from './halftone.ts';
import { darkness, type Light } from './light.ts';
import type { PrintSettings } from './settings.ts';

/** Unevenness of paper: deviation of its reflectance, as a share. By eye. */
const PAPER_GRAIN = 0.012;

/**
 * The sheet as reflectance, margin included. The photo's tones are brought between paper and full ink, its colours towards grey, and each dot of the printer is then paper or ink.
 *
 * Source: Murray and Davies 1936: a screened tint reflects as the mean of its paper and its ink. Inks are taken as absorbing one channel each (block dyes), and nothing spreads in the paper.
 */
export function printSheet(photo: Image, settings: PrintSettings, texelMm: number, random: Random): Light {
  const { widthMm, marginMm, dotsPerInch, linesPerInch, paperWhite, paperWarmth, inkBlack, gamut } = settings;
  const dotsPerTexel = (texelMm * dotsPerInch) / 25.4;
  const margin = Math.round(marginMm / texelMm);
  const widthPx = Math.max(1, Math.round(widthMm / texelMm));
  const heightPx = Math.max(1, Math.round((widthPx * photo.heightPx) / photo.widthPx));
  const picture = resizeImage(photo, widthPx, heightPx);
  const sheet = darkness({ widthPx: widthPx + 2 * margin, heightPx: heightPx + 2 * margin });
  const paper = [paperWhite * (1 + paperWarmth / 2), paperWhite, paperWhite * (1 - paperWarmth / 2)];
  const [coverage, inked] = [new Float64Array(3), new Float64Array(3)];
  const screening = { dotsPerCell: dotsPerInch / linesPerInch };
  const dotAt = (texel: number): number => Math.ceil(texel * dotsPerTexel);
  for (let y = 0, o = 0; y < sheet.heightPx; y++) {
    const row = y - margin;
    for (let x = 0; x < sheet.widthPx; x++, o += 3) {
      const column = x - margin;
      const bare = row < 0 || column < 0 || row >= heightPx || column >= widthPx;
      if (bare) inked.fill(0);
      else {
        writeCoverage(picture.data, 3 * (row * widthPx + column), gamut, coverage);
        const square = { firstX: dotAt(x), endX: dotAt(x + 1), firstY: dotAt(y), endY: dotAt(y + 1) };
        inkSquare(coverage, square, screening, inked);
      }
      const grain = 1 + PAPER_GRAIN * random.normal();
      for (let k = 0; k < 3; k++) {
        const white = paper[k] as number;
        sheet.data[o + k] = grain * (white + (Math.min(inkBlack, white) - white) * (inked[k] as number));
      }
    }
  }
  return sheet;
}

function writeCoverage(data: Uint8Array, at: number, gamut: number, coverage: Float64Array): void {
  const red = LINEAR_OF_BYTE[data[at] as number] as number;
  const green = LINEAR_OF_BYTE[data[at + 1] as number] as number;
  const blue = LINEAR_OF_BYTE[data[at + 2] as number] as number;
  const grey = luminanceOf(red, green, blue);
  coverage[0] = 1 - grey - gamut * (red - grey);
  coverage[1] = 1 - grey - gamut * (green - grey);
  coverage[2] = 1 - grey - gamut * (blue - grey);
}
