import { openRowFunction } from '../../attack/inference/attribute/row-function.ts';
import { recoveryGraph, trainRecovery } from '../../attack/inversion/recovery/recovery.ts';
import { type RecoveryQuality, recoveryQuality } from '../../attack/inversion/recovery/recovery-quality.ts';
import type { FrontSettings } from '../../defence/training/masking/front.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { CANONICAL_EXTENT } from '../../encoder/view.ts';
import type { Image } from '../../image/image.ts';
import { fromPlanar, toPlanar } from '../../image/tensor.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import { readCheckpoint, writeCheckpoint } from '../../nn/checkpoint.ts';
import type { Quality, Rate } from '../findings.ts';
import { type Judge, measureThresholds } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { VERDICT_FMR } from '../verdict.ts';
import { jobOf, sessionOf } from './context.ts';
import { behindFront, FEWEST_PAIRS, type FrontContext, shapeBehind, triedFaces, viewBefore } from './front-faces.ts';
import { MEAN_FACE, RECOVERED } from './level.ts';

/** Steps of the network that recovers faces, where nothing else is asked. */
export const RECOVERY_STEPS = 400;

/** Public faces that the network learns from, at most. */
const MOST_PAIRS = 1000;

/** Factor on the network's channels, and the largest side that it gives: its cost grows with the square of either. */
const NETWORK = { width: 0.5, mostPx: 128 } as const;

/** Steps after which the training is kept. */
const CHECKPOINT_STEPS = 50;

/** Names under which the store keeps the training and what came of it. */
const KEPT = { training: 'recovery, training', figures: 'recovery' } as const;

/** How well faces are recovered from what a front lets through: secondary, and no part of a verdict. */
export interface RecoveryFigures {
  /** Share of the faces that a judge recognises at {@link VERDICT_FMR}, those of each judge apart. */
  readonly rates: readonly Rate[];
  readonly quality: readonly Quality[];
  /** Thresholds of the judges, from public people. */
  readonly thresholds: readonly Threshold[];
  /** What was left out, and why. */
  readonly notMeasured: readonly string[];
}

/** Faces that stand for those of training photos, in their order. */
interface RecoveredFaces {
  readonly attack: string;
  readonly pictures: readonly Image[];
}

/** A judge, and from which similarity on it recognises; undefined where too few people tell. */
interface RecoveryJudge {
  readonly judge: Judge;
  readonly threshold: Threshold | undefined;
}

/**
 * How well faces are recovered from what a recogniser's front lets through: by a U-Net that learns from public people, whose faces the attacker has on both sides of the front, tried on training people. Beside
 * it stands the mean public face, for which nothing is recovered. The figures and, on the way there, the training are kept in the store.
 *
 * Cost: {@link RECOVERY_STEPS} steps take one to two minutes of one core at 112 px.
 */
export async function measureRecovery(
  front: FrontSettings,
  judges: readonly Judge[],
  context: FrontContext,
): Promise<RecoveryFigures> {
  const { people, strangers, random, store, model } = context;
  const known = await store.read(KEPT.figures);
  // Written below, by the same version: a plan of another is not resumed.
  if (known) return JSON.parse(new TextDecoder().decode(known)) as RecoveryFigures;
  const learnt = random.fork('recovery').sample(strangers, MOST_PAIRS);
  const learntPeople = new Set(learnt.map(({ person }) => person)).size;
  if (learnt.length < FEWEST_PAIRS.pairs || learntPeople < FEWEST_PAIRS.people) {
    const why = `${learnt.length} public photos of ${learntPeople} people, and ${FEWEST_PAIRS.pairs} of ${FEWEST_PAIRS.people} are needed`;
    return { rates: [], quality: [], thresholds: [], notMeasured: [`recovery of faces (${why})`] };
  }
  const tried = triedFaces(people);
  const recoveryJudges: RecoveryJudge[] = [];
  for (const judge of judges) recoveryJudges.push({ judge, threshold: await thresholdOf(judge, context) });
  const mean = meanFace(originals(learnt, front, context));
  const made: readonly RecoveredFaces[] = [
    { attack: 'recovery by a U-Net', pictures: await recover(learnt, tried, front, context) },
    { attack: MEAN_FACE, pictures: tried.map(() => mean) },
  ];
  const real = { tried, originals: originals(tried, front, context) };
  const figures: Pick<RecoveryFigures, 'rates' | 'quality'>[] = [];
  for (const faces of made) figures.push(await figuresOf(faces, real, recoveryJudges, context));
  const measured: RecoveryFigures = {
    rates: figures.flatMap(({ rates }) => rates),
    quality: figures.flatMap(({ quality }) => quality),
    thresholds: recoveryJudges.flatMap(({ threshold }) => threshold ?? []),
    notMeasured: recoveryJudges.flatMap(({ judge: { encoder }, threshold }) =>
      threshold ? [] : [`whether ${encoder.id} recognises recovered faces (${whyNot(model)})`],
    ),
  };
  await store.write(KEPT.figures, new TextEncoder().encode(JSON.stringify(measured)));
  return measured;
}

