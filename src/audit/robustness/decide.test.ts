import { describe, expect, test } from 'vitest';
import { wilson } from '../../metric/intervals.ts';
import { MEASURE, type Queries, type Rate, type SelfTest } from '../findings.ts';
import type { MeasuredControl } from '../verdict.ts';
import { decideRobustness, type RobustnessEvidence } from './decide.ts';
import { selfTests } from './self-tests.ts';

const TARGET = 'target';

const rate = (successes: number, more: Partial<Rate> & { epsilon?: number; madeWith?: string[] } = {}): Rate => {
  const { epsilon = 8, madeWith = [TARGET], ...rest } = more;
  return {
    name: MEASURE.dodging,
    attack: 'BIM',
    target: TARGET,
    judge: TARGET,
    fmr: 1e-3,
    perturbation: { norm: 'linf', epsilon, madeWith },
    ...wilson(successes, 100),
    ...rest,
  };
};

const genuine = (successes = 95): Rate => {
  const { perturbation: _, ...row } = rate(successes, { name: MEASURE.genuine, attack: 'real photos' });
  return row;
};

const control = (expected: MeasuredControl['expected'], successes: number): MeasuredControl => ({
  ...rate(successes, { attack: expected === 'chance' ? 'noise of equal size' : 'BIM', madeWith: [] }),
  fmr: expected === 'chance' ? 1e-3 : null,
  expected,
});

const CONTROLS = [control('fooled', 100), control('withstands', 0), control('chance', 0)];

/** Nothing succeeds of either goal. */
const CLEAR = [genuine(), rate(0), rate(0, { name: MEASURE.impersonation })];

const decide = (more: Partial<RobustnessEvidence>): ReturnType<typeof decideRobustness> =>
  decideRobustness({
    target: TARGET,
    rates: CLEAR,
    queries: [],
    controls: CONTROLS,
    selfTests: [],
    isWhiteBox: true,
    ...more,
  });

