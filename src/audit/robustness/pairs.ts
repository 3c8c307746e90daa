import type { Goal } from '../../attack/evasion/goal.ts';
import { reaches } from '../../attack/evasion/goal.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import { CANONICAL_VIEW } from '../../face/alignment.ts';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { JobOptions } from '../../util/progress.ts';
import { MEASURE } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace, Subject } from '../subjects.ts';

/** Side of the faces that are perturbed, in pixels: the canonical frame, a pixel for each of its units, as RobFR has it. */
export const PERTURBED_PX = 112;

/** A photo to perturb, and the photo that it is compared with: another of the person to dodge, one of somebody else to impersonate. */
export interface EvasionPair {
  readonly goal: Goal;
  readonly person: string;
  /** The photo that is perturbed, {@link PERTURBED_PX} square, filling the canonical frame. */
  readonly probe: Image;
  /** The face behind the probe. */
  readonly probeFace: AuditFace;
  readonly reference: AuditFace;
}

/** The name of a goal's rate in findings. */
export const measureOf = (goal: Goal): string => (goal === 'dodge' ? MEASURE.dodging : MEASURE.impersonation);

export const GOALS = ['dodge', 'impersonate'] as const satisfies readonly Goal[];

/** Pairs of both goals, in the subjects' order: each subject's photo against another of the same person where there is one, and against the next subject's. */
export function choosePairs(subjects: readonly Subject[]): Record<Goal, EvasionPair[]> {
  const probes = subjects.map(({ template }) => probePicture(template));
  return {
    dodge: subjects.flatMap(({ person, template, others: [reference] }, i) =>
      reference ? [{ goal: 'dodge' as const, person, probe: probes[i] as Image, probeFace: template, reference }] : [],
    ),
    impersonate: subjects.flatMap(({ person, template }, i) => {
      const next = subjects[(i + 1) % subjects.length] as Subject;
      if (next.person === person) return [];
      return [
        {
          goal: 'impersonate' as const,
          person,
          probe: probes[i] as Image,
          probeFace: template,
          reference: next.template,
        },
      ];
    }),
  };
}

/** Faces of pairs as attacks take them: planar [3,S,S], RGB, 0..1. */
export const planarProbes = (pairs: readonly EvasionPair[]): Float32Array[] =>
  pairs.map(({ probe }) => toPlanar([probe]));

/** How like its reference a judge finds the face of each pair; the faces are given, in the pairs' order. */
export async function pairSimilarities(
  pairs: readonly EvasionPair[],
  faces: readonly Image[],
  judge: Judge,
  job?: JobOptions,
): Promise<number[]> {
  const [seen, references] = [
    await judge.embedImages(faces, job),
    await judge.embed(
      pairs.map(({ reference }) => reference),
      job,
    ),
  ];
  return seen.map((embedding, i) => cosineSimilarityOr(-1, embedding, references[i] as Float32Array));
}

/**
 * Which pairs a judge gets right while nothing is perturbed. The others count for nothing: the person is missed, or mistaken, without any attack.
 *
 * @returns true for each pair that is right, in order.
 */
export async function rightWhenClean(
  pairs: readonly EvasionPair[],
  judge: Judge,
  threshold: Pick<Threshold, 'similarity'>,
  job?: JobOptions,
): Promise<boolean[]> {
  const similarities = await pairSimilarities(
    pairs,
    pairs.map(({ probe }) => probe),
    judge,
    job,
  );
  return similarities.map((similarity, i) => !reaches((pairs[i] as EvasionPair).goal, similarity, threshold));
}

/** A face as it is perturbed: {@link PERTURBED_PX} square. */
export const probePicture = ({ image }: AuditFace): Image =>
  cropView(image, { ...CANONICAL_VIEW, widthPx: PERTURBED_PX, heightPx: PERTURBED_PX });
