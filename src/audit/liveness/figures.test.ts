import { describe, expect, test } from 'vitest';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { checkMatrix, withoutChecks, withoutSpecies } from './ablation.ts';
import { type Attempt, attemptSchema, BONA_FIDE } from './attempt.ts';
import { livenessFigures } from './figures.ts';
import { fitLiveness } from './fit.ts';
import { outcomeOf } from './outcome.ts';

const attempt = (species: string, person: string, checks: Record<string, number>, number = 0): Attempt =>
  attemptSchema.parse({
    species,
    person,
    attempt: number,
    refusal: null,
    checks: Object.fromEntries(
      Object.entries(checks).map(([name, score]) => [name, { score, quality: 1, reason: 'given' }]),
    ),
    networks: {},
    similarities: {},
    marked: false,
    outcome: null,
  });

/** Two checks that stop one species each: `print` has a low texture, `warp` a low shape; what is bona fide has both. */
function attempts(people: readonly string[], seed: number): Attempt[] {
  const random = new Random(seed);
  const around = (mean: number): number => mean + random.normal();
  return people.flatMap((person) =>
    Array.from({ length: 10 }, (_, i) => [
      attempt(BONA_FIDE, person, { texture: around(6), shape: around(6) }, i),
      attempt('print', person, { texture: around(0), shape: around(6) }, i),
      attempt('warp', person, { texture: around(6), shape: around(0) }, i),
      attempt('mask', person, { texture: around(6), shape: around(6) }, i),
    ]).flat(),
  );
}

const sides = {
  calibration: attempts(['ann', 'ben', 'cleo', 'dan'], 1),
  test: attempts(['eve', 'fay', 'gus', 'hal'], 2),
};
const options = { dataset: 'drawn numbers' };

describe('livenessFigures', () => {
  const judged = (
    species: string,
    outcome: 'passed' | 'refused' | 'no-response',
    matched: boolean,
    person = 'ann',
  ) => ({
    attempt: { species, person },
    outcome,
    matched,
  });

  test('counts a hand-worked case', () => {
    const figures = livenessFigures([
      judged(BONA_FIDE, 'passed', true),
      judged(BONA_FIDE, 'passed', true, 'ben'),
      judged(BONA_FIDE, 'no-response', true),
      judged(BONA_FIDE, 'refused', false),
      judged('print', 'refused', true),
      judged('print', 'passed', false),
      judged('print', 'no-response', true),
      judged('warp', 'passed', true),
      judged('warp', 'passed', false, 'ben'),
    ]);
    expect(figures.bonaFide.bpcer.rate).toBe(0.5);
    expect(figures.bonaFide.nonResponse.rate).toBe(0.25);
    expect(figures.bonaFide.people).toBe(2);
    expect(figures.species.map(({ species }) => species)).toEqual(['warp', 'print']);
    const [warp, print] = figures.species;
    expect([warp?.apcer.rate, warp?.iapar.rate, warp?.people]).toEqual([1, 0.5, 2]);
    // The one that passed was not matched, and those that were matched did not pass.
    expect([print?.apcer.successes, print?.matched.successes, print?.iapar.successes]).toEqual([1, 2, 0]);
    expect(print?.nonResponse.successes).toBe(1);
  });

  test.each([
    ['attacks', [judged(BONA_FIDE, 'passed', true)]],
    ['bona fide attempts', [judged('print', 'passed', true)]],
  ])('refuses to say anything without %s', (_, trials) => {
    expect(() => livenessFigures(trials)).toThrow(InputError);
  });
});

