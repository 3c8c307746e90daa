import type { Encoder } from '../../encoder/encoder.ts';
import { wrapEncoder } from '../../encoder/wrapped-encoder.ts';
import type { Image } from '../../image/image.ts';
import { Random } from '../../util/random.ts';
import type { InputDefence } from './input-defence.ts';

/**
 * An encoder that sees every face through input defences. It is an encoder like any other: its thresholds and its accuracy are its own, and are to be measured.
 *
 * Its graph is that of the encoder behind the defences: whoever attacks by it passes the defences backwards as if they were not there (BPDA, Athalye et al. 2018), and
 * is judged with them.
 *
 * @param options.seed - of random defences; the same faces in the same order are then treated alike.
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
        for (const defence of defences) image = await defence.apply(image, random);
        treated.push(image);
      }
      return encoder.embed(treated);
    },
  });
}
