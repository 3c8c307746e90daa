import type { SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Goal } from './goal.ts';
import type { Norm } from './perturbation.ts';

/** Faces to perturb, and what they are compared with. */
export interface EvasionTask {
  readonly goal: Goal;
  /** Planar [3,S,S], RGB, 0..1, filling the canonical frame. */
  readonly faces: readonly Float32Array[];
  /**
   * For each face, the embedding of the photo that it is compared with, for each encoder of the gradient: another photo of the person to dodge (against the face's own
   * embedding the gradient is zero at the start), one of somebody else to impersonate.
   */
  readonly references: readonly (readonly Float32Array[])[];
}

/** What an attacker may use; what is not there, the attacker does not have. */
export interface EvasionResources {
  /** Gradient of the similarity: of the target itself (white-box), or of surrogates (transfer). */
  readonly gradient?: SimilarityGradient;
}

/** Kinds of resource that an attack can need. */
export type EvasionNeed = keyof EvasionResources;

/** What every attack takes beside its task. */
export interface EvasionOptions extends JobOptions {
  readonly norm: Norm;
  readonly random: Random;
}

/** How an attack looks for the smallest perturbation that succeeds. */
export interface SmallestOptions extends EvasionOptions {
  /** Of each of the gradient's encoders; a face succeeds where it does with all of them. */
  readonly thresholds: readonly Pick<Threshold, 'similarity'>[];
}

/** An adversarial face that succeeds, with the size of its perturbation ({@link sizeOfPerturbation}). */
export interface AdversarialFace {
  readonly face: Float32Array;
  readonly size: number;
}

/** An evasion attack: from faces to faces that are recognised otherwise. */
export interface EvasionAttack {
  /** Stable name, as rows of results show it. */
  readonly name: string;
  readonly needs: readonly EvasionNeed[];
  readonly norms: readonly Norm[];
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /**
   * Perturbs each face within its budget; absent where the attack has no budget but looks for the smallest perturbation by itself.
   *
   * @param epsilons - one for each face, as {@link sizeOfPerturbation} counts it.
   * @returns planar [3,S,S], RGB, 0..1, in order.
   * @throws CapabilityError where a resource that it needs is not there, or the norm is not one of its own.
   */
  readonly perturb?: (
    task: EvasionTask,
    epsilons: readonly number[],
    resources: EvasionResources,
    options: EvasionOptions,
  ) => Promise<Float32Array[]>;
  /** The smallest perturbation found that succeeds, for each face; undefined where none was. */
  readonly smallest: (
    task: EvasionTask,
    resources: EvasionResources,
    options: SmallestOptions,
  ) => Promise<(AdversarialFace | undefined)[]>;
}
