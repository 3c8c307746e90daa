import type { EvasionAttack, EvasionResources } from '../../attack/evasion/attack.ts';
import type { Goal } from '../../attack/evasion/goal.ts';
import { reaches } from '../../attack/evasion/goal.ts';
import type { Norm } from '../../attack/evasion/perturbation.ts';
import type { Image } from '../../image/image.ts';
import { fromPlanar } from '../../image/tensor.ts';
import { wilson } from '../../metric/intervals.ts';
import { CapabilityError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Perturbation, Rate } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditStore } from '../work-folder.ts';
import { chunkProgress, keepPictures } from './kept.ts';
import { type EvasionPair, measureOf, PERTURBED_PX, pairSimilarities, planarProbes, rightWhenClean } from './pairs.ts';

/** Faces perturbed by one attack within one budget, in the order of the pairs that they were made for. */
export interface AdversarialFaces {
  readonly attack: string;
  readonly perturbation: Perturbation;
  readonly pairs: readonly EvasionPair[];
  /** 8-bit, as whoever hands them in has to have them. */
  readonly images: readonly Image[];
}

/** Faces perturbed between two writes to the store. */
const CHUNK = 16;

/** What {@link perturbFaces} needs beside the pairs. */
export interface PerturbOptions extends JobOptions {
  readonly norm: Norm;
  /** In levels of 255. */
  readonly epsilon: number;
  /** Encoders of the gradient: whose ids stand in the findings, and whose embeddings of the references the attack aims at. */
  readonly madeWith: readonly Judge[];
  readonly resources: EvasionResources;
  /** Of the whole audit; every chunk forks its own, so that the result does not hang on where the audit was broken off. */
  readonly random: Random;
  readonly store: AuditStore;
  /** Tells it from other faces by the same attack, as those made through a defence. */
  readonly variant?: string;
}

/** Perturbs the pairs' photos within a budget, a chunk at a time; chunks that the store holds are not made again. */
export async function perturbFaces(
  attack: EvasionAttack,
  pairs: readonly EvasionPair[],
  options: PerturbOptions,
): Promise<AdversarialFaces> {
  const { perturb } = attack;
  if (!perturb) throw new CapabilityError(`the attack "${attack.name}" keeps no budget`);
  const { norm, epsilon, madeWith, store, variant = '' } = options;
  const ids = madeWith.map(({ encoder }) => encoder.id);
  const stage = `${attack.name}, ${pairs[0]?.goal}, ${norm} ${epsilon}, by ${ids.join(' and ')}${variant && `, ${variant}`}`;
  const images: Image[] = [];
  for (let first = 0; first < pairs.length; first += CHUNK) {
    throwIfAborted(options);
    const part = pairs.slice(first, first + CHUNK);
    const key = `${part[0]?.goal} ${attack.name} ${norm} ${epsilon} ${ids.join(' ')} ${variant} ${first}`;
    images.push(
      ...(await keepPictures(store, key, part.length, async () => {
        const references = await referencesOf(part, madeWith, options);
        const task = { goal: part[0]?.goal as Goal, faces: planarProbes(part), references };
        const epsilons = part.map(() => epsilon / 255);
        const made = await perturb(task, epsilons, options.resources, {
          norm,
          random: options.random.fork(key),
          ...chunkProgress(options, stage, { first, count: part.length, total: pairs.length }),
        });
        return made.flatMap(pictureOf);
      })),
    );
    options.onProgress?.({ stage, done: first + part.length, total: pairs.length });
  }
  return { attack: attack.name, perturbation: { norm, epsilon, madeWith: ids }, pairs, images };
}

/** A planar face as an 8-bit picture. */
export const pictureOf = (face: Float32Array): Image[] =>
  fromPlanar(face, { widthPx: PERTURBED_PX, heightPx: PERTURBED_PX });

/** What each of the encoders sees in each pair's reference. */
export async function referencesOf(
  pairs: readonly EvasionPair[],
  encoders: readonly Judge[],
  job?: JobOptions,
): Promise<Float32Array[][]> {
  const seen = await Promise.all(
    encoders.map((judge) =>
      judge.embed(
        pairs.map(({ reference }) => reference),
        job,
      ),
    ),
  );
  return pairs.map((_, i) => seen.map((embeddings) => embeddings[i] as Float32Array));
}

/** How often perturbed faces succeed with a judge, at each of its thresholds, among the pairs that it gets right when clean; a threshold that leaves none is left out. */
export async function evasionRates(made: AdversarialFaces, judge: Judge, job?: JobOptions): Promise<Rate[]> {
  const { pairs, images, attack, perturbation } = made;
  const similarities = await pairSimilarities(pairs, images, judge, job);
  const rows: Rate[] = [];
  for (const threshold of judge.thresholds) {
    const right = await rightWhenClean(pairs, judge, threshold, job);
    const trials = right.filter((isRight) => isRight).length;
    if (trials === 0) continue;
    const successes = pairs.filter(
      ({ goal }, i) => right[i] && reaches(goal, similarities[i] as number, threshold),
    ).length;
    const { id } = judge.encoder;
    rows.push({
      name: measureOf(pairs[0]?.goal as Goal),
      attack,
      target: id,
      judge: id,
      fmr: threshold.fmr,
      perturbation,
      ...wilson(successes, trials),
    });
  }
  return rows;
}
