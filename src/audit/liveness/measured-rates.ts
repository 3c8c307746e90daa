import type { Rate as Share } from '../../metric/intervals.ts';
import { type Arrangement, MEASURE, type Rate } from '../findings.ts';
import type { Ablation, CheckFigures } from './ablation.ts';
import { BONA_FIDE } from './attempt.ts';
import type { LivenessFigures } from './figures.ts';

/** Whose decisions the rates are of. */
export interface JudgedTarget {
  /** The verification or network. */
  readonly target: string;
  /** The encoder that compares faces, and the false match rate of its threshold; none where liveness alone is judged. */
  readonly matcher?: { readonly id: string; readonly fmr: number };
  /** Whether its decision is about the person as well, and all that is known of it. Default false. */
  readonly decidesAlone?: boolean;
}

/** The figures as rows: each species’ APCER and non-response, with a matcher its IAPAR and what the matcher alone lets in; then people’s own. */
export function livenessRates(
  { species, bonaFide }: LivenessFigures,
  { target, matcher, decidesAlone = false }: JudgedTarget,
): Rate[] {
  const row = (name: string, attack: string, { ...share }: Share): Rate => ({
    ...{ name, attack, target, judge: target, fmr: null },
    ...share,
  });
  const matched = (name: string, attack: string, share: Share): Rate[] =>
    matcher ? [{ ...row(name, attack, share), judge: matcher.id, fmr: matcher.fmr }] : [];
  return [
    ...species.flatMap((one) => [
      row(decidesAlone ? MEASURE.iapar : MEASURE.apcer, one.species, one.apcer),
      ...matched(MEASURE.iapar, one.species, one.iapar),
      ...matched(MEASURE.matcherAlone, one.species, one.matched),
      row(MEASURE.nonResponse, one.species, one.nonResponse),
    ]),
    row(MEASURE.bpcer, BONA_FIDE, bonaFide.bpcer),
    ...matched(MEASURE.genuine, BONA_FIDE, bonaFide.matched),
    row(MEASURE.nonResponse, BONA_FIDE, bonaFide.nonResponse),
  ];
}

/** The matrix and the ablations as rows. */
export function arrangementsOf(parts: {
  readonly alone: readonly CheckFigures[];
  readonly without: readonly Ablation[];
  readonly unseen: readonly Ablation[];
}): Arrangement[] {
  const rows = (
    arrangement: Arrangement['arrangement'],
    of: string,
    bpcer: Share,
    passing: Readonly<Record<string, Share>>,
  ): Arrangement[] => [
    ...Object.entries(passing).map(([presentation, share]) => ({ arrangement, of, presentation, ...share })),
    { arrangement, of, presentation: BONA_FIDE, ...passingOf(bpcer) },
  ];
  return [
    ...parts.alone.flatMap(({ check, bpcer, passing }) => rows('alone', check, bpcer, passing)),
    ...parts.without.flatMap(({ without, bpcer, passing }) => rows('without', without, bpcer, passing)),
    ...parts.unseen.flatMap(({ without, bpcer, passing }) => rows('unseen', without, bpcer, passing)),
  ];
}

/** The other side of a share. */
const passingOf = ({ successes, trials, rate, low, high }: Share): Share => ({
  ...{ successes: trials - successes, trials, rate: 1 - rate, low: 1 - high, high: 1 - low },
});
