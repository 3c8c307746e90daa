import type { Encoder } from '../../encoder/encoder.ts';
import { wrapEncoder } from '../../encoder/wrapped-encoder.ts';
import type { Image } from '../../image/image.ts';
import { hashBytes, Random } from '../../util/random.ts';
import type { InputDefence } from './input-defence.ts';

/**
 * An encoder that sees every face through input defences. It is an encoder like any other: its thresholds and its accuracy are its own, and are to be measured.
 *
 * Its graph is that of the encoder behind the defences: whoever attacks by it passes the defences backwards as if they were not there (BPDA, Athalye et al. 2018), and
 * is judged with them.
 *
 * @param options.seed - of random defences, whose draws hang on it and on the picture alone: the same picture is treated alike whenever it comes, so that what was measured can be measured again.
 */
export function defendEncoder(
  encoder: Encoder,
  defences: readonly InputDefence[],
  options: { readonly seed: number },
): Encoder {
  const spec = defences.map((defence) => defence.spec).join('+');
  const isRandom = defences.some((defence) => defence.isRandom);
  const random = new Random(options.seed).fork(spec);
  return wrapEncoder(encoder, {
    id: `${encoder.id}+${spec}`,
    hash: `${encoder.hash}+${spec}${isRandom ? `#${options.seed}` : ''}`,
    embed: async (faces) => {
      const treated: Image[] = [];
      for (const face of faces) {
        let image = face;
        const own = random.fork(String(hashBytes(face.data)));
        for (const defence of defences) image = await defence.apply(image, own);
        treated.push(image);
      }
      return encoder.embed(treated);
    },
  });
}
