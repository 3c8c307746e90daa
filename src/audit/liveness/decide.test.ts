import { describe, expect, test } from 'vitest';
import { smallFindings } from '../../../test/fixtures/findings.ts';
import { clopperPearson } from '../../metric/exact-interval.ts';
import { findingsSchema } from '../findings.ts';
import { BONA_FIDE } from './attempt.ts';
import { livenessControls } from './controls.ts';
import { decideLiveness } from './decide.ts';
import { type JudgedAttempt, livenessFigures } from './figures.ts';
import { arrangementsOf, livenessRates } from './measured-rates.ts';
import type { Outcome } from './outcome.ts';

/** `passing` of `trials` attempts of a species pass, the first of them; all are matched but where said. */
function trialsOf(species: string, passing: number, trials: number, matched = true): JudgedAttempt[] {
  const outcomeAt = (i: number): Outcome => (i < passing ? 'passed' : 'refused');
  return Array.from({ length: trials }, (_, i) => ({
    attempt: { species, person: `person ${i % 20}` },
    outcome: outcomeAt(i),
    matched,
  }));
}

const matcher = { id: 'dlib', fmr: 0.001 };

function decide(judged: readonly JudgedAttempt[]) {
  return decideLiveness({
    target: 'ours',
    rates: livenessRates(livenessFigures(judged), { target: 'ours', matcher }),
    controls: livenessControls(judged, matcher.id, matcher.fmr),
    selfTests: [{ name: 'our own mark is refused', sentence: '10 of 10 were', held: true }],
    needs: () => 'one photo and a screen',
  });
}

const people = trialsOf(BONA_FIDE, 95, 100);

describe('decideLiveness', () => {
  test('a species clearly above the level fools it, and the sentence says which, how often and what it takes', () => {
    const { verdict, sentence } = decide([
      ...people,
      ...trialsOf('screen-warp', 60, 300),
      ...trialsOf('print', 0, 300),
    ]);
    expect(verdict).toBe('fooled');
    expect(sentence).toContain('screen-warp gets in as the person in 20.0\u00a0% of 300 attempts');
    expect(sentence).toContain('one photo and a screen');
    expect(sentence).toContain('5.0\u00a0%');
  });

  test('no attempt of 300 in any species is withstood', () => {
    const { verdict } = decide([...people, ...trialsOf('screen-warp', 0, 300), ...trialsOf('print', 0, 300)]);
    expect(verdict).toBe('withstood');
  });

  test('one of 20 leaves it open', () => {
    expect(decide([...people, ...trialsOf('screen-warp', 1, 20)]).verdict).toBe('inconclusive');
  });

  test('who passes as live and is not matched does not get in', () => {
    const judged = [...people, ...trialsOf('gan', 300, 300, false), ...trialsOf('print', 0, 300)];
    expect(decide(judged).verdict).toBe('withstood');
  });

  test('what turns everybody away clears nobody', () => {
    const { verdict, sentence } = decide([...trialsOf(BONA_FIDE, 10, 100), ...trialsOf('print', 0, 300)]);
    expect(verdict).toBe('inconclusive');
    expect(sentence).toContain('90.0\u00a0%');
  });

  test('where no attack deceives the matcher the control fails, and nothing is said', () => {
    const judged = [...people, ...trialsOf('print', 0, 300, false)];
    const [open, shut] = livenessControls(judged, matcher.id, matcher.fmr);
    expect([open?.expected, open?.held]).toEqual(['fooled', false]);
    expect([shut?.expected, shut?.held]).toEqual(['withstands', true]);
    expect(decide(judged).verdict).toBe('inconclusive');
  });
});

describe('the rows of the findings', () => {
  test('fit the schema, and their shares are those of the figures', () => {
    const judged = [...people, ...trialsOf('screen-warp', 60, 300)];
    const bpcer = clopperPearson(5, 100);
    const findings = findingsSchema.parse({
      ...smallFindings,
      audit: 'liveness',
      verdict: 'inconclusive',
      rates: livenessRates(livenessFigures(judged), { target: 'ours', matcher }),
      controls: livenessControls(judged, matcher.id, matcher.fmr),
      species: [{ name: 'screen-warp', instrument: 'screen', needs: 'one photo', cost: 1, people: 20 }],
      arrangements: arrangementsOf({
        alone: [{ check: 'homography', bpcer, passing: { 'screen-warp': clopperPearson(60, 300) } }],
        without: [],
        unseen: [],
      }),
      cheapest: null,
    });
    const rate = (name: string, attack: string) =>
      findings.rates.find((row) => row.name === name && row.attack === attack)?.rate;
    expect(rate('IAPAR', 'screen-warp')).toBe(0.2);
    expect(rate('matched, whatever the liveness', 'screen-warp')).toBe(1);
    expect(rate('BPCER', BONA_FIDE)).toBe(0.05);
    expect(findings.arrangements?.map(({ presentation, successes }) => [presentation, successes])).toEqual([
      ['screen-warp', 60],
      [BONA_FIDE, 95],
    ]);
  });
});
