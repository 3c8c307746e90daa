import type { SessionOptions } from '../../../runtime/session.ts';
import type { JobOptions } from '../../../util/progress.ts';

/** What an attacker has of other people: what is seen of their faces, and their attributes. */
export interface AttributeExamples {
  /** Embeddings [D] as the encoder gives them, or portraits planar [3,64,64], RGB, 0..1. */
  readonly inputs: readonly Float32Array[];
  /** For each input whether each of A attributes is there. */
  readonly labels: readonly (readonly boolean[])[];
}

export interface AttributeTrainingOptions extends JobOptions, SessionOptions {
  /** Of everything random: the same examples, seed and steps give the same model. */
  readonly seed: number;
  /** Training steps of an attack that learns in steps; default: its own. The others do not heed it. */
  readonly steps?: number;
}

/** An attribute-inference attack: from an embedding or a portrait to attributes that nobody meant to give away. */
export interface AttributeAttack {
  /** Stable, as files and rows of results have it: 'logistic', 'neighbours'. */
  readonly id: string;
  /** For reports: "logistic regression". */
  readonly name: string;
  readonly sees: 'embedding' | 'portrait';
  /** @throws InputError where there is no example; ShapeError where inputs or labels differ in length. */
  train(examples: AttributeExamples, options: AttributeTrainingOptions): Promise<AttributeModel>;
}

/** What an attack has learnt. */
export interface AttributeModel {
  /**
   * @returns for each input the log-odds [A] of the attributes, or figures that rise with them: thresholds are chosen on other people. Of an attribute that all examples have, or none, nothing was
   * learnt: its figures are finite and mean nothing.
   */
  score(inputs: readonly Float32Array[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}
