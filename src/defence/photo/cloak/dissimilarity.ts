import { GraphBuilder } from '../../../graph/builder.ts';
import { float32, type Tensor, toNumbers } from '../../../graph/tensor.ts';
import { ssim } from '../../../nn/losses.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';

/** Side of the aligned face on which a cloak's visibility is measured, whatever the photo's own size: a budget means the same on every photo. */
export const MEASURED_PX = 224;

/** Structural dissimilarity of two aligned faces. */
export interface DissimilarityMeter {
  /**
   * (1 - SSIM) / 2: 0 for equal pictures, 0..1. About 5 ms.
   *
   * @param clean - planar [3,{@link MEASURED_PX},{@link MEASURED_PX}], RGB, 0..1; so is `changed`.
   */
  between(clean: Float32Array, changed: Float32Array): Promise<number>;
  close(): Promise<void>;
}

/** Opens the meter. SSIM as Wang et al. 2004 has it: {@link ssim}. */
export async function openDissimilarityMeter(options: SessionOptions = {}): Promise<DissimilarityMeter> {
  const shape = [1, 3, MEASURED_PX, MEASURED_PX];
  const builder = new GraphBuilder('structural-similarity');
  builder.output('ssim', ssim(builder.input('clean', shape), builder.input('changed', shape)));
  const session = await createSession(builder.build(), options);
  return {
    async between(clean, changed) {
      const results = await session.run({ clean: float32(clean, shape), changed: float32(changed, shape) });
      const [similarity = Number.NaN] = toNumbers(results.ssim as Tensor);
      return (1 - similarity) / 2;
    },
    close: () => session.release(),
  };
}
