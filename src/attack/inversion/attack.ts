import type { Encoder } from '../../encoder/encoder.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Probes } from './generator-adapter.ts';
import type { Generator } from './latent-optimisation.ts';
import type { WhiteBoxTarget } from './template-optimisation.ts';

/** A trained inverter, ready to run. */
export interface Inverter {
  /** What it is, for reports: "inverter of dlib", "inverter of dlib behind an adapter from 256 pairs". */
  readonly name: string;
  /** Planar faces [3,128,128], RGB, 0..1, one per embedding. */
  invert(embeddings: readonly Float32Array[]): Promise<Float32Array[]>;
  /** The inverter as a generator whose latent is the standardised embedding, and the latent of a template: white-box goes on from there. */
  readonly asGenerator?: { readonly generator: Generator; latentOf(embedding: Float32Array): Float32Array };
  close(): Promise<void>;
}

/** What an attacker may use; what is not there, the attacker does not have. */
export interface InversionResources {
  readonly inverter?: Inverter;
  readonly generator?: Generator;
  /** What the encoder says of faces that the generator made. */
  readonly probes?: Probes;
  /** The encoder's weights: white-box. */
  readonly target?: WhiteBoxTarget;
}

/** Kinds of resource that an attack can need. */
export type InversionNeed = keyof InversionResources;

export interface InversionOptions extends JobOptions, SessionOptions {
  /** Iterations of the white-box attacks; default 100. */
  readonly iterations?: number;
  readonly random: Random;
}

/** A template-inversion attack: from embeddings to faces. */
export interface InversionAttack {
  /** Stable name, as rows of results show it. */
  readonly name: string;
  readonly access: 'black-box' | 'white-box';
  readonly needs: readonly InversionNeed[];
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /**
   * @returns planar faces [3,128,128], RGB, 0..1, filling the canonical frame; one per template.
   * @throws CapabilityError where a resource that it needs is not there.
   */
  invert(
    templates: readonly Float32Array[],
    resources: InversionResources,
    options: InversionOptions,
  ): Promise<Float32Array[]>;
}

/** The white-box view of an encoder; undefined where its weights are not at hand. */
export function whiteBoxTarget(encoder: Encoder): WhiteBoxTarget | undefined {
  return encoder.graph && { graph: encoder.graph, view: encoder.view, embeddingSize: encoder.embeddingSize };
}
