import type { Colour } from '../../../image/outline.ts';
import type { Random } from '../../../util/random.ts';
import { drawView, type ViewedFace } from './random-view.ts';
import type { Region } from './regions.ts';
import { drawSlip, type Medium, wear } from './worn-face.ts';

/** What sets one physical attack apart from another; the loop and the measurement are {@link ./simulation.ts}'s. */
export interface WornRule {
  readonly region: Region;
  readonly medium: (sizePx: number) => Medium;
  /** The plain accessory of the control; its region where it is not the attack's own. */
  readonly control: { readonly colour: Colour; readonly region?: Region };
  /** Whether the accessory can slip on the face. */
  readonly slips: boolean;
  /** Weight of the mean non-printability beside the mean similarity; 0 where nothing is printed. */
  readonly printabilityWeight: number;
}

/** A face, what it is compared with, and where something is worn on it. */
export interface Wearer {
  /** Planar [3,S,S], 0..1. */
  readonly face: Float32Array;
  readonly references: readonly Float32Array[];
  /** [S,S], 0..1. */
  readonly mask: Float32Array;
  readonly controlMask: Float32Array;
}

/** A random view of a face that wears a texture, which sits a little otherwise each time; its gradient is brought back to the texture. */
export function viewWorn(
  face: Float32Array,
  texture: Float32Array,
  on: { readonly mask: Float32Array; readonly covers: boolean; readonly slips: boolean },
  random: Random,
): ViewedFace {
  const sizePx = Math.sqrt(on.mask.length);
  const worn = wear(face, texture, on, on.slips ? drawSlip(random, sizePx) : undefined);
  const { picture, pullBack } = drawView(random, sizePx)(worn.face);
  return { picture, pullBack: (gradient) => worn.pullBack(pullBack(gradient)) };
}
