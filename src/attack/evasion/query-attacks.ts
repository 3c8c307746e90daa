import { CapabilityError } from '../../util/errors.ts';
import { evolutionaryAttack } from './evolutionary.ts';
import { hopSkipJump } from './hop-skip-jump.ts';
import { naturalEvolution } from './natural-evolution.ts';
import { type DecisionOracle, decisionOracle, type SimilarityOracle } from './oracle.ts';
import type { Answers, QueryAttack, QueryTask } from './query-attack.ts';
import { squareAttack } from './square.ts';

/** Every evasion attack that only asks; a new one is its file and a line here. */
export const QUERY_ATTACKS: readonly QueryAttack[] = [
  {
    name: 'NES',
    needs: 'similarity',
    norm: 'linf',
    description: 'Estimates the gradient from pairs of opposite random changes (Ilyas et al. 2018).',
    breach: async (task, answers, options) => naturalEvolution(task, similarities('NES', answers), options),
  },
  {
    name: 'Square',
    needs: 'similarity',
    norm: 'linf',
    description:
      'Sets random squares to a corner of the budget and keeps those that help (Andriushchenko et al. 2020).',
    breach: async (task, answers, options) => squareAttack(task, similarities('Square', answers), options),
  },
  {
    name: 'evolutionary',
    needs: 'decision',
    norm: 'l2',
    description:
      'Walks from a face that reaches the goal towards the clean one, by an evolution strategy (Dong et al. 2019).',
    breach: async (task, answers, options) => evolutionaryAttack(task, decisions(answers, task), options),
  },
  {
    name: 'HopSkipJump',
    needs: 'decision',
    norm: 'l2',
    description: 'Walks along the boundary of the decision, whose direction it estimates (Chen et al. 2020).',
    breach: async (task, answers, options) => hopSkipJump(task, decisions(answers, task), options),
  },
];

function similarities(attack: string, answers: Answers): SimilarityOracle {
  if (answers.kind === 'similarity') return answers.oracle;
  throw new CapabilityError(`the attack "${attack}" needs similarities, and the system gives decisions alone`, {
    hint: 'use one that walks on decisions: evolutionary or HopSkipJump',
  });
}

/** Who gets similarities can decide as well. */
const decisions = (answers: Answers, { threshold }: QueryTask): DecisionOracle =>
  answers.kind === 'decision' ? answers.oracle : decisionOracle(answers.oracle, threshold);
