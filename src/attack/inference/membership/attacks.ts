import { CapabilityError } from '../../../util/errors.ts';
import type { Evidence } from './evidence.ts';

/** What an attacker knows of a photo whose membership is asked. */
export interface MembershipKnowledge {
  /** What the model under attack says of it. */
  readonly target: Evidence;
  /** What a model says of it that was not trained on it, nor on the target's other photos: how easy the photo is. */
  readonly reference?: Evidence;
}

/** A way to tell photos that a model was trained on from others. It trains no shadow models. */
export interface MembershipAttack {
  /** Stable name, as rows of results show it. */
  readonly name: string;
  readonly needs: readonly (keyof MembershipKnowledge)[];
  /** One sentence: what it does, and where it is from. */
  readonly description: string;
  /** Higher where the photo was rather trained on. @throws CapabilityError where it needs a reference and there is none. */
  score(photo: MembershipKnowledge): number;
}

const lossThreshold: MembershipAttack = {
  name: 'loss threshold',
  needs: ['target'],
  description: 'A photo with a low loss was trained on (Yeom et al., CSF 2018).',
  score: ({ target }) => -target.loss,
};

const calibrated: MembershipAttack = {
  name: 'calibrated by a reference',
  needs: ['target', 'reference'],
  description:
    'A photo was trained on that the target is surer of than a model that has not seen it (Watson et al., ICLR 2022; log-odds as in LiRA, Carlini et al., S&P 2022, without shadow models).',
  score: ({ target, reference }) => {
    if (!reference) {
      throw new CapabilityError(`the attack "${calibrated.name}" needs what a reference model says of each photo`);
    }
    return target.logOdds - reference.logOdds;
  },
};

/** Every membership attack on photos; a new one is a value and a place here. */
export const MEMBERSHIP_ATTACKS: readonly MembershipAttack[] = [lossThreshold, calibrated];
