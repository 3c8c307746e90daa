import type { EvasionAttack } from '../../attack/evasion/attack.ts';
import { type Goal, reaches } from '../../attack/evasion/goal.ts';
import { alignedFace } from '../../encoder/aligned-face.ts';
import { alignmentInRegion, photoGradient } from '../../encoder/photo-gradient.ts';
import { openSimilarityGradient, type SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import { alignmentMatrix, applyAffine } from '../../face/alignment.ts';
import type { Box, Face, FivePoints } from '../../face/face.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import { isSameFace } from '../../face/suppression.ts';
import type { Image } from '../../image/image.ts';
import { throughJpeg } from '../../image/through-jpeg.ts';
import { wilson } from '../../metric/intervals.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { throwIfAborted } from '../../util/progress.ts';
import type { Rate } from '../findings.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { RobustnessContext } from './context.ts';
import { keepNumbers } from './kept.ts';
import { type EvasionPair, GOALS, measureOf, PERTURBED_PX } from './pairs.ts';

/** Finds faces in whole photos, and has the photos. */
export interface PhotoSource {
  readonly pipeline: FacePipeline;
  /** The whole photo behind a pair's probe, and where the face is in it; undefined where there is none: the data set holds faces that are cut out already. */
  readonly photoOf: (pair: EvasionPair) => Promise<{ readonly image: Image; readonly box: Box } | undefined>;
}

/** How the perturbed photo comes to the system. */
const FILES: readonly { readonly name: string; readonly save: (photo: Image) => Promise<Image> }[] = [
  { name: 'PNG', save: async (photo) => photo },
  { name: 'JPEG 90', save: (photo) => throughJpeg(photo, 90) },
];

/** What became of one photo in one file. */
const OUTCOME = { wrongWhenClean: 0, held: 1, reached: 2, noFace: 3 } as const;

/**
 * Attacks whole photos, from the file to the decision: the perturbation lives on the photo's own pixels, by the gradient through the alignment, and the system that is asked finds
 * the face, aligns and embeds it anew. Where it finds no face any more, that is counted apart: it is no other identity.
 *
 * @param options.pairs - photos of each goal at most.
 * @param options.attacks - those that keep a budget are tried.
 * @param options.epsilons - budgets, in levels of 255.
 */
export async function attackPhotos(
  context: RobustnessContext,
  source: PhotoSource,
  options: SessionOptions & {
    readonly pairs: number;
    readonly attacks: readonly EvasionAttack[];
    readonly epsilons: readonly number[];
  },
): Promise<Rate[]> {
  const { self, store } = context;
  const threshold = self.thresholds.find(({ fmr }) => fmr === VERDICT_FMR);
  if (!threshold) return [];
  const gradient = await openSimilarityGradient([self.encoder], { ...options, sizePx: PERTURBED_PX, batchSize: 1 });
  const rates: Rate[] = [];
  try {
    for (const goal of GOALS) {
      const pairs = context.pairs[goal].slice(0, options.pairs);
      for (const attack of options.attacks.filter(({ perturb }) => perturb)) {
        for (const epsilon of options.epsilons) {
          const stage = `${attack.name}, ${goal}, linf ${epsilon}, whole photos`;
          const outcomes: number[][] = [];
          for (const [i, pair] of pairs.entries()) {
            throwIfAborted(context);
            const key = `photo ${goal} ${attack.name} ${epsilon} ${self.encoder.id} ${i}`;
            const run = () => attackPhoto(pair, { context, source, threshold, gradient, attack, epsilon, key });
            outcomes.push(await keepNumbers(store, key, run));
            context.onProgress?.({ stage, done: i + 1, total: pairs.length });
          }
          rates.push(...ratesOf(goal, outcomes, { attack: attack.name, epsilon, target: self.encoder.id }));
        }
      }
    }
  } finally {
    await gradient.close();
  }
  return rates;
}

interface PhotoAttack {
  readonly context: RobustnessContext;
  readonly source: PhotoSource;
  readonly threshold: Threshold;
  readonly gradient: SimilarityGradient;
  readonly attack: EvasionAttack;
  /** In levels of 255. */
  readonly epsilon: number;
  readonly key: string;
}

/** An outcome for each way to save the photo; none where there is no photo. */
async function attackPhoto(pair: EvasionPair, attacked: PhotoAttack): Promise<number[]> {
  const { context, source, threshold } = attacked;
  const photo = await source.photoOf(pair);
  if (!photo) return [];
  const [reference] = (await context.self.embed([pair.reference])) as [Float32Array];
  // The person's own face, where others are in the photo too: a bystander who is found in its place is no face found.
  const find = async (seen: Image): Promise<Face | undefined> =>
    (await source.pipeline.detect(seen)).find(({ box }) => isSameFace(box, photo.box));
  const outcome = async (seen: Image): Promise<number> => {
    const face = await find(seen);
    if (!face) return OUTCOME.noFace;
    const { encoder } = context.self;
    const [embedding] = await encoder.embed([alignedFace(seen, face.landmarks, encoder.view)]);
    const similarity = cosineSimilarityOr(-1, embedding as Float32Array, reference);
    return reaches(pair.goal, similarity, threshold) ? OUTCOME.reached : OUTCOME.held;
  };
  const face = await find(photo.image);
  if (!face || (await outcome(photo.image)) !== OUTCOME.held) return FILES.map(() => OUTCOME.wrongWhenClean);
  const perturbed = await perturbPhoto(photo.image, face.landmarks, pair.goal, reference, attacked);
  const outcomes: number[] = [];
  for (const { save } of FILES) outcomes.push(await outcome(await save(perturbed)));
  return outcomes;
}

/** The photo with the region around its face perturbed, as 8-bit pixels. */
async function perturbPhoto(
  photo: Image,
  landmarks: FivePoints,
  goal: Goal,
  reference: Float32Array,
  { context, gradient, attack, epsilon, key }: PhotoAttack,
): Promise<Image> {
  const { corner, sizePx } = regionAround(landmarks);
  const references = [[reference]];
  const matrix = alignmentInRegion(landmarks, corner, PERTURBED_PX);
  const onPhoto = photoGradient(gradient, [{ matrix, references: references[0] as Float32Array[] }], sizePx);
  const task = { goal, faces: [readRegion(photo, corner, sizePx)], references };
  const [made] =
    (await attack.perturb?.(
      task,
      [epsilon / 255],
      { gradient: onPhoto },
      { norm: 'linf', random: context.random.fork(key), ...(context.signal ? { signal: context.signal } : {}) },
    )) ?? [];
  return made ? writeRegion(photo, made, corner, sizePx) : photo;
}

/** The square of a photo that an encoder can see of a face: the canonical frame and a little around it. */
function regionAround(landmarks: FivePoints): { readonly corner: { x: number; y: number }; readonly sizePx: number } {
  const matrix = alignmentMatrix(landmarks);
  const corners = [
    [-8, -8],
    [120, -8],
    [-8, 120],
    [120, 120],
  ].map(([x = 0, y = 0]) => applyAffine(matrix, { x, y }));
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const corner = { x: Math.floor(Math.min(...xs)), y: Math.floor(Math.min(...ys)) };
  return { corner, sizePx: Math.ceil(Math.max(Math.max(...xs) - corner.x, Math.max(...ys) - corner.y)) };
}

/** A square region as planar floats [3,P,P], 0..1; beyond the photo its border is repeated. */
function readRegion(photo: Image, corner: { readonly x: number; readonly y: number }, sizePx: number): Float32Array {
  const region = new Float32Array(3 * sizePx ** 2);
  for (let y = 0; y < sizePx; y++) {
    const row = Math.min(photo.heightPx - 1, Math.max(0, corner.y + y));
    for (let x = 0; x < sizePx; x++) {
      const column = Math.min(photo.widthPx - 1, Math.max(0, corner.x + x));
      for (let k = 0; k < 3; k++)
        region[k * sizePx ** 2 + y * sizePx + x] = (photo.data[3 * (row * photo.widthPx + column) + k] as number) / 255;
    }
  }
  return region;
}

/** A copy of the photo with a region replaced; what lies beyond the photo is dropped. */
function writeRegion(
  photo: Image,
  region: Float32Array,
  corner: { readonly x: number; readonly y: number },
  sizePx: number,
): Image {
  const data = photo.data.slice();
  for (let y = Math.max(0, -corner.y); y < Math.min(sizePx, photo.heightPx - corner.y); y++)
    for (let x = Math.max(0, -corner.x); x < Math.min(sizePx, photo.widthPx - corner.x); x++)
      for (let k = 0; k < 3; k++)
        data[3 * ((corner.y + y) * photo.widthPx + corner.x + x) + k] = Math.round(
          255 * Math.min(1, Math.max(0, region[k * sizePx ** 2 + y * sizePx + x] as number)),
        );
  return { ...photo, data };
}

function ratesOf(
  goal: Goal,
  outcomes: readonly (readonly number[])[],
  { attack, epsilon, target }: { readonly attack: string; readonly epsilon: number; readonly target: string },
): Rate[] {
  const right = outcomes.filter(([first]) => first !== undefined && first !== OUTCOME.wrongWhenClean);
  if (right.length === 0) return [];
  return FILES.flatMap(({ name: file }, k) =>
    (
      [
        [`${measureOf(goal)}, from file to decision`, OUTCOME.reached],
        [`no face found while ${goal === 'dodge' ? 'dodging' : 'impersonating'}`, OUTCOME.noFace],
      ] as const
    ).map(([name, wanted]) => ({
      name,
      attack: `${attack} on the photo, saved as ${file}`,
      target,
      judge: target,
      fmr: VERDICT_FMR,
      perturbation: { norm: 'linf' as const, epsilon, madeWith: [target] },
      ...wilson(right.filter((own) => own[k] === wanted).length, right.length),
    })),
  );
}
