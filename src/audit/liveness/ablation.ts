import type { Rate } from '../../metric/intervals.ts';
import { type Attempt, isBonaFide } from './attempt.ts';
import { reachedByAllBut, scoresOf } from './attempt-scores.ts';
import { type LivenessFigures, livenessFigures } from './figures.ts';
import { type FitOptions, fitLiveness } from './fit.ts';
import { outcomeOf, outcomeOfScore } from './outcome.ts';

/** Attempts of the people who fix calibrations and thresholds, and of those who are judged: nobody is in both. */
export interface AttemptSides {
  readonly calibration: readonly Attempt[];
  readonly test: readonly Attempt[];
}

/** What one check alone stops, at the threshold that lets 95 % of the calibration people's own presentations pass. */
export interface CheckFigures {
  readonly check: string;
  /** Bona fide presentations of the test people that it would refuse. */
  readonly bpcer: Rate;
  /** By species: attacks that it would let pass; where it does not apply, it lets pass. */
  readonly passing: Readonly<Record<string, Rate>>;
}

/** Share of the calibration people's bona fide presentations that a single check may refuse. */
const ALONE_BPCER = 0.05;

/** The matrix of attacks and checks: a row for each check, alone. A check that none of the calibration people's bona fide presentations has a score for is left out. */
export function checkMatrix({ calibration, test }: AttemptSides, checks: readonly string[]): CheckFigures[] {
  return checks.flatMap((check) => {
    const threshold = reachedByAllBut(ALONE_BPCER, scoresOf(calibration.filter(isBonaFide), check));
    if (threshold === undefined) return [];
    const figures = livenessFigures(
      test.map((attempt) => {
        const [score] = scoresOf([attempt], check);
        // A check that does not apply stops nobody.
        const outcome = score === undefined ? 'passed' : outcomeOfScore(score, threshold);
        return { attempt, outcome, matched: true };
      }),
    );
    return [{ check, bpcer: figures.bonaFide.bpcer, passing: passingBySpecies(figures) }];
  });
}

const passingBySpecies = ({ species }: LivenessFigures): Record<string, Rate> =>
  Object.fromEntries(species.map((one) => [one.species, one.apcer]));

/** What the verification comes to where something is left out of it. */
export interface Ablation {
  /** The check that was taken away, or the species that the calibration has not seen. */
  readonly without: string;
  readonly bpcer: Rate;
  /** APCER by species; of a species that was left out, its own alone. */
  readonly passing: Readonly<Record<string, Rate>>;
}

/** The verification without each check in turn, calibrated anew. */
export function withoutChecks(sides: AttemptSides, checks: readonly string[], options: FitOptions): Ablation[] {
  if (checks.length < 2) return [];
  return checks.map((without) => {
    const left = checks.filter((check) => check !== without);
    const required = (options.required ?? []).filter((check) => check !== without);
    const figures = figuresBy(sides, sides.calibration, { ...options, checks: left, required });
    return { without, bpcer: figures.bonaFide.bpcer, passing: passingBySpecies(figures) };
  });
}

/** Each species that the calibration knows judged by one that has not seen it: those that are made alike are still known. */
export function withoutSpecies(sides: AttemptSides, options: FitOptions): Ablation[] {
  const known = new Set(sides.calibration.filter((one) => !isBonaFide(one)).map((one) => one.species));
  if (known.size < 2) return [];
  return [...known].sort().map((without) => {
    const others = sides.calibration.filter((attempt) => attempt.species !== without);
    const figures = figuresBy(sides, others, options);
    const { [without]: own } = passingBySpecies(figures);
    return { without, bpcer: figures.bonaFide.bpcer, passing: own ? { [without]: own } : {} };
  });
}

function figuresBy({ test }: AttemptSides, known: readonly Attempt[], options: FitOptions): LivenessFigures {
  const calibration = fitLiveness(known, options);
  return livenessFigures(test.map((attempt) => ({ attempt, outcome: outcomeOf(attempt, calibration), matched: true })));
}
