import type { LinkageStudent } from '../../attack/inference/linkage/student.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import type { ModelInversionAttack } from '../../attack/inversion/model/attack.ts';
import type { FrontSettings } from '../../defence/training/masking/front.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { AuditFace } from '../subjects.ts';
import type { AuditStore } from '../work-folder.ts';
import type { Gallery } from './gallery.ts';
import type { ModelKind, TrainingPerson } from './people.ts';

/** How much an attacker spends; what is not said is the attack's own default. */
export interface AttackEffort {
  readonly draws?: number;
  readonly candidates?: number;
  readonly iterations?: number;
  readonly views?: number;
  readonly maxQueries?: number;
}

/** What is audited, and how. */
export interface TrainingAuditOptions extends JobOptions, SessionOptions {
  readonly model: Encoder;
  readonly kind: ModelKind;
  /** Encoders that had no part in the model, nor in the attacks. */
  readonly judges: readonly [Encoder, ...Encoder[]];
  /** All people among whom made faces are looked for; those who are attacked are drawn of them. */
  readonly people: readonly TrainingPerson[];
  /** Faces of people whom the model was not trained on: the attacker's own. */
  readonly strangers: readonly AuditFace[];
  /** People attacked at most. */
  readonly attacked: number;
  /** When the time is spent, in milliseconds as of Date.now(): where it does not suffice, fewer people are attacked. Default: never. */
  readonly endsAt?: number;
  /** How often each attack is run, each time with other random numbers. */
  readonly seeds: number;
  readonly seed: number;
  readonly attacks: readonly ModelInversionAttack[];
  readonly generator: Generator;
  readonly effort: AttackEffort;
  /** The front of a recogniser that was trained on masked faces; of any other model there is none. */
  readonly front?: FrontSettings;
  /** Who learns to link what the front lets through; nobody: linkage is not measured. */
  readonly students: readonly LinkageStudent[];
  /** Steps of the network that learns to recover faces from what the front lets through; 0: that is not measured. */
  readonly recoverySteps: number;
  readonly store: AuditStore;
}

/** What all measurements of one audit share. */
export interface TrainingContext extends TrainingAuditOptions {
  readonly random: Random;
  /** Everybody among whom judges look for a face: the training people, and behind them for comparison as many strangers where an encoder is audited. */
  readonly everybody: readonly TrainingPerson[];
  /** Photos of each person that centres are made of, at most: strangers are compared with centres of as many. Undefined of a classifier, which is not compared: all. */
  readonly centrePhotos: number | undefined;
  /** What each judge knows of everybody. */
  readonly galleries: readonly Gallery[];
  /** Places of the attacked training people among everybody. */
  readonly places: readonly number[];
  /** Places of strangers who are attacked in the same way; none where a classifier is audited, which has no class of theirs. */
  readonly strangerPlaces: readonly number[];
  /** The seed of each run of an attack. */
  readonly runs: readonly number[];
}

/** Progress and interruption alone, of options that hold more. */
export const jobOf = ({ signal, onProgress }: JobOptions): JobOptions => ({
  ...(signal ? { signal } : {}),
  ...(onProgress ? { onProgress } : {}),
});

/** How sessions run alone, of options that hold more. */
export const sessionOf = ({ device, threads }: SessionOptions): SessionOptions => ({
  ...(device === undefined ? {} : { device }),
  ...(threads === undefined ? {} : { threads }),
});
