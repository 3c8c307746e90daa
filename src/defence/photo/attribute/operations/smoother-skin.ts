import { applyGuide, fitGuide } from '../../../../image/guided-filter.ts';
import { type Plane, smoothPlane } from '../../../../image/plane.ts';
import { cellColours, faceGrid } from '../face-grid.ts';
import type { FaceOperation } from './operation.ts';
import { recolourCells } from './recolouring.ts';
import { findSkin, labOf, skinOn } from './skin.ts';

/** The face with the upper neck, in units of the canonical frame, and cells fine enough for crow's feet. */
const BOX = { x: -10, y: -20, width: 132, height: 160 };
const CELLS_PER_UNIT = 2;

/** Deviation of what is too fine to be a fold, in units of the canonical frame: pores and grain. */
const PORE = 0.45;

/** What counts as a fold and not as the face's form: smaller than this, in units of the canonical frame, and of less variance of lightness. */
const FOLD = { reach: 3.2, variance: 0.045 ** 2 } as const;

/** The share of folds and blotches that is taken away; taken whole, skin looks like wax. */
const TAKEN = 0.8;

/**
 * Smoother skin, which hides age: folds, lines and blotches are evened out where they are fainter than the face's own edges. What is finer, pores and grain, stays, so that it still looks like skin.
 */
export const smootherSkin: FaceOperation = {
  name: 'smoother-skin',
  description: 'evens out folds, lines and blotches of the skin',
  apply(photo, face, { amount }) {
    const skin = amount > 0 ? findSkin(photo, face) : undefined;
    const grid = skin && faceGrid(photo, face, BOX, CELLS_PER_UNIT);
    if (!skin || !grid) return;
    const { lightness, a, b } = labOf(cellColours(photo, grid), grid);
    const guide = { radiusPx: Math.max(1, Math.round(FOLD.reach * grid.unitCells)), regularisation: FOLD.variance };
    const mask = skinOn(skin, grid);
    const detailOf = (plane: Plane): Plane => {
      const smooth = applyGuide(fitGuide(lightness, plane, guide), lightness);
      const coarse = smoothPlane(plane, PORE * grid.unitCells);
      const share = amount * TAKEN;
      // Into the smoothed plane, which nobody else has.
      for (let i = 0; i < mask.data.length; i++)
        smooth.data[i] = share * (mask.data[i] as number) * ((coarse.data[i] as number) - (smooth.data[i] as number));
      return smooth;
    };
    recolourCells(photo, grid, [mask, detailOf(lightness), detailOf(a), detailOf(b)], (lab, values, x) => {
      for (let k = 0; k < 3; k++) lab[k] = (lab[k] as number) - (values[k + 1]?.[x] as number);
    });
  },
};
