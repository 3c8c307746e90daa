import type { Threshold } from '../../metric/threshold.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Goal } from './goal.ts';
import type { DecisionOracle, SimilarityOracle } from './oracle.ts';
import type { Norm } from './perturbation.ts';

/** One face to perturb by asking. */
export interface QueryTask {
  readonly goal: Goal;
  /** Planar [3,S,S], RGB, 0..1. */
  readonly face: Float32Array;
  /** A face for which the goal is reached already: somebody else's to dodge, the target person's to impersonate. Attacks that see decisions alone walk from there. */
  readonly reached: Float32Array;
  readonly threshold: Pick<Threshold, 'similarity'>;
}

/** The system's answers: similarities, or decisions alone. */
export type Answers =
  | { readonly kind: 'similarity'; readonly oracle: SimilarityOracle }
  | { readonly kind: 'decision'; readonly oracle: DecisionOracle };

export interface QueryOptions extends JobOptions {
  /** The most that the face may be changed by ({@link sizeOfPerturbation}). */
  readonly epsilon: number;
  /** The most queries that may be spent. */
  readonly maxQueries: number;
  readonly random: Random;
}

/** What an attack by queries came to. */
export interface QueryResult {
  /** The last face, within the budget where `succeeded`. */
  readonly face: Float32Array;
  /** Whether the system was seen to be fooled by a face within epsilon. */
  readonly succeeded: boolean;
  /** Queries spent, the one that showed the success included. */
  readonly queries: number;
}

/** An evasion attack that only asks the system. */
export interface QueryAttack {
  readonly name: string;
  readonly needs: Answers['kind'];
  readonly norm: Norm;
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /** Ends with the first success, or when the queries are spent. @throws CapabilityError where the system gives less than it needs. */
  breach(task: QueryTask, answers: Answers, options: QueryOptions): Promise<QueryResult>;
}
