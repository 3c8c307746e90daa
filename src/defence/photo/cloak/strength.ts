import { InputError } from '../../../util/errors.ts';

/** How much a cloak may change a face. */
export interface CloakStrength {
  /** As it was asked for, or "own" for a budget of the user's own. */
  readonly name: string;
  /** Budget of structural dissimilarity, (1 - SSIM) / 2, of the aligned face at {@link ./dissimilarity.ts}'s size. */
  readonly dssim: number;
  /** Steps of the optimisation. */
  readonly steps: number;
}

/** Names of the strengths, weakest first. */
export const STRENGTHS = ['low', 'mid', 'high'] as const;

export type StrengthName = (typeof STRENGTHS)[number];

/** Fawkes' budgets (Shan et al. 2020: 0.007; the tool's modes low and high), and the steps of its modes. */
const PRESETS: Readonly<Record<StrengthName, Omit<CloakStrength, 'name'>>> = {
  low: { dssim: 0.004, steps: 40 },
  mid: { dssim: 0.007, steps: 75 },
  high: { dssim: 0.017, steps: 150 },
};

export const strengthOf = (name: StrengthName): CloakStrength => ({ name, ...PRESETS[name] });

/**
 * A strength by its budget alone.
 *
 * @throws InputError where the budget is not above 0 and at most 0.1, beyond which a face is no longer the same picture.
 */
export function strengthOfBudget(dssim: number): CloakStrength {
  if (!(dssim > 0 && dssim <= 0.1)) {
    throw new InputError(`a DSSIM budget of ${dssim}`, { hint: 'give a number above 0 and up to 0.1, such as 0.007' });
  }
  const { steps } = PRESETS[dssim <= 0.005 ? 'low' : dssim <= 0.012 ? 'mid' : 'high'];
  return { name: 'own', dssim, steps };
}
