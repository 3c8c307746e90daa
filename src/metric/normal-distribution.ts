import { InputError } from '../util/errors.ts';

/**
 * The number that a standard normal variable stays below with the given probability (the probit), to 7 digits.
 *
 * Source: Wichura, Algorithm AS 241 (PPND7), Applied Statistics 37 (1988).
 *
 * @throws InputError where the probability is not inside (0, 1).
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1))
    throw new InputError(`a probability inside (0, 1) is needed, not ${probability}`);
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const r = 0.180625 - centred * centred;
    return (
      (centred * polynomial(r, 3.3871327179, 50.434271938, 159.29113202, 59.10937472)) /
      polynomial(r, 1, 17.895169469, 78.757757664, 67.1875636)
    );
  }
  const r = Math.sqrt(-Math.log(Math.min(probability, 1 - probability)));
  const tail =
    r <= 5
      ? polynomial(r - 1.6, 1.4234372777, 2.75681539, 1.3067284816, 0.17023821103) /
        polynomial(r - 1.6, 1, 0.7370016425, 0.12021132975)
      : polynomial(r - 5, 6.657905115, 3.081226386, 0.42868294337, 0.017337203997) /
        polynomial(r - 5, 1, 0.24197894225, 0.012258202635);
  return Math.sign(centred) * tail;
}

/** Horner's rule, coefficients from the constant upwards. */
function polynomial(x: number, ...coefficients: number[]): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}
