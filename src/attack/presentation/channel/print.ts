import type { Image } from '../../../image/image.ts';
import { resizeImage } from '../../../image/resize.ts';
import { LINEAR_OF_BYTE, luminanceOf } from '../../../image/srgb.ts';
import type { Random } from '../../../util/random.ts';
import { inkSquare } from './halftone.ts';
import type { HeldPose } from './hold.ts';
import type { Instrument } from './instrument.ts';
import { darkness, type Light } from './light.ts';
import { type ScreenLight, SHEET_NODES, screenOnSheet } from './screen-light.ts';
import type { PrintSettings } from './settings.ts';
import type { Lens } from './surface.ts';

/** Texels of the printed sheet for a pixel of the camera: what is finer than that the camera's pixel averages. */
const TEXELS_PER_PIXEL = 1.5;

/** Unevenness of paper: deviation of its reflectance, as a share. By eye. */
const PAPER_GRAIN = 0.012;

/** Share of the light that comes from everywhere. */
const AMBIENT = 0.6;

/** Width of the lamp's reflection: (n h)^64. */
const SHARPNESS_SQUARINGS = 6;

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

/** The light on a sheet as it is seen in one row of the frame: for each pixel a factor for the sheet's reflectance, and what is mirrored. */
interface Shading {
  /** @param u - of the whole view. */
  writeRow(y: number, u: Float32Array): void;
  readonly diffuse: Float64Array;
  readonly mirrored: Float64Array;
}

/** What does not change from frame to frame. */
interface Lighting {
  readonly lamp: Vector;
  /** For each pixel the direction halfway between the lamp's and the camera's: [height, width, 3], length 1. */
  readonly halfway: Float32Array;
  readonly gloss: number;
  readonly bendPerMm: number;
}

/** Lambert's law about a constant share, and Blinn's mirror lobe ("Models of light reflection for computer synthesized pictures", 1977). A sheet that faces the lamp's mean direction has 1. */
function createShading(
  { lamp, halfway, gloss, bendPerMm }: Lighting,
  { rotation }: HeldPose,
  { widthPx }: Lens,
): Shading {
  const [rightX = 0, , inX = 0, rightY = 0, , inY = 0, rightZ = 0, , inZ = 0] = rotation;
  const [lampX, lampY, lampZ] = lamp;
  const diffuse = new Float64Array(widthPx);
  const mirrored = new Float64Array(widthPx);
  return {
    diffuse,
    mirrored,
    writeRow(y, u) {
      for (let x = 0, i = y * widthPx, h = 3 * i; x < widthPx; x++, i++, h += 3) {
        const bend = bendPerMm * (u[i] as number);
        const sine = bendPerMm > 0 ? Math.sin(bend) : 0;
        const cosine = bendPerMm > 0 ? Math.cos(bend) : 1;
        const nx = rightX * sine - inX * cosine;
        const ny = rightY * sine - inY * cosine;
        const nz = rightZ * sine - inZ * cosine;
        const facing = Math.max(0, nx * lampX + ny * lampY + nz * lampZ);
        diffuse[x] = AMBIENT + (1 - AMBIENT) * (facing / -lampZ);
        const along = nx * (halfway[h] as number) + ny * (halfway[h + 1] as number) + nz * (halfway[h + 2] as number);
        let lobe = Math.max(0, along);
        for (let n = 0; n < SHARPNESS_SQUARINGS; n++) lobe *= lobe;
        mirrored[x] = gloss * lobe;
      }
    },
  };
}

function halfwayVectors([lampX, lampY, lampZ]: Vector, { widthPx, heightPx, focalPx }: Lens): Float32Array {
  const out = new Float32Array(3 * widthPx * heightPx);
  for (let i = 0; i < widthPx * heightPx; i++) {
    const [rayX, rayY] = [(i % widthPx) - (widthPx - 1) / 2, Math.floor(i / widthPx) - (heightPx - 1) / 2];
    const perLength = 1 / Math.sqrt(rayX * rayX + rayY * rayY + focalPx * focalPx);
    out.set(unit([lampX - rayX * perLength, lampY - rayY * perLength, lampZ - focalPx * perLength]), 3 * i);
  }
  return out;
}

type Vector = readonly [number, number, number];

function unit([x, y, z]: Vector): Vector {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}
