import type { SessionOptions } from '../../../runtime/session.ts';
import { CapabilityError, InputError } from '../../../util/errors.ts';
import type { JobOptions } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import type { Generator } from '../latent-optimisation.ts';
import type { LabelOracle } from './label-oracle.ts';
import type { ModelTarget } from './target.ts';

/** What an attacker on a trained model may use; what is not there, the attacker does not have. */
export interface ModelInversionResources {
  /** Of faces of other people. */
  readonly generator: Generator;
  /** The model's weights: white-box. */
  readonly target?: ModelTarget;
  /** The model's labels: all that a label-only attack has. */
  readonly oracle?: LabelOracle;
}

export interface ModelInversionOptions extends JobOptions, SessionOptions {
  readonly random: Random;
  /** Faces wanted of each class; default 1. */
  readonly facesPerClass?: number;
  /** Random latents among which the starts are sought, for all classes together; default 2,000. An attack that does not seek has no use for it. */
  readonly draws?: number;
  /** White-box: latents that are optimised for each class; default: the attack's own. */
  readonly candidates?: number;
  /** White-box: iterations; default: the attack's own. With 0 the starts themselves are given, which is the control for what optimising does. */
  readonly iterations?: number;
  /** White-box: random views in which the optimised faces are compared; default: the attack's own. */
  readonly views?: number;
  /** Label-only: the most queries for each face, those of the search for starts not counted; default 5,000. */
  readonly maxQueries?: number;
}

/** What an attack made of one class. */
export interface InvertedClass {
  readonly label: number;
  /**
   * Planar [3,128,128], RGB, 0..1, filling the canonical frame; the best first. Fewer than wanted where the attack found no more, and none where it gave up: a
   * failure, to be counted as one.
   */
  readonly faces: readonly Float32Array[];
  /** White-box: how sure the model is of each face, mean over the views, 0..1. It is the attacker's own hope: success is for a judge to say. */
  readonly confidences?: readonly number[];
  /** Label-only: queries for this class alone, the search for starts not counted. */
  readonly queries?: number;
}

/** An inversion of a trained model: from a class, which is a person of its training set, to faces of that person. */
export interface ModelInversionAttack {
  /** Stable word, as commands take it. */
  readonly id: string;
  /** Stable name, as rows of results show it. */
  readonly name: string;
  readonly access: 'white-box' | 'label-only';
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /**
   * @param classes - different classes of the model, 0..K-1.
   * @returns one entry for each of them, in order.
   * @throws CapabilityError where a resource that it needs is not there; InputError for a class that the model does not have.
   */
  invert(
    classes: readonly number[],
    resources: ModelInversionResources,
    options: ModelInversionOptions,
  ): Promise<InvertedClass[]>;
}

/** The attacks of a list that these resources allow. */
export function allowedAttacks(
  attacks: readonly ModelInversionAttack[],
  { target, oracle }: ModelInversionResources,
): ModelInversionAttack[] {
  return attacks.filter(({ access }) => (access === 'white-box' ? target : oracle) !== undefined);
}

/** The weights that a white-box attack needs. @throws CapabilityError */
export function needTarget(attack: string, { target }: ModelInversionResources): ModelTarget {
  if (target) return target;
  throw new CapabilityError(`the attack "${attack}" needs the model’s weights as .onnx (white-box), and has none`);
}

/** The labels that a label-only attack needs. @throws CapabilityError */
export function needOracle(attack: string, { oracle }: ModelInversionResources): LabelOracle {
  if (oracle) return oracle;
  throw new CapabilityError(`the attack "${attack}" needs the model’s labels, and has none`);
}

/** @throws InputError where classes are named twice, or one is not of the model. */
export function checkClasses(classes: readonly number[], classCount: number): void {
  const odd = classes.find((label) => !Number.isInteger(label) || label < 0 || label >= classCount);
  if (odd !== undefined) throw new InputError(`the model has classes 0 to ${classCount - 1}, and no class ${odd}`);
  if (new Set(classes).size < classes.length) throw new InputError('a class is to be inverted twice');
}
