import { MEMBERSHIP_ATTACKS, type MembershipKnowledge } from '../../attack/inference/membership/attacks.ts';
import { classifierEvidence, type Evidence, encoderEvidence } from '../../attack/inference/membership/evidence.ts';
import { measureMembership } from '../../attack/inference/membership/membership.ts';
import { type ClassHead, LEAST_PROBABILITY } from '../../attack/inversion/model/target.ts';
import type { RocArea } from '../../metric/roc-area.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Random } from '../../util/random.ts';
import type { Membership } from '../findings.ts';
import type { Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import type { TrainingPerson } from './people.ts';

/** A photo whose membership is asked. */
export interface AskedPhoto {
  readonly face: AuditFace;
  readonly person: string;
  readonly label: number;
  /** Whether it is of the training folder. */
  readonly member: boolean;
}

/** What a model says of photos at their labels, in order; undefined where it can say nothing. */
export interface Witness {
  /** Id of the model. */
  readonly name: string;
  readonly evidence: readonly (Evidence | undefined)[];
}

/** The photos of all people of whom some were held out: only of these is there a member and another to tell apart. */
export const askedPhotos = (people: readonly TrainingPerson[]): AskedPhoto[] =>
  people.flatMap(({ person, label, faces, heldOut }) =>
    heldOut.length === 0
      ? []
      : [
          ...faces.map((face) => ({ face, person, label, member: true })),
          ...heldOut.map((face) => ({ face, person, label, member: false })),
        ],
  );

/**
 * What a model says of photos at their labels.
 *
 * @param head - of a classifier; without one, and of a recogniser, classes are the people's mean training embeddings, which always leave a photo out.
 */
export async function witness(
  model: Judge,
  photos: readonly AskedPhoto[],
  { head, job }: { readonly head?: ClassHead; readonly job: JobOptions },
): Promise<Witness> {
  const answers = await model.embed(
    photos.map(({ face }) => face),
    job,
  );
  return { name: model.encoder.id, evidence: evidenceOf(answers, photos, head) };
}

function evidenceOf(
  answers: readonly Float32Array[],
  photos: readonly AskedPhoto[],
  head: ClassHead | undefined,
): (Evidence | undefined)[] {
  switch (head?.kind) {
    case 'logits':
      return classifierEvidence(
        answers,
        photos.map(({ label }) => label),
      );
    case 'probabilities':
      return classifierEvidence(
        answers.map(logarithms),
        photos.map(({ label }) => label),
      );
    default:
      return encoderEvidence(photos.map((photo, i) => ({ ...photo, embedding: answers[i] ?? new Float32Array() })));
  }
}

const logarithms = (probabilities: Float32Array): Float32Array =>
  probabilities.map((value) => Math.log(Math.max(LEAST_PROBABILITY, value)));

/**
 * How well each membership attack tells photos that a model was trained on from other photos of the same people.
 *
 * @param references - models that have seen neither; the attacks that are calibrated by one are tried with each.
 * @returns no row where there are not both kinds.
 */
export function membershipRows(
  photos: readonly AskedPhoto[],
  target: Witness,
  references: readonly Witness[],
  random: Random,
): Membership[] {
  return MEMBERSHIP_ATTACKS.flatMap((attack) =>
    (attack.needs.includes('reference') ? references : [undefined]).flatMap((reference) => {
      const trials = photos.flatMap(({ person, member }, i) => {
        const knowledge = knowledgeOf(target.evidence[i], reference ? reference.evidence[i] : undefined);
        if (!knowledge || (reference && !knowledge.reference)) return [];
        return [{ person, member, score: attack.score(knowledge) }];
      });
      if (new Set(trials.map(({ member }) => member)).size < 2) return [];
      const name = `${attack.name} ${target.name} ${reference?.name}`;
      return [
        rowOf(measureMembership(trials, { random: random.fork(name) }), {
          attack: attack.name,
          target: target.name,
          reference: reference?.name ?? null,
        }),
      ];
    }),
  );
}

const knowledgeOf = (target: Evidence | undefined, reference: Evidence | undefined): MembershipKnowledge | undefined =>
  target && { target, ...(reference ? { reference } : {}) };

const rowOf = (
  { positives, negatives, people, auc, tpr }: RocArea,
  origin: Pick<Membership, 'attack' | 'target' | 'reference'>,
): Membership => ({
  ...origin,
  members: positives,
  nonMembers: negatives,
  people,
  auc: { ...auc },
  tprAtFpr1: tpr ? { ...tpr } : null,
});
