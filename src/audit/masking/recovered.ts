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

/**
 * The leading face of each mix as a network recovers it that learnt it from the attacker's own.
 *
 * Cost: about 0.1 s a step of one core for [36,8,8] to 64 px.
 *
 * @param judge - who is shown what was recovered.
 */
export async function recoverMixes(
  pairs: readonly MaskedExample[],
  targets: readonly MaskedExample[],
  judge: Judge,
  { shape, sizePx, steps, seed, ...session }: RecoverMixesOptions,
): Promise<RecoveredMix[]> {
  const form = { shape, sizePx, width: WIDTH };
  const weights = await trainRecovery(
    pairs.map(({ masked, small }) => ({ masked, face: small })),
    { ...session, ...form, steps, seed },
  );
  const network = await openRowFunction(recoveryGraph(weights, form), session);
  const pictures = await network.apply(targets.map(({ masked }) => masked)).finally(() => network.close());
  const shown = await judge.embedImages(
    pictures.flatMap((face) => fromPlanar(face, { widthPx: sizePx, heightPx: sizePx })),
    session,
  );
  return pictures.map((picture, i) => ({ picture, shown: shown[i] as Float32Array }));
}

/** A recovered face, and what a judge says of it. */
export interface RecoveredMix {
  /** Planar [3,S,S]. */
  readonly picture: Float32Array;
  readonly shown: Float32Array;
}

/**
 * How near recovered faces come to the leading ones.
 *
 * @param recovered - of each target.
 * @param judge - who was shown them: whether it is still that person, at its threshold for FMR 0.1 %.
 */
export function qualityOfMixes(
  recovered: readonly RecoveredMix[],
  targets: readonly MaskedExample[],
  judge: Judge,
  { sizePx, seed }: Pick<RecoverMixesOptions, 'sizePx' | 'seed'>,
): RecoveryQuality {
  const faces = targets.map(({ person, small, template }, i) => {
    const { picture, shown } = recovered[i] as RecoveredMix;
    const similarity = cosineSimilarityOr(-1, shown, template);
    return { person, recovered: picture, original: toPlanar([small]), similarity };
  });
  const threshold = judge.thresholds.find(({ fmr }) => fmr === VERDICT_FMR)?.similarity;
  return recoveryQuality(faces, {
    ...{ widthPx: sizePx, heightPx: sizePx, random: new Random(seed).fork('recovery'), draws: 500 },
    ...(threshold === undefined ? {} : { threshold }),
  });
}
