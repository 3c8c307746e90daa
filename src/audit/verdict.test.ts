import { describe, expect, it } from 'vitest';
import type { Rate } from './findings.ts';
import { MEASURE } from './findings.ts';
import type { MeasuredControl } from './verdict.ts';
import { decideVerdict, leakLevel } from './verdict.ts';

/** 95 % Wilson intervals, worked out apart from this code (the closed form, in Python). */
const WILSON = {
  '0/6': [0, 0.3903],
  '6/6': [0.6097, 1],
  '0/100': [0, 0.037],
  '2/100': [0.0055, 0.07],
  '8/100': [0.0411, 0.15],
  '0/250': [0, 0.01513],
  '2/250': [0.0022, 0.0287],
  '60/100': [0.502, 0.6906],
  '95/100': [0.8882, 0.9785],
  '30/100': [0.2189, 0.3958],
} as const;

function rate(counts: keyof typeof WILSON, changes: Partial<Rate> = {}): Rate {
  const [successes = 0, trials = 1] = counts.split('/').map(Number);
  const [low, high] = WILSON[counts];
  const common = { name: MEASURE.typeTwo, attack: 'white-box', target: 'E', judge: 'E', fmr: 1e-3 };
  return { ...common, successes, trials, rate: successes / trials, low, high, ...changes };
}

/** Other counts for a control. */
function pick(counts: keyof typeof WILSON): Pick<Rate, 'successes' | 'trials' | 'rate' | 'low' | 'high'> {
  const { successes, trials, rate: share, low, high } = rate(counts);
  return { successes, trials, rate: share, low, high };
}

const chance: MeasuredControl = { ...rate('0/250'), attack: 'random real face', expected: 'chance' };
const weak: MeasuredControl = { ...rate('95/100', { target: 'weak', judge: 'weak' }), expected: 'leaks' };
const strong: MeasuredControl = { ...rate('0/100', { target: 'strong', judge: 'strong' }), expected: 'no-leak' };
const good = [chance, weak, strong];

