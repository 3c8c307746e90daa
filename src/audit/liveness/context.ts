import type { AttackSpecies } from '../../attack/presentation/species.ts';
import { InputError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { Arrangement, Cheapest, Control, Rate, SelfTest, Species } from '../findings.ts';
import type { AuditStore } from '../work-folder.ts';
import { type Attempt, isBonaFide } from './attempt.ts';
import { decideLiveness, type LivenessDecision } from './decide.ts';
import type { LivenessPerson } from './liveness-person.ts';

/** What every liveness audit needs. */
export interface LivenessAuditOptions extends JobOptions {
  /** Nobody is on both sides. */
  readonly people: { readonly calibration: readonly LivenessPerson[]; readonly test: readonly LivenessPerson[] };
  /** In order of what they take, the least first. */
  readonly species: readonly AttackSpecies[];
  /** By the name of a species: the one person of whom it can be made; others are not attacked with it. */
  readonly attacked?: Readonly<Record<string, string>>;
  /** Of each species, and of bona fide presentations; of these on the calibration side four times as many. */
  readonly attempts: { readonly test: number; readonly calibration: number };
  readonly store: AuditStore;
  /** After this nothing more is begun that can be left out; milliseconds since 1970. */
  readonly endsAt?: number | undefined;
}

/** What was measured, before it is told. */
export interface LivenessMeasurements {
  readonly target: string;
  readonly decision: LivenessDecision;
  readonly rates: readonly Rate[];
  readonly controls: readonly Control[];
  readonly selfTests: readonly SelfTest[];
  readonly species: readonly Species[];
  readonly arrangements: readonly Arrangement[];
  /** Undefined where none was looked for. */
  readonly cheapest?: Cheapest | null;
  /** Presentations that were judged. */
  readonly attempts: number;
}

/** Refuses people who fix thresholds and are judged by them. @throws InputError that names one. */
export function requireApart({ calibration, test }: LivenessAuditOptions['people']): void {
  const known = new Set(calibration.map(({ person }) => person));
  const both = test.find(({ person }) => known.has(person));
  if (both) throw new InputError(`${both.person} is among those who fix the thresholds and among those who are judged`);
}

/** What a species takes, in words. */
export const needsOf = ({ photosNeeded, equipment }: AttackSpecies): string =>
  photosNeeded === 0 ? equipment : `${photosNeeded === 1 ? 'one photo' : `${photosNeeded} photos`}; ${equipment}`;

/** Concludes: the verdict, and what is said of the species that were presented. */
export function concluded(
  target: string,
  measured: Pick<LivenessMeasurements, 'rates' | 'controls' | 'selfTests'>,
  species: readonly AttackSpecies[],
  test: readonly Attempt[],
): Pick<LivenessMeasurements, 'target' | 'decision' | 'rates' | 'controls' | 'selfTests' | 'species' | 'attempts'> {
  const attacks = Map.groupBy(
    test.filter((attempt) => !isBonaFide(attempt)),
    (attempt) => attempt.species,
  );
  const needs = (name: string): string => {
    const found = species.find((one) => one.name === name);
    return found ? needsOf(found) : 'what is not known';
  };
  return {
    target,
    ...measured,
    decision: decideLiveness({ target, ...measured, needs }),
    species: species.flatMap((one, i): Species[] => {
      const own = attacks.get(one.name);
      if (!own) return [];
      const people = new Set(own.map(({ person }) => person)).size;
      const instrument = one.instrument === 'injected' ? 'injection' : one.instrument;
      return [{ name: one.name, instrument, needs: needsOf(one), cost: i + 1, people }];
    }),
    attempts: test.length,
  };
}
