import { openRowFunction } from '../../attack/inference/attribute/row-function.ts';
import { recoveryGraph, trainRecovery } from '../../attack/inversion/recovery/recovery.ts';
import { type RecoveryQuality, recoveryQuality } from '../../attack/inversion/recovery/recovery-quality.ts';
import type { MaskedShape } from '../../attack/masked-shape.ts';
import { fromPlanar, toPlanar } from '../../image/tensor.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import type { Judge } from '../judge.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { MaskedExample } from './masked-sides.ts';

/** Factor on the channels of the recovery network. */
const WIDTH = 0.5;

/** What {@link recoverMixes} needs beside the faces. */
export interface RecoverMixesOptions extends JobOptions, SessionOptions {
  readonly shape: MaskedShape;
  readonly sizePx: number;
  readonly steps: number;
  readonly seed: number;
}

/** Faces that were recovered, and how well. */
export interface RecoveredMixes {
  readonly quality: RecoveryQuality;
  /** What the judge says of each. */
  readonly embeddings: readonly Float32Array[];
}

/**
 * The leading face of each mix as a network recovers it that learnt it from the attacker's own.
 *
 * Cost: about 0.1 s a step of one core for [36,8,8] to 64 px.
 *
 * @returns planar [3,S,S], RGB, 0..1.
 */
export async function recoverMixes(
  pairs: readonly MaskedExample[],
  targets: readonly MaskedExample[],
  { shape, sizePx, steps, seed, ...session }: RecoverMixesOptions,
): Promise<Float32Array[]> {
  const form = { shape, sizePx, width: WIDTH };
  const weights = await trainRecovery(
    pairs.map(({ masked, small }) => ({ masked, face: small })),
    { ...session, ...form, steps, seed },
  );
  const network = await openRowFunction(recoveryGraph(weights, form), session);
  return network.apply(targets.map(({ masked }) => masked)).finally(() => network.close());
}

/**
 * How near recovered faces come to the leading ones.
 *
 * @param recovered - planar [3,S,S] of each target.
 * @param judge - says whether it is still that person, at its threshold for FMR 0.1 %.
 */
export async function judgeRecovered(
  recovered: readonly Float32Array[],
  targets: readonly MaskedExample[],
  judge: Judge,
  { sizePx, seed, ...job }: JobOptions & { readonly sizePx: number; readonly seed: number },
): Promise<RecoveredMixes> {
  const size = { widthPx: sizePx, heightPx: sizePx };
  const embeddings = await judge.embedImages(
    recovered.flatMap((face) => fromPlanar(face, size)),
    job,
  );
  const faces = targets.map(({ person, small, template }, i) => ({
    person,
    recovered: recovered[i] as Float32Array,
    original: toPlanar([small]),
    similarity: cosineSimilarityOr(-1, embeddings[i] as Float32Array, template),
  }));
  const threshold = judge.thresholds.find(({ fmr }) => fmr === VERDICT_FMR)?.similarity;
  const quality = recoveryQuality(faces, {
    ...{ ...size, random: new Random(seed).fork('recovery'), draws: 500 },
    ...(threshold === undefined ? {} : { threshold }),
  });
  return { quality, embeddings };
}