describe('decideVerdict', () => {
  it('says leaks where the lower bound clears the level and the controls', () => {
    const { verdict, sentence, controls } = decideVerdict({ rates: [rate('60/100')], controls: good, people: 50 });
    expect(verdict).toBe('leaks');
    expect(sentence.replaceAll('\u00a0', ' ')).toBe(
      'From a stolen template an attacker rebuilds the face: this encoder matches it with another photo of that person in 60.0 % of trials (interval 50.2 to 69.1 %; 60 of 100), at a threshold that lets 0.1 % of strangers pass.',
    );
    expect(controls.map(({ held }) => held)).toEqual([true, true, true]);
  });

  it('says leaks little where every upper bound is under the level, and claims no safety', () => {
    const { verdict, sentence } = decideVerdict({ rates: [rate('2/250')], controls: good, people: 100 });
    expect(verdict).toBe('leaks-little');
    expect(sentence).not.toMatch(/\bsafe/i);
  });

  it('needs every rate under the level to say leaks little', () => {
    const rates = [rate('0/250'), rate('8/100', { attack: 'black-box' })];
    expect(decideVerdict({ rates, controls: good, people: 100 }).verdict).toBe('inconclusive');
  });

  it('is inconclusive where the encoder itself recognises nobody, unless it leaks all the same', () => {
    const blind = rate('0/250', { name: MEASURE.genuine, attack: 'real photos' });
    const { verdict, sentence } = decideVerdict({ rates: [rate('2/250'), blind], controls: good, people: 100 });
    expect(verdict).toBe('inconclusive');
    expect(sentence.replaceAll('\u00a0', ' ')).toContain(
      'this encoder matches a real photo with another photo of that person in 0 % of trials',
    );
    const decide = (genuine: Rate) => decideVerdict({ rates: [rate('2/250'), genuine], controls: good, people: 100 });
    expect(decide({ ...blind, ...pick('95/100') }).verdict).toBe('leaks-little');
    // Another judge's blindness says nothing of the target.
    expect(decide({ ...blind, target: 'J', judge: 'J' }).verdict).toBe('leaks-little');
    expect(decideVerdict({ rates: [rate('60/100'), blind], controls: good, people: 50 }).verdict).toBe('leaks');
  });

  it('says how many more people would settle a small sample', () => {
    // 0 of 6: Wilson's upper bound z^2 / (n + z^2) is under 5 % from n = 19 z^2 = 72.99, so 73; 67 more than the 6 at one trial each.
    const { verdict, sentence } = decideVerdict({ rates: [rate('0/6')], controls: good, people: 6 });
    expect(verdict).toBe('inconclusive');
    expect(sentence).toContain('About 67 more people');
  });

  it('counts people, not trials, where each gave several', () => {
    // 8 %: (0.08 - 0.05)^2 n > z^2 0.05 0.95 from n = 203; 2 trials a person, so 51.5 -> 52 more.
    const { sentence } = decideVerdict({ rates: [rate('8/100')], controls: good, people: 50 });
    expect(sentence).toContain('About 52 more people');
  });

  it.each([
    [
      'the planted weak encoder is not found leaking',
      [chance, { ...weak, ...pick('2/100') }, strong],
      /planted to leak/,
    ],
    [
      'the planted strong encoder is found leaking',
      [chance, weak, { ...strong, ...pick('30/100') }],
      /planted to give nothing away/,
    ],
    ['a random face passes for the person', [{ ...chance, ...pick('30/100') }, weak, strong], /random real face/],
    ['no weak encoder was planted', [chance, strong], /no planted weak/],
    ['no strong encoder was planted', [chance, weak], /no planted strong/],
    ['no chance control was run', [weak, strong], /no chance control/],
    [
      'the chance control has another judge',
      [{ ...chance, judge: 'F' }, weak, strong],
      /no chance control was measured/,
    ],
  ])('is inconclusive where %s, however high the rate', (_, controls, reason) => {
    const { verdict, sentence } = decideVerdict({ rates: [rate('60/100')], controls, people: 50 });
    expect(verdict).toBe('inconclusive');
    expect(sentence).toMatch(reason);
  });

  it('does not blame the template for what chance reaches too', () => {
    // The chance control holds (0 of 6), but its upper bound of 39 % lies above the attack's lower bound of 22 %.
    const controls = [{ ...chance, ...pick('0/6') }, weak, strong];
    expect(decideVerdict({ rates: [rate('30/100')], controls, people: 50 }).verdict).toBe('inconclusive');
  });

  it('need not find a planted weak encoder at a threshold stricter than the verdict’s, but at every laxer one', () => {
    const at = (fmr: number) => [...good, { ...weak, ...pick('0/100'), fmr }];
    const decide = (fmr: number) => decideVerdict({ rates: [rate('60/100')], controls: at(fmr), people: 50 }).verdict;
    expect(decide(1e-4)).toBe('leaks');
    expect(decide(1e-2)).toBe('inconclusive');
  });

  it('takes a weak encoder as found where one of the two measures shows it', () => {
    const controls = [...good, { ...weak, ...pick('2/100'), name: MEASURE.typeOne }];
    expect(decideVerdict({ rates: [rate('60/100')], controls, people: 50 }).verdict).toBe('leaks');
  });

  it('finds a leak that only another judge sees', () => {
    const rates = [rate('0/250'), rate('60/100', { judge: 'F' })];
    const controls = [...good, { ...chance, judge: 'F' }];
    const { verdict, sentence } = decideVerdict({ rates, controls, people: 50 });
    expect(verdict).toBe('leaks');
    expect(sentence).toContain('another encoder, F,');
  });

  it('leaves rank and other thresholds out of the verdict', () => {
    const rates = [rate('60/100', { fmr: 1e-2 }), rate('95/100', { name: MEASURE.rankOne, fmr: null })];
    expect(decideVerdict({ rates, controls: good, people: 50 }).verdict).toBe('inconclusive');
  });
});

describe('leakLevel', () => {
  it('is ten times the FMR, but at least 5 %', () => {
    expect(leakLevel(1e-3)).toBe(0.05);
    expect(leakLevel(1e-2)).toBeCloseTo(0.1, 12);
  });
});
