import type { InputDefence } from '../../defence/input/input-defence.ts';
import type { SeenFace, SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import type { Random } from '../../util/random.ts';
import { pictureOf } from './adversarial-faces.ts';

/** Draws of a random defence over which an attack takes the mean. */
const DRAWS = 4;

/** What an attacker knows of the defences in front of an encoder. */
export type DefenceKnowledge = 'plain' | 'adaptive';

/**
 * The gradient of an encoder behind input defences. Similarities are always those of the treated face.
 *
 * - *plain*: the attacker does not know the defences: the gradient is that of the untreated face;
 * - *adaptive*: he does: the gradient is taken at the treated face, and passed backwards as if nothing had been done (BPDA); of random defences it is the mean over
 *   {@link DRAWS} draws (EOT). Source: Athalye, Carlini and Wagner 2018.
 *
 * Cost: one or two passes for each face; times the draws where a defence is random.
 */
export function throughDefences(
  gradient: SimilarityGradient,
  defences: readonly InputDefence[],
  options: { readonly knows: DefenceKnowledge; readonly random: Random },
): SimilarityGradient {
  const { knows, random } = options;
  const draws = defences.some(({ isRandom }) => isRandom) ? DRAWS : 1;
  return {
    sizePx: gradient.sizePx,
    get queries() {
      return gradient.queries;
    },
    async see(faces, references, looks) {
      const seen: SeenFace[][] = [];
      for (let draw = 0; draw < draws; draw++) {
        const treated = await treat(faces, defences, random);
        seen.push(await gradient.see(treated, references, looks));
      }
      const mean = faces.map((_, i) => meanOf(seen.map((one) => one[i] as SeenFace)));
      if (knows === 'adaptive') return mean;
      const bare = await gradient.see(faces, references, looks);
      return mean.map(({ similarities }, i) => ({ similarities, gradient: (bare[i] as SeenFace).gradient }));
    },
    close: () => gradient.close(),
  };
}

async function treat(
  faces: readonly Float32Array[],
  defences: readonly InputDefence[],
  random: Random,
): Promise<Float32Array[]> {
  const treated: Float32Array[] = [];
  for (const face of faces) {
    let [image] = pictureOf(face) as [Image];
    for (const defence of defences) image = await defence.apply(image, random);
    treated.push(toPlanar([image]));
  }
  return treated;
}

function meanOf(draws: readonly SeenFace[]): SeenFace {
  const [first, ...others] = draws as [SeenFace, ...SeenFace[]];
  if (others.length === 0) return first;
  const share = 1 / draws.length;
  return {
    similarities: first.similarities.map((_, k) =>
      draws.reduce((sum, { similarities }) => sum + share * (similarities[k] as number), 0),
    ),
    gradient: first.gradient.map((_, k) =>
      draws.reduce((sum, { gradient }) => sum + share * (gradient[k] as number), 0),
    ),
  };
}