describe('fitLiveness', () => {
  const calibration = fitLiveness(sides.calibration, options);
  const figures = livenessFigures(
    sides.test.map((one) => ({ attempt: one, outcome: outcomeOf(one, calibration), matched: true })),
  );
  const apcerOf = (species: string) => figures.species.find((one) => one.species === species)?.apcer.rate;

  test('stops on other people what a check sees, and does not stop what none sees', () => {
    expect(apcerOf('print')).toBeLessThan(0.1);
    expect(apcerOf('warp')).toBeLessThan(0.1);
    expect(apcerOf('mask')).toBeGreaterThan(0.8);
    expect(figures.species[0]?.species).toBe('mask');
  });

  test('lets one in twenty of the calibration people’s own presentations down, and says what the worst species comes to there', () => {
    const own = sides.calibration.filter(({ species }) => species === BONA_FIDE);
    const passed = own.filter((one) => outcomeOf(one, calibration) === 'passed').length;
    expect(passed).toBe(38);
    expect(calibration.policy.pass.bpcer).toBeCloseTo(0.05, 9);
    expect(calibration.policy.pass.apcer).toBeGreaterThan(0.8);
    expect(calibration.policy.refuse.logLikelihoodRatio).toBeLessThanOrEqual(
      calibration.policy.pass.logLikelihoodRatio,
    );
  });

  test('refuses what a rule of the session refused, and what bears our mark, whatever the checks say', () => {
    const best = attempt(BONA_FIDE, 'zoe', { texture: 20, shape: 20 });
    expect(outcomeOf(best, calibration)).toBe('passed');
    expect(outcomeOf({ ...best, refusal: 'doubled-frames' }, calibration)).toBe('refused');
    expect(outcomeOf({ ...best, marked: true }, calibration)).toBe('refused');
  });

  test('gives no response where a required check does not apply', () => {
    const strict = fitLiveness(sides.calibration, { ...options, required: ['shape'] });
    const best = attempt(BONA_FIDE, 'zoe', { texture: 20 });
    expect(outcomeOf(best, strict)).toBe('no-response');
    expect(
      outcomeOf({ ...best, checks: { ...best.checks, shape: { score: 20, quality: 1, reason: 'given' } } }, strict),
    ).toBe('passed');
  });

  test('asks of everybody what nearly all reach in a required check, whatever the others say, and lets no more people down', () => {
    const strict = fitLiveness(sides.calibration, { ...options, required: ['shape'] });
    const own = sides.calibration.filter(({ species }) => species === BONA_FIDE);
    const least = strict.policy.leastScores?.shape ?? Number.NaN;
    expect(least).toBe(Math.min(...own.map(({ checks }) => (checks.shape as { score: number }).score)));
    const outcomes = [-0.01, 0.01].map((more) =>
      outcomeOf(attempt('replay', 'zoe', { texture: 20, shape: least + more }), strict),
    );
    expect(outcomes).toEqual(['no-response', 'passed']);
    expect(outcomeOf(attempt('replay', 'zoe', { texture: 20, shape: least - 0.01 }), calibration)).toBe('passed');
    expect(own.filter((one) => outcomeOf(one, strict) === 'passed')).toHaveLength(38);
  });

  test('counts those who fall short of what is asked among the people that a threshold lets down', () => {
    const people = Array.from({ length: 20 }, (_, i) => `person ${i}`);
    const all = attempts(people, 3);
    const strict = fitLiveness(all, { ...options, required: ['shape'] });
    const own = all.filter(({ species }) => species === BONA_FIDE);
    const short = own.filter(
      ({ checks }) => (checks.shape as { score: number }).score < (strict.policy.leastScores?.shape ?? 0),
    );
    expect(short).toHaveLength(2);
    expect(short.map((one) => outcomeOf(one, strict))).not.toContain('passed');
    expect(own.filter((one) => outcomeOf(one, strict) === 'passed')).toHaveLength(190);
  });

  test('leaves out the check that nobody gave anything for, and needs one at least', () => {
    const { checks } = fitLiveness(sides.calibration, { ...options, checks: ['texture', 'pulse'] });
    expect(Object.keys(checks)).toEqual(['texture']);
    expect(() => fitLiveness(sides.calibration, { ...options, checks: ['pulse'] })).toThrow(/none of the checks/);
  });

  test('leaves out the check that applies to no attack', () => {
    const own = sides.calibration.map((one) =>
      one.species === BONA_FIDE ? one : { ...one, checks: { ...one.checks, shape: { notApplicable: 'no turn' } } },
    );
    expect(Object.keys(fitLiveness(own, options).checks)).not.toContain('shape');
  });
});

describe('what is left out', () => {
  test('the matrix shows which check stops which attack', () => {
    const matrix = checkMatrix(sides, ['texture', 'shape', 'pulse']);
    expect(matrix.map(({ check }) => check)).toEqual(['texture', 'shape']);
    const [texture, shape] = matrix;
    expect(texture?.passing.print?.rate).toBeLessThan(0.1);
    expect(texture?.passing.warp?.rate).toBeGreaterThan(0.8);
    expect(shape?.passing.print?.rate).toBeGreaterThan(0.8);
    expect(shape?.passing.warp?.rate).toBeLessThan(0.1);
  });

  test('a check that does not apply to a species lets it pass', () => {
    const blind = sides.test.map((one) =>
      one.species === 'print' ? { ...one, checks: { texture: { notApplicable: 'no face' } } } : one,
    );
    const [texture] = checkMatrix({ ...sides, test: blind }, ['texture']);
    expect(texture?.passing.print?.rate).toBe(1);
  });

  test('without its check a species passes', () => {
    const [noShape, noTexture] = withoutChecks(sides, ['shape', 'texture'], options);
    expect(noShape?.without).toBe('shape');
    expect(noShape?.passing.warp?.rate).toBeGreaterThan(0.8);
    expect(noShape?.passing.print?.rate).toBeLessThan(0.1);
    expect(noTexture?.passing.print?.rate).toBeGreaterThan(0.8);
  });

  test('a species that the calibration has not seen is judged by what it has: here its check then counts for nothing', () => {
    const found = withoutSpecies(sides, options);
    expect(found.map(({ without }) => without)).toEqual(['mask', 'print', 'warp']);
    const print = found.find(({ without }) => without === 'print');
    expect(Object.keys(print?.passing ?? {})).toEqual(['print']);
    // Texture separates nothing among warps and masks, so that it gets no weight.
    expect(print?.passing.print?.rate).toBeGreaterThan(0.5);
  });

  test('a species that cannot be made of the calibration people is unseen as it is, and left out here', () => {
    const withoutSwap = (own: readonly Attempt[]) => own.filter(({ species }) => species !== 'mask');
    const calibration = withoutSwap(sides.calibration);
    expect(withoutSpecies({ ...sides, calibration }, options).map(({ without }) => without)).toEqual(['print', 'warp']);
    const oneSpecies = calibration.filter(({ species }) => species !== 'warp');
    expect(withoutSpecies({ ...sides, calibration: oneSpecies }, options)).toEqual([]);
  });
});
