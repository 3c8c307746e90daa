import type { SimilarityGradient } from '../../../encoder/similarity-gradient.ts';
import type { Image } from '../../../image/image.ts';
import { fromPlanar, toPlanar } from '../../../image/tensor.ts';
import { throughJpeg } from '../../../image/through-jpeg.ts';
import type { Threshold } from '../../../metric/threshold.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import type { Random } from '../../../util/random.ts';
import { type Goal, reaches } from '../goal.ts';
import type { PhysicalResult, WornResult } from './physical-attack.ts';
import { viewWorn, type Wearer, type WornRule } from './wearer.ts';
import { type Medium, wear } from './worn-face.ts';

/** JPEG qualities of held-out views, from and to. */
const JPEG_QUALITIES = [75, 95] as const;

/** How success is measured. */
export interface HeldOut {
  readonly goal: Goal;
  readonly rule: WornRule;
  readonly medium: Medium;
  readonly gradient: SimilarityGradient;
  readonly thresholds: readonly Pick<Threshold, 'similarity'>[];
  readonly heldOutViews: number;
}

/** Measures a texture on one wearer in random views, and the controls in the same views. @param parameters - of the medium. */
export async function measureWorn(
  heldOut: HeldOut,
  wearer: Wearer,
  parameters: Float32Array,
  random: Random,
  job: JobOptions,
): Promise<PhysicalResult> {
  const { medium, rule } = heldOut;
  const { mask, controlMask, face } = wearer;
  const see = (chosen: Float32Array, where: Float32Array): Promise<WornResult> => {
    throwIfAborted(job);
    return inViews(heldOut, wearer, { texture: medium.texture(chosen), mask: where }, random);
  };
  return {
    ...(await see(parameters, mask)),
    controls: {
      plain: await see(medium.plain(rule.control.colour, face), controlMask),
      random: await see(medium.random(random.fork('random texture')), mask),
    },
  };
}

async function inViews(
  { goal, rule, medium, gradient, thresholds, heldOutViews }: HeldOut,
  { face, references }: Wearer,
  { texture, mask }: { readonly texture: Float32Array; readonly mask: Float32Array },
  random: Random,
): Promise<WornResult> {
  const on = { mask, covers: medium.covers, slips: rule.slips };
  const views: Image[] = [];
  for (let k = 0; k < heldOutViews; k++) {
    const own = random.fork(`${k}`);
    views.push(await throughCamera(viewWorn(face, texture, on, own).picture, gradient.sizePx, own));
  }
  const seen = await gradient.see(
    views.map((view) => toPlanar([view])),
    views.map(() => references),
  );
  const similarities = seen.map((one) => one.similarities);
  const successes = similarities.filter((all) =>
    all.every((similarity, k) => reaches(goal, similarity, thresholds[k] as (typeof thresholds)[number])),
  );
  return { face: wear(face, texture, on).face, views, similarities, successShare: successes.length / heldOutViews };
}

/** What a camera writes and a system reads. */
async function throughCamera(picture: Float32Array, sizePx: number, random: Random): Promise<Image> {
  const [low, high] = JPEG_QUALITIES;
  const [image] = fromPlanar(picture, { widthPx: sizePx, heightPx: sizePx }) as [Image];
  const quality = low + random.integer(high - low + 1);
  return throughJpeg(image, quality);
}
