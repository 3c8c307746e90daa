import { type PlanarSize, psnr, ssim } from '../../../metric/image-quality.ts';
import { clusterBootstrap, clusterRate, type Estimate, type Rate } from '../../../metric/intervals.ts';
import { InputError } from '../../../util/errors.ts';
import type { Random } from '../../../util/random.ts';

/** A recovered face beside the one that was masked; both planar [3,S,S], RGB, 0..1. */
export interface RecoveredFace {
  readonly person: string;
  readonly recovered: Float32Array;
  readonly original: Float32Array;
  /** What an encoder that had no part in it says of the two: cosine similarity. */
  readonly similarity?: number;
}

/** How much of faces was recovered: secondary figures, on which no verdict rests. Intervals are over people. */
export interface RecoveryQuality {
  readonly faces: number;
  /** dB. */
  readonly psnr: Estimate;
  readonly ssim: Estimate;
  /** Share whose similarity reaches the threshold; undefined where none was given, or not every face has one. */
  readonly recognised: Rate | undefined;
}

/** Equal pictures have an infinite PSNR, of which there is no mean; it ends at what rounding to 8 bits leaves. */
const HIGHEST_PSNR = 10 * Math.log10(255 ** 2 * 12);

/**
 * PSNR, SSIM, and whether an encoder recognises who it is.
 *
 * @param options.threshold - of that encoder.
 * @throws InputError where there is no face; ShapeError where one has not the size given.
 */
export function recoveryQuality(
  faces: readonly RecoveredFace[],
  options: PlanarSize & { readonly random: Random; readonly threshold?: number; readonly draws?: number },
): RecoveryQuality {
  const { random, threshold, draws } = options;
  if (faces.length === 0) throw new InputError('there are no recovered faces to measure');
  const bootstrap = { random, ...(draws === undefined ? {} : { samples: draws }) };
  const people = [...Map.groupBy(faces, ({ person }) => person).values()];
  const mean = (of: (face: RecoveredFace) => number): Estimate =>
    clusterBootstrap(
      people.map((own) => own.map(of)),
      bootstrap,
    );
  const compared = faces.every(({ similarity }) => similarity !== undefined);
  return {
    faces: faces.length,
    psnr: mean(({ recovered, original }) => Math.min(HIGHEST_PSNR, psnr(recovered, original))),
    ssim: mean(({ recovered, original }) => ssim(recovered, original, options)),
    recognised:
      compared && threshold !== undefined
        ? clusterRate(
            people.map((own) => own.map(({ similarity }) => (similarity ?? -1) >= threshold)),
            bootstrap,
          )
        : undefined,
  };
}
