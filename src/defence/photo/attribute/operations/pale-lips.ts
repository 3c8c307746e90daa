import type { Image } from '../../../../image/image.ts';
import type { Plane } from '../../../../image/plane.ts';
import { cellColours, type FaceGrid, faceGrid } from '../face-grid.ts';
import { lipMask } from '../face-mask.ts';
import type { FaceOperation } from './operation.ts';
import { recolour } from './recolouring.ts';
import { findSkin, labOf } from './skin.ts';

/** About the mouth, with room for a chin that hangs, in units of the canonical frame. */
const BOX = { x: 20, y: 66, width: 72, height: 60 };
const CELLS_PER_UNIT = 3;

/** The share of the way that lips go: from their hue to the cheeks', and from their lightness to a little less than the cheeks'. */
const TO_SKIN = { hue: 0.78, lightness: 0.5, lightnessOfCheeks: 0.93 } as const;

/** Pale lips: their red taken back nearly to the skin's tone, their form and shine as they were. */
export const paleLips: FaceOperation = {
  name: 'pale-lips',
  description: 'takes the red of the lips back towards the skin’s tone',
  apply(photo, face, { amount }) {
    const skin = amount > 0 ? findSkin(photo, face) : undefined;
    const grid = skin && faceGrid(photo, face, BOX, CELLS_PER_UNIT);
    if (!skin || !grid) return;
    const { tone } = skin;
    const mask = lipMask(grid, face, 0.9);
    const lips = meanLightness(photo, grid, mask);
    const factor = 1 + TO_SKIN.lightness * Math.max(0, (TO_SKIN.lightnessOfCheeks * tone.lightness) / lips - 1);
    recolour(photo, grid, [mask], (lab, [weights], x) => {
      const share = amount * (weights?.[x] as number);
      const lightness = lab[0] as number;
      const changed = lightness + share * (1 - lightness ** 4) * lightness * (factor - 1);
      const scale = changed / Math.max(lightness, 0.01);
      const hue = share * TO_SKIN.hue;
      lab[0] = changed;
      lab[1] = scale * (lab[1] as number) * (1 - hue) + hue * (tone.a / tone.lightness) * changed;
      lab[2] = scale * (lab[2] as number) * (1 - hue) + hue * (tone.b / tone.lightness) * changed;
    });
  },
};

/** Mean lightness of what a mask covers; 1 where that is nothing. */
function meanLightness(photo: Image, grid: FaceGrid, mask: Plane): number {
  const { lightness } = labOf(cellColours(photo, grid), grid);
  let [sum, total] = [0, 0];
  mask.data.forEach((weight, i) => {
    sum += weight * (lightness.data[i] as number);
    total += weight;
  });
  return total > 0.5 ? Math.max(0.05, sum / total) : 1;
}
