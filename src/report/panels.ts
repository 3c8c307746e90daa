import type { Control, Findings, Rate } from '../audit/findings.ts';
import { MEASURE } from '../audit/findings.ts';
import { VERDICT_FMR } from '../audit/verdict.ts';

/** Everything measured in one way: what an interval plot shows together. */
export interface Panel {
  readonly measure: string;
  /** Null where no threshold is used. */
  readonly fmr: number | null;
  readonly attacks: readonly Rate[];
  /** Chance controls of the same target, judge, measure and FMR. */
  readonly controls: readonly Control[];
  /** How often real photos of the same person pass. */
  readonly ceiling: Rate | undefined;
}

/** The panels of one judge. */
export interface JudgePanels {
  readonly judge: string;
  /** True where the attacked encoder judges itself. */
  readonly isTarget: boolean;
  readonly panels: readonly Panel[];
}

/** Sorts the rates for display: the attacked encoder first, each judge apart, the verdict's threshold before the others, rank last. */
export function panelsByJudge({ rates, controls }: Pick<Findings, 'rates' | 'controls'>): JudgePanels[] {
  const byJudge = Map.groupBy(rates, (rate) => rate.judge);
  return [...byJudge]
    .map(([judge, own]) => ({
      judge,
      isTarget: own.some((rate) => rate.name !== MEASURE.genuine && rate.target === judge),
      panels: panelsOf(own, controls),
    }))
    .toSorted((a, b) => Number(b.isTarget) - Number(a.isTarget));
}

function panelsOf(rates: readonly Rate[], controls: readonly Control[]): Panel[] {
  const attacks = rates.filter((rate) => rate.name !== MEASURE.genuine);
  return [...Map.groupBy(attacks, (rate) => `${rate.fmr} ${rate.name}`).values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const isAlike = (other: Rate) =>
        other.judge === first.judge && other.target === first.target && other.fmr === first.fmr;
      return {
        measure: first.name,
        fmr: first.fmr,
        attacks: group,
        controls: controls.filter(
          (control) => control.expected === 'chance' && isAlike(control) && control.name === first.name,
        ),
        // Two photos of one person are compared with each other, as type-II compares: nobody's templates are attacked, so that the target does not count.
        ceiling:
          first.name === MEASURE.typeTwo
            ? rates.find((rate) => rate.name === MEASURE.genuine && rate.fmr === first.fmr)
            : undefined,
      };
    })
    .toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The verdict's threshold first, then strict thresholds before lax ones, rank last. */
function placeOf({ fmr }: Panel): number {
  if (fmr === VERDICT_FMR) return 0;
  return fmr ?? Number.POSITIVE_INFINITY;
}
