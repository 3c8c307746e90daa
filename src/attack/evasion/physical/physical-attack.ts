import type { Image } from '../../../image/image.ts';
import type { Threshold } from '../../../metric/threshold.ts';
import type { JobOptions } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import type { EvasionNeed, EvasionResources, EvasionTask } from '../attack.ts';
import type { CanonicalMesh, Region } from './regions.ts';

/** Faces to put something on, and what they are compared with. */
export interface PhysicalTask extends EvasionTask {
  /** For each face its mesh, in units of the canonical frame (112 across): the accessory is then fitted to this face. Without one the canonical face's five points are taken. */
  readonly meshes?: readonly (CanonicalMesh | undefined)[];
}

export interface PhysicalOptions extends JobOptions {
  readonly random: Random;
  /** Of each of the gradient's encoders; a view succeeds where it does with all of them. */
  readonly thresholds: readonly Pick<Threshold, 'similarity'>[];
  /** Steps of the optimisation, default {@link DEFAULT_ITERATIONS}. */
  readonly iterations?: number;
  /** Random views of the face at each step, default {@link DEFAULT_VIEWS}; best a multiple of the gradient's batch, or the batch is filled up in vain. */
  readonly views?: number;
  /** Random views by which success is measured, default {@link DEFAULT_HELD_OUT_VIEWS}; none of them was optimised on. */
  readonly heldOutViews?: number;
  /** One texture for all faces of the task, which are then photos of one wearer: default false, one for each. */
  readonly isUniversal?: boolean;
}

/** A fifth of Sharif et al.'s 300, which brought impersonation 0.01 (a patch) and 0.05 (frames) of similarity further on one LFW face, in five times the time. */
export const DEFAULT_ITERATIONS = 60;

export const DEFAULT_VIEWS = 8;

export const DEFAULT_HELD_OUT_VIEWS = 32;

/** A face that wears something, and how a system would see it. */
export interface WornResult {
  /** The composited face, planar [3,S,S], RGB, 0..1, in the canonical frame; where the region is not, it is the bare face. */
  readonly face: Float32Array;
  /** The held-out views, in random pose and light and through JPEG, S x S, filling the canonical frame: what any other judge is to be asked about. */
  readonly views: readonly Image[];
  /** For each view its similarity to the reference, for each of the gradient's encoders. */
  readonly similarities: readonly (readonly number[])[];
  /** Share of the views for which the goal is reached with all encoders, 0..1. */
  readonly successShare: number;
}

/** What a physical attack came to for one face. */
export interface PhysicalResult extends WornResult {
  /** The same region, seen in the same views, with nothing adversarial in it. */
  readonly controls: {
    /** A plain accessory: black frames, a grey patch, red lipstick. */
    readonly plain: WornResult;
    /** A texture at random, as strong as the attack's may be. */
    readonly random: WornResult;
  };
}

/**
 * An attack by something that is worn, in simulation.
 *
 * Nothing that could be printed leaves it: a texture is never returned or written by itself, only composited on the face that wears it. Whoever writes such a face out
 * marks it ({@link ../../../image/mark.ts}).
 */
export interface PhysicalAttack {
  /** Stable name, as rows of results show it. */
  readonly name: string;
  readonly needs: readonly EvasionNeed[];
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /** What the attack may change: a mask [S,S], 0..1. */
  readonly region: Region;
  /**
   * Optimises what is worn over random views of the face, then measures it on views that it was not optimised on, beside its controls.
   *
   * Cost: iterations x views gradients a face (or in all, where universal), and three times `heldOutViews` for the figures.
   *
   * @returns a result for each face, in order.
   * @throws CapabilityError where there is no gradient; InputError where a count, the thresholds or the region make no sense; ShapeError where faces, references or meshes
   * do not fit each other.
   */
  simulate(task: PhysicalTask, resources: EvasionResources, options: PhysicalOptions): Promise<PhysicalResult[]>;
}
