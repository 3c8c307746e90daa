import { describe, expect, test } from 'vitest';
import { wilson } from '../../metric/intervals.ts';
import { type Control, MEASURE, type Membership, type Rate } from '../findings.ts';
import { decideTraining, decidingFigure, figuresOf, type TrainingEvidence } from './decide.ts';
import { UNTRAINED } from './level.ts';

const rate = (successes: number, more: Partial<Rate> = {}): Rate => ({
  ...{ name: MEASURE.accuracyOne, attack: 'an attack', target: 'the model', judge: 'a judge', fmr: null },
  ...wilson(successes, 100),
  ...more,
});

const control = (expected: Control['expected'], held = true): Control => ({
  ...rate(expected === 'leaks' ? 90 : 1),
  ...{ target: 'planted', expected, held },
});

const membership = (value: number, more: Partial<Membership> = {}): Membership => ({
  ...{ attack: 'loss threshold', target: 'the model', reference: null, members: 200, nonMembers: 200, people: 50 },
  ...{ auc: { value, low: value - 0.03, high: value + 0.03 }, tprAtFpr1: { value: 0.01, low: 0, high: 0.03 } },
  ...more,
});

const evidence = (more: Partial<TrainingEvidence> = {}): TrainingEvidence => ({
  ...{ target: 'the model', galleryPeople: 100, rates: [rate(1)], membership: [membership(0.5)] },
  missing: undefined,
  ...{ controls: [control('leaks'), control('no-leak'), control('chance')], selfTests: [] },
  ...more,
});

describe('decideTraining', () => {
  test('little, where every interval is below its level', () => {
    expect(decideTraining(evidence()).verdict).toBe('leaks-little');
  });

  test.each([
    ['people are rebuilt', { rates: [rate(30)] }, '30.0'],
    ['membership is told', { membership: [membership(0.7)] }, 'AUC of 0.700'],
    [
      'a tenth of the photos is found without a false alarm, though the AUC is low',
      { membership: [membership(0.52, { tprAtFpr1: { value: 0.2, low: 0.15, high: 0.25 } })] },
      'false positive rate',
    ],
  ])('leaks, where %s', (_, more, words) => {
    const { verdict, sentence } = decideTraining(evidence(more));
    expect(verdict).toBe('leaks');
    expect(sentence).toContain(words);
  });

  test('names the figure that leaves it open, not one that is settled', () => {
    const { sentence } = decideTraining(evidence({ rates: [rate(5), rate(12, { judge: 'another' })] }));
    expect(sentence).toContain('judged by another');
  });

  test('says what would settle it: held-out photos where it is membership, people where it is inversion', () => {
    const open = (more: Partial<TrainingEvidence>) => decideTraining(evidence(more)).sentence;
    expect(open({ membership: [membership(0.6)] })).toMatch(/held-out photos.*would narrow the interval/);
    expect(open({ membership: [membership(0.6)] })).not.toContain('--people');
    expect(open({ rates: [rate(12)] })).toMatch(/More people \(--people\) would narrow the interval/);
  });

  test('says so where membership was not measured, and calls ten points no per cent', () => {
    const { verdict, sentence } = decideTraining(evidence({ membership: [], missing: 'nobody knows why' }));
    expect(verdict).toBe('leaks-little');
    expect(sentence).toContain('Membership was not measured: nobody knows why.');
    expect(sentence).not.toContain('above guessing');
  });

  test.each([
    ['an interval lies about its level', { rates: [rate(12)] }, 'Too uncertain'],
    ['a control did not hold', { controls: [control('leaks', false)], rates: [rate(90)] }, 'planted to be found'],
    ['chance was beaten', { controls: [control('leaks'), control('chance', false)] }, 'above chance'],
    ['no planted model was attacked', { controls: [] }, 'no planted model'],
    ['a self-test failed', { selfTests: [{ name: 'x', sentence: 'y', held: false }] }, 'a self-test failed, x: y'],
    [
      'a classifier does not know its own photos',
      { rates: [rate(0), rate(1, { name: MEASURE.classified, attack: 'training photos' })] },
      'another order',
    ],
  ])('inconclusive, where %s', (_, more, words) => {
    const { verdict, sentence } = decideTraining(evidence(more));
    expect(verdict).toBe('inconclusive');
    expect(sentence).toContain(words);
  });
});

describe('membership of few held-out photos', () => {
  const few = (value: number, half: number): Membership =>
    membership(value, { auc: { value, low: value - half, high: value + half }, tprAtFpr1: null });

  test('keeps no verdict on inversion back where it says nothing, and is said to be open', () => {
    const { verdict, sentence } = decideTraining(evidence({ membership: [few(0.52, 0.12)] }));
    expect(verdict).toBe('leaks-little');
    expect(sentence).toMatch(/Too few photos were held out .* AUC of 0\.520 \(interval 0\.400 to 0\.640/);
  });

  test.each([
    ['the interval would tell guessing from the level', few(0.56, 0.07)],
    ['the photos rather seem to be given away', few(0.7, 0.15)],
  ])('leaves it open where %s', (_, row) => {
    expect(decideTraining(evidence({ membership: [row] })).verdict).toBe('inconclusive');
  });

  test('leaks where it is sure all the same', () => {
    expect(decideTraining(evidence({ membership: [few(0.85, 0.14)] })).verdict).toBe('leaks');
  });

  test('does not settle what inversion leaves open, and is not the figure that does', () => {
    const figures = figuresOf(evidence({ rates: [rate(12)], membership: [few(0.5, 0.4)] }));
    expect(decidingFigure(figures)?.kind).toBe('inversion');
    expect(decideTraining(evidence({ rates: [rate(12)], membership: [few(0.5, 0.4)] })).verdict).toBe('inconclusive');
  });
});

describe('of an encoder, people whom it was not trained on are compared', () => {
  const strangers = (successes: number): Rate => rate(successes, { name: `${MEASURE.accuracyOne}${UNTRAINED}` });

  test('what is rebuilt of them as well is no leak of the training', () => {
    const { verdict } = decideTraining(evidence({ rates: [rate(70), strangers(78)] }));
    expect(verdict).toBe('leaks-little');
  });

  test('what exceeds them is', () => {
    const { verdict, sentence } = decideTraining(evidence({ rates: [rate(80), strangers(30)] }));
    expect(verdict).toBe('leaks');
    // Newcombe's interval of 80/100 against 30/100, by an independent calculation: 0.3693 to 0.6049.
    expect(sentence).toContain('+36.9\u00a0points to +60.5\u00a0points');
  });
});