/** Whether a model sees the whole canonical frame, as judges must be shown it. */
const isWhole = ({ view: { box } }: Encoder): boolean =>
  box.x === 0 && box.y === 0 && box.width === CANONICAL_EXTENT && box.height === CANONICAL_EXTENT;

const whyNot = (model: Encoder): string =>
  isWhole(model) ? 'too few public people for a threshold' : 'the model sees a part of the face alone';

async function thresholdOf(judge: Judge, context: FrontContext): Promise<Threshold | undefined> {
  if (!isWhole(context.model)) return undefined;
  const thresholds = await measureThresholds(judge, context.strangers, 'public people', jobOf(context));
  return thresholds?.find(({ fmr }) => fmr === VERDICT_FMR);
}

/** The side at which faces are recovered: that of the front, halved until the network can be had. */
function sideOf({ sizePx }: FrontSettings): number {
  let side = sizePx;
  while (side > NETWORK.mostPx) side /= 2;
  return side;
}

/** Faces as they are before the front, at the side at which they are recovered. */
function originals(faces: readonly AuditFace[], front: FrontSettings, { model }: FrontContext): Image[] {
  const view = viewBefore(model, { ...front, sizePx: sideOf(front) });
  return faces.map(({ image }) => cropView(image, view));
}

/** Trains the network on faces of the attacker's, and gives what it makes of the others behind the front. */
async function recover(
  learnt: readonly AuditFace[],
  tried: readonly AuditFace[],
  front: FrontSettings,
  context: FrontContext,
): Promise<Image[]> {
  const { seed, store, recoverySteps } = context;
  const sizePx = sideOf(front);
  const form = { shape: shapeBehind(front), sizePx, width: NETWORK.width };
  const faces = originals(learnt, front, context);
  const pairs = (await behindFront(learnt, front, context)).map((masked, i) => ({ masked, face: faces[i] as Image }));
  const kept = await store.read(KEPT.training);
  const weights = await trainRecovery(pairs, {
    ...{ ...jobOf(context), ...sessionOf(context), ...form, seed },
    ...{ steps: recoverySteps, checkpointSteps: CHECKPOINT_STEPS },
    ...(kept ? { resume: readCheckpoint(kept) } : {}),
    onCheckpoint: (state) => store.write(KEPT.training, writeCheckpoint(state)),
  });
  const network = await openRowFunction(recoveryGraph(weights, form), sessionOf(context));
  try {
    const rows = await network.apply(await behindFront(tried, front, context));
    return rows.flatMap((row) => fromPlanar(row, { widthPx: sizePx, heightPx: sizePx }));
  } finally {
    await network.close();
  }
}

/** The face that is right on average. */
function meanFace(faces: readonly Image[]): Image {
  const { widthPx, heightPx, data } = faces[0] as Image;
  const sums = new Float64Array(data.length);
  for (const face of faces) {
    face.data.forEach((value, i) => {
      sums[i] = (sums[i] as number) + value;
    });
  }
  return { widthPx, heightPx, data: Uint8Array.from(sums, (sum) => Math.round(sum / faces.length)) };
}

async function figuresOf(
  { attack, pictures }: RecoveredFaces,
  { tried, originals: real }: { readonly tried: readonly AuditFace[]; readonly originals: readonly Image[] },
  recoveryJudges: readonly RecoveryJudge[],
  context: FrontContext,
): Promise<Pick<RecoveryFigures, 'rates' | 'quality'>> {
  const { model, random } = context;
  const faces = pictures.map((picture, i) => ({
    person: (tried[i] as AuditFace).person,
    recovered: toPlanar([picture]),
    original: toPlanar([real[i] as Image]),
  }));
  const { widthPx, heightPx } = real[0] as Image;
  const measure = (similarities?: readonly number[], threshold?: Threshold): RecoveryQuality =>
    recoveryQuality(
      faces.map((face, i) => ({ ...face, ...(similarities ? { similarity: similarities[i] as number } : {}) })),
      {
        ...{ widthPx, heightPx, random: random.fork(`${attack} ${threshold?.encoder}`) },
        ...(threshold ? { threshold: threshold.similarity } : {}),
      },
    );
  const rates: Rate[] = [];
  for (const { judge, threshold } of recoveryJudges) {
    if (!threshold) continue;
    const [made, seen] = [await judge.embedImages(pictures, jobOf(context)), await judge.embed(tried, jobOf(context))];
    const similarities = made.map((embedding, i) => cosineSimilarityOr(-1, embedding, seen[i] as Float32Array));
    const { recognised } = measure(similarities, threshold);
    if (!recognised) continue;
    const { id } = judge.encoder;
    rates.push({ name: RECOVERED, attack, target: model.id, judge: id, fmr: VERDICT_FMR, ...recognised });
  }
  const { psnr, ssim, faces: images } = measure();
  return {
    rates,
    quality: [
      { attack, measure: 'PSNR', unit: 'dB', mean: psnr.value, images },
      { attack, measure: 'SSIM', unit: '', mean: ssim.value, images },
    ],
  };
}
