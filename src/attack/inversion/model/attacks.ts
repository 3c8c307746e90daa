import type { ModelInversionAttack } from './attack.ts';
import { boundaryRepulsion } from './boundary-repulsion.ts';
import { plugAndPlay } from './plug-and-play.ts';
import { randomStarts } from './random-starts.ts';

/** Every inversion of a trained model; a new one is its file and a line here. */
export const MODEL_INVERSION_ATTACKS: readonly ModelInversionAttack[] = [randomStarts, plugAndPlay, boundaryRepulsion];