describe('decideRobustness', () => {
  test('fooled where the lower bound is above 5 %, with the figure in the sentence', () => {
    const { verdict, sentence } = decide({ rates: [genuine(), rate(60)] });
    expect(verdict).toBe('fooled');
    expect(sentence.replaceAll('\u00a0', ' ')).toContain('not recognised any more in 60.0 % of trials');
  });

  test('withstood where nothing of the many pairs succeeds', () => {
    expect(decide({}).verdict).toBe('withstood');
  });

  test.each([
    ['one goal alone', [genuine(), rate(0)], /impersonation success was not measured/],
    [
      'transfer alone',
      CLEAR.map((row) => ({
        ...row,
        ...(row.perturbation ? { perturbation: { ...row.perturbation, madeWith: ['other'] } } : {}),
      })),
      /by its own gradient/,
    ],
    ['one step alone', CLEAR.map((row) => ({ ...row, attack: 'FGSM' })), /many steps/],
    [
      'smaller changes alone',
      CLEAR.map((row) => ({
        ...row,
        ...(row.perturbation ? { perturbation: { ...row.perturbation, epsilon: 2 } } : {}),
      })),
      /8 of 255/,
    ],
    ['no second photos', CLEAR.slice(1), /nobody has two photos/],
  ])('nothing is cleared by %s', (_, rates, sentence) => {
    const decision = decide({ rates });
    expect(decision.verdict).toBe('inconclusive');
    expect(decision.sentence).toMatch(sentence);
  });

  test('says how many pairs would settle it', () => {
    const few = CLEAR.map((row) => (row.perturbation ? { ...row, ...wilson(0, 30) } : row));
    expect(decide({ rates: few }).sentence).toMatch(/About 73 pairs/);
  });

  test.each([
    ['changes that anybody sees', rate(100, { epsilon: 16 })],
    ['another encoder', rate(100, { target: 'other', judge: 'other' })],
    ['another threshold', rate(100, { fmr: 1e-2 })],
    ['whole photos, whose faces may not be found', rate(100, { name: 'dodging success, from file to decision' })],
  ])('%s decide nothing', (_, row) => {
    expect(decide({ rates: [...CLEAR, row] }).verdict).toBe('withstood');
  });

  test('transfer and queries decide as well', () => {
    const transferred = decide({ rates: [genuine(), rate(0), rate(30, { madeWith: ['surrogate'] })] });
    expect(transferred.verdict).toBe('fooled');
    expect(transferred.sentence).toContain('the weights of surrogate, not its own');
    const asked: Queries = {
      name: MEASURE.impersonation,
      attack: 'Square',
      target: TARGET,
      access: 'similarity',
      norm: 'linf',
      epsilon: 8,
      fmr: 1e-3,
      budget: 1000,
      median: 300,
      ...wilson(40, 50),
    };
    expect(decide({ queries: [asked] }).sentence).toContain('1,000 queries for each photo');
    expect(decide({ queries: [{ ...asked, target: `${TARGET}+jpeg:75` }] }).verdict).toBe('withstood');
  });

  test.each([
    [
      'a planted weak encoder that is not fooled',
      [control('fooled', 3), ...CONTROLS.slice(1)],
      /planted to be fooled was not/,
    ],
    [
      'a planted strong one that is',
      [control('withstands', 50), CONTROLS[0], CONTROLS[2]],
      /planted to withstand was fooled/,
    ],
    ['noise that does as well', [control('chance', 98), ...CONTROLS.slice(0, 2)], /not optimised succeeds as well/],
    ['a control that is missing', CONTROLS.slice(0, 2), /noise of equal size was not tried/],
  ])('inconclusive: %s', (_, controls, sentence) => {
    const decision = decide({ rates: [genuine(), rate(100)], controls: controls.flatMap((one) => one ?? []) });
    expect(decision.verdict).toBe('inconclusive');
    expect(decision.sentence).toMatch(sentence);
  });

  test('noise that turns weak pairs is no fault of the attack that does more, nor is it another encoder’s', () => {
    const [weak, strong] = CONTROLS;
    const noise = (more: Partial<MeasuredControl>) =>
      [weak, strong, { ...control('chance', 40), ...more }].flatMap((one) => one ?? []);
    const rates = [genuine(), rate(90)];
    expect(decide({ rates, controls: noise({}) }).verdict).toBe('fooled');
    expect(decide({ rates: [genuine(), rate(45)], controls: noise({}) }).verdict).toBe('inconclusive');
    expect(decide({ rates, controls: noise({ target: 'other', judge: 'other', ...wilson(100, 100) }) }).verdict).toBe(
      'fooled',
    );
  });

  test('inconclusive: a self-test that failed, an encoder that recognises nobody', () => {
    const failed: SelfTest = { name: 'x', sentence: 'y', held: false };
    expect(decide({ rates: [genuine(), rate(100)], selfTests: [failed] }).verdict).toBe('inconclusive');
    expect(decide({ rates: [genuine(2), rate(100)] }).sentence).toMatch(/nothing to attack/);
  });
});

describe('selfTests', () => {
  const of = (rates: readonly Rate[]): Record<string, boolean> =>
    Object.fromEntries(selfTests(rates, TARGET, 8).map(({ name, held }) => [name.split(':')[0] ?? '', held]));

  test('hold where success grows, many steps do more and the own gradient is best', () => {
    const rates = [
      rate(10, { epsilon: 2 }),
      rate(80),
      rate(40, { attack: 'FGSM' }),
      rate(30, { madeWith: ['surrogate'] }),
    ];
    expect(of(rates)).toEqual({
      'success grows with the budget': true,
      'many steps do not do worse than one': true,
      'white-box does not do worse than transfer': true,
    });
  });

  test.each([
    ['success grows with the budget', [rate(80, { epsilon: 2 }), rate(40)]],
    ['many steps do not do worse than one', [rate(40), rate(80, { attack: 'FGSM' })]],
    ['white-box does not do worse than transfer', [rate(40), rate(80, { madeWith: ['surrogate'] })]],
  ])('fails: %s', (name, rates) => {
    expect(of(rates)[name]).toBe(false);
  });

  test('a difference that chance explains fails nothing', () => {
    expect(of([rate(50, { epsilon: 2 }), rate(47)])['success grows with the budget']).toBe(true);
  });
});
