import type { Image } from '../../image/image.ts';
import { resizeImage } from '../../image/resize.ts';
import { toPlanar } from '../../image/tensor.ts';
import { identificationRanks, rankRate } from '../../metric/identification.ts';
import { l1, l2, psnr, ssim } from '../../metric/image-quality.ts';
import { successfulAttackRate, successfulAttackRateByPerson } from '../../metric/sar.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { JobOptions } from '../../util/progress.ts';
import { MEASURE, type PersonLeak, type Quality, type Rate } from '../findings.ts';
import { type Judge, similaritiesTo } from '../judge.ts';
import type { AuditFace, Subject } from '../subjects.ts';

/** Reconstructions of the subjects' templates: pictures that fill the canonical frame, in the subjects' order. */
export interface Reconstructions {
  /** The attack, or the control, that made them. */
  readonly attack: string;
  /** Encoder whose templates were attacked. */
  readonly target: string;
  readonly images: readonly Image[];
}

/** How a judge finds reconstructions: SAR type-I and type-II at each of its thresholds. */
export async function attackRates(
  made: Reconstructions,
  subjects: readonly Subject[],
  judge: Judge,
  job?: JobOptions,
): Promise<Rate[]> {
  const { attack, target } = made;
  const reconstructed = await judge.embedImages(made.images, job);
  const rows: Rate[] = [];
  for (const [name, type, compared] of [
    [MEASURE.typeOne, 'type-I', subjects.map(({ template }) => template)],
    [MEASURE.typeTwo, 'type-II', subjects.map(({ others }) => others[0])],
  ] as const) {
    const similarities = await similaritiesTo(reconstructed, compared, judge, job);
    if (similarities.length === 0) continue;
    for (const threshold of judge.thresholds) {
      const { successes, trials, rate, low, high } = successfulAttackRate({ type, threshold, similarities });
      rows.push({
        name,
        attack,
        target,
        judge: judge.encoder.id,
        fmr: threshold.fmr,
        successes,
        trials,
        rate,
        low,
        high,
      });
    }
  }
  return rows;
}

/** Rank-1 and rank-5 of the reconstructions in a gallery of one other photo of each person; empty where fewer than 10 people have one. */
export async function rankRates(
  made: Reconstructions,
  subjects: readonly Subject[],
  gallery: readonly AuditFace[],
  judge: Judge,
  job?: JobOptions,
): Promise<Rate[]> {
  const enrolled = subjects.flatMap((subject, i) => (subject.others[0] ? [{ subject, i }] : []));
  if (enrolled.length < 10) return [];
  const images = enrolled.map(({ i }) => made.images[i] as Image);
  const references = [...enrolled.map(({ subject }) => subject.others[0] as AuditFace), ...gallery];
  const probes = (await judge.embedImages(images, job)).map((embedding, k) => ({
    person: enrolled[k]?.subject.person ?? '',
    embedding,
  }));
  const entries = (await judge.embed(references, job)).map((embedding, k) => ({
    person: references[k]?.person ?? '',
    embedding,
  }));
  const ranks = identificationRanks(probes, entries);
  return (
    [
      [MEASURE.rankOne, 1],
      [MEASURE.rankFive, 5],
    ] as const
  ).map(([name, k]) => ({
    name,
    attack: made.attack,
    target: made.target,
    judge: judge.encoder.id,
    fmr: null,
    ...rankRate(ranks, k),
  }));
}

/** Other photos of a person that the leak register compares with, at most. */
const REGISTER_PHOTOS = 5;

/** The leak register at one threshold of the judge: how often each person's reconstruction passes for other photos of that person. */
export async function leakRegister(
  made: Reconstructions,
  subjects: readonly Subject[],
  judge: Judge,
  fmr: number,
  job?: JobOptions,
): Promise<PersonLeak[]> {
  const threshold = judge.thresholds.find((candidate) => candidate.fmr === fmr);
  if (!threshold) return [];
  const reconstructed = await judge.embedImages(made.images, job);
  const people: string[] = [];
  const similarities: number[] = [];
  for (const [i, { person, others }] of subjects.entries()) {
    const embeddings = await judge.embed(others.slice(0, REGISTER_PHOTOS), job);
    for (const embedding of embeddings) {
      people.push(person);
      similarities.push(cosineSimilarityOr(-1, reconstructed[i] as Float32Array, embedding));
    }
  }
  if (similarities.length === 0) return [];
  const rows = successfulAttackRateByPerson({ type: 'type-II', threshold, similarities }, people);
  const worst = Math.ceil(rows.length / 10);
  return rows.map(({ person, successes, trials, rate, low, high }, i) => ({
    person,
    successes,
    trials,
    rate,
    low,
    high,
    worstDecile: i < worst && rate > 0,
  }));
}

/** PSNR in dB that rounding to 8 bits leaves (a variance of 1/12 of a level): pictures cannot be told nearer, and equal ones would have no finite figure. */
const FINEST_PSNR = 10 * Math.log10(12 * 255 ** 2);

/** SSIM, PSNR, L1 and L2 against the faces behind the templates: secondary figures. */
export function qualityRows(made: Reconstructions, subjects: readonly Subject[]): Quality[] {
  const values: Record<'SSIM' | 'PSNR' | 'L1' | 'L2', number[]> = { SSIM: [], PSNR: [], L1: [], L2: [] };
  subjects.forEach(({ template }, i) => {
    const image = made.images[i];
    if (!image) return;
    const { widthPx, heightPx } = image;
    const original = toPlanar([resizeImage(template.image, widthPx, heightPx)]);
    const reconstruction = toPlanar([image]);
    values.SSIM.push(ssim(original, reconstruction, { widthPx, heightPx }));
    values.PSNR.push(Math.min(FINEST_PSNR, psnr(original, reconstruction)));
    values.L1.push(l1(original, reconstruction));
    values.L2.push(l2(original, reconstruction));
  });
  return Object.entries(values).map(([measure, list]) => {
    const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
    const deviation = Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length);
    return { attack: made.attack, measure, unit: measure === 'PSNR' ? 'dB' : '', mean, deviation, images: list.length };
  });
}
