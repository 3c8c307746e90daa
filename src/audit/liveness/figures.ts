import { clopperPearson } from '../../metric/exact-interval.ts';
import type { Rate } from '../../metric/intervals.ts';
import { InputError } from '../../util/errors.ts';
import { type Attempt, isBonaFide } from './attempt.ts';
import type { Outcome } from './outcome.ts';

/** An attempt as it was judged. */
export interface JudgedAttempt {
  readonly attempt: Pick<Attempt, 'species' | 'person'>;
  readonly outcome: Outcome;
  /** Whether the matcher takes the face for the enrolled person's, whatever the liveness checks say. */
  readonly matched: boolean;
}

/** What an attack species came to. All intervals are exact ones, of attempts taken as independent. */
export interface SpeciesFigures {
  readonly species: string;
  readonly people: number;
  /** Attack presentation classification error rate: attacks taken for bona fide. */
  readonly apcer: Rate;
  /** Attacks without a decision: another try was asked for, or another proof. */
  readonly nonResponse: Rate;
  /** What the matcher alone lets in. */
  readonly matched: Rate;
  /** Impostor attack presentation accept rate: live and the right person, by the whole system. */
  readonly iapar: Rate;
}

/** What people themselves came to. */
export interface BonaFideFigures {
  readonly people: number;
  /** Bona fide presentation classification error rate: people taken for an attack, or left without a decision. */
  readonly bpcer: Rate;
  readonly nonResponse: Rate;
  readonly matched: Rate;
}

/** What a presentation-attack report leads with. */
export interface LivenessFigures {
  readonly bonaFide: BonaFideFigures;
  /** The worst first. */
  readonly species: readonly SpeciesFigures[];
}

/**
 * The figures of judged attempts.
 *
 * Sources: ISO/IEC 30107-3:2023 for the terms; a presentation that gets no decision has not passed, and is counted beside.
 *
 * @throws InputError where there is no bona fide attempt, or no attack.
 */
export function livenessFigures(judged: readonly JudgedAttempt[]): LivenessFigures {
  const own = judged.filter(({ attempt }) => isBonaFide(attempt));
  const attacks = Map.groupBy(
    judged.filter(({ attempt }) => !isBonaFide(attempt)),
    ({ attempt }) => attempt.species,
  );
  if (own.length === 0 || attacks.size === 0)
    throw new InputError(`${own.length} bona fide attempts and ${attacks.size} species of attacks make no figures`);
  return {
    bonaFide: {
      people: peopleOf(own),
      bpcer: shareOf(own, ({ outcome }) => outcome !== 'passed'),
      nonResponse: shareOf(own, ({ outcome }) => outcome === 'no-response'),
      matched: shareOf(own, ({ matched }) => matched),
    },
    species: [...attacks]
      .map(([species, trials]) => ({
        species,
        people: peopleOf(trials),
        apcer: shareOf(trials, ({ outcome }) => outcome === 'passed'),
        nonResponse: shareOf(trials, ({ outcome }) => outcome === 'no-response'),
        matched: shareOf(trials, ({ matched }) => matched),
        iapar: shareOf(trials, ({ outcome, matched }) => outcome === 'passed' && matched),
      }))
      .sort((a, b) => b.apcer.rate - a.apcer.rate || (a.species < b.species ? -1 : 1)),
  };
}

const peopleOf = (judged: readonly JudgedAttempt[]): number =>
  new Set(judged.map(({ attempt }) => attempt.person)).size;

const shareOf = (judged: readonly JudgedAttempt[], holds: (one: JudgedAttempt) => boolean): Rate =>
  clopperPearson(judged.filter(holds).length, judged.length);
