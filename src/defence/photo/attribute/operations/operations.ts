import { bagsUnderEyes } from './bags-under-eyes.ts';
import { beard } from './beard.ts';
import { longerLashes } from './longer-lashes.ts';
import type { FaceOperation } from './operation.ts';
import { paleLips } from './pale-lips.ts';
import { darkerSkin, lighterSkin } from './skin-tone.ts';
import { smootherSkin } from './smoother-skin.ts';
import { wrinkles } from './wrinkles.ts';

/** All operations that are drawn on a photo. */
export const FACE_OPERATIONS: readonly FaceOperation[] = [
  lighterSkin,
  darkerSkin,
  wrinkles,
  smootherSkin,
  longerLashes,
  paleLips,
  beard,
  bagsUnderEyes,
];
