import { type Attempt, isBonaFide } from './attempt.ts';
import { reachedByAllBut } from './attempt-scores.ts';
import { type LivenessFigures, livenessFigures } from './figures.ts';
import { outcomeOfScore } from './outcome.ts';

/** Share of the calibration people's own presentations that a network's threshold may refuse. */
const BPCER = 0.05;

/** What a network alone comes to. */
export interface NetworkFigures {
  readonly network: string;
  /** From here on a presentation passes, as the mean probability of its frames. */
  readonly threshold: number;
  readonly figures: LivenessFigures;
}

/** Judges the test people's attempts by a network alone, at the threshold that lets 95 % of the calibration people's own presentations pass. */
export function networkFigures(
  network: string,
  { calibration, test }: { readonly calibration: readonly Attempt[]; readonly test: readonly Attempt[] },
): NetworkFigures {
  const own = calibration.filter(isBonaFide).flatMap(({ networks }) => networks[network] ?? []);
  const threshold = reachedByAllBut(BPCER, own) ?? 1;
  return {
    network,
    threshold,
    figures: livenessFigures(
      test.map((attempt) => ({
        attempt,
        outcome: outcomeOfScore(attempt.networks[network], threshold),
        matched: true,
      })),
    ),
  };
}
