import type { InputDefence } from '../../defence/input/input-defence.ts';
import type { Look, SeenFace, SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import { hashBytes, type Random } from '../../util/random.ts';
import { pictureOf } from './adversarial-faces.ts';

/** Draws of a random defence over which an attack takes the mean. */
const DRAWS = 4;

/** What an attacker knows of the defences in front of an encoder. */
export type DefenceKnowledge = 'plain' | 'adaptive';

/**
 * The gradient of an encoder behind input defences. Similarities are always those of the treated face.
 *
 * - *plain*: the attacker does not know the defences: the gradient is that of the untreated face;
 * - *adaptive*: he does: the gradient is taken at the treated face, and passed backwards as if nothing had been done (BPDA), or through what was moved where the defence moves pixels; of random
 *   defences it is the mean over {@link DRAWS} draws (EOT). Source: Athalye, Carlini and Wagner 2018.
 *
 * The defences treat the face of 112 px, the canonical frame, as a 112 px encoder sees it; an encoder of another view gets them on its own crop, where JPEG or a filter is finer or coarser.
 * What a picture achieves is judged through that encoder all the same; smallest perturbations are not.
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
    async see(faces, references, looks = []) {
      const seen: SeenFace[][] = [];
      for (let draw = 0; draw < draws; draw++) {
        const drawn = random.fork(`draw ${draw}`);
        const treated = await Promise.all(faces.map((face, i) => treat(face, looks[i], defences, drawn)));
        seen.push(
          await gradient.see(
            treated.map(({ face }) => face),
            references,
            treated.map(({ look }) => look),
          ),
        );
      }
      const mean = faces.map((_, i) => meanOf(seen.map((one) => one[i] as SeenFace)));
      if (knows === 'adaptive') return mean;
      const bare = await gradient.see(faces, references, looks);
      return mean.map(({ similarities }, i) => ({ similarities, gradient: (bare[i] as SeenFace).gradient }));
    },
    close: () => gradient.close(),
  };
}

/**
 * A face behind the defences, and how it is looked at then: defences that move pixels are looks, beside the attack's own. Draws hang on the picture alone, as in the defended encoder:
 * what comes of it does not hang on what was seen before.
 */
async function treat(
  face: Float32Array,
  own: Look | undefined,
  defences: readonly InputDefence[],
  random: Random,
): Promise<{ readonly face: Float32Array; readonly look: Look }> {
  let [image] = pictureOf(face) as [Image];
  const draws = random.fork(String(hashBytes(image.data)));
  let look: Look = own ?? {};
  for (const defence of defences) {
    if (defence.look) look = { ...look, ...defence.look(draws) };
    else image = await defence.apply(image, draws);
  }
  return { face: toPlanar([image]), look };
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
