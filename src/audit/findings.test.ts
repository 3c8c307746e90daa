import { describe, expect, it } from 'vitest';
import { facedFindings, leakingFindings, littleFindings, smallFindings } from '../../test/fixtures/findings.ts';
import { InputError } from '../util/errors.ts';
import { checkFindings, formatFindings, parseFindings } from './findings.ts';

describe('parseFindings', () => {
  it.each([
    ['leaking', leakingFindings, 'leaks'],
    ['leaking little', littleFindings, 'leaks-little'],
    ['few', smallFindings, 'inconclusive'],
    ['with faces', facedFindings, 'leaks'],
  ])('takes back what formatFindings wrote: %s', (_, findings, verdict) => {
    const read = parseFindings(formatFindings(findings));
    expect(read).toEqual(findings);
    expect(read.verdict).toBe(verdict);
  });

  it.each([
    ['no JSON', '{'],
    ['another schema', JSON.stringify({ ...leakingFindings, schema: 'faceward.findings/2' })],
    ['an array', '[]'],
  ])('refuses %s, naming the source', (_, json) => {
    expect(() => parseFindings(json, 'base.json')).toThrow(InputError);
    expect(() => parseFindings(json, 'base.json')).toThrow(/base\.json/);
  });
});

describe('checkFindings', () => {
  const [rate] = leakingFindings.rates;
  const [control] = leakingFindings.controls;

  it.each([
    ['a verdict of "safe"', { verdict: 'safe' }, /verdict/],
    ['more successes than trials', { rates: [{ ...rate, successes: 1000, rate: 1 }] }, /rates\[0\].*contradict/],
    ['a rate that its counts deny', { rates: [{ ...rate, rate: 0.5, low: 0, high: 1 }] }, /rates\[0\].*contradict/],
    ['an interval beside its rate', { rates: [{ ...rate, low: 0.99, high: 1 }] }, /rates\[0\].*contradict/],
    ['an empty sentence', { sentence: '' }, /sentence/],
    ['a verdict on a control that did not hold', { controls: [{ ...control, held: false }] }, /inconclusive/],
    ['a verdict without controls', { controls: [] }, /inconclusive/],
    ['a face fetched from elsewhere', { faces: [face('https://example.org/a.png')] }, /faces\[0\]\.reconstruction/],
    ['a face that is SVG', { faces: [face('data:image/svg+xml;base64,PHN2Zy8+')] }, /faces\[0\]\.reconstruction/],
    ['a large face', { faces: [face(`data:image/png;base64,iVBORw0KGgo${'A'.repeat(70_000)}`)] }, /faces/],
    ['a short hash', { provenance: withHash('abc') }, /provenance\.models\[0\]\.sha256/],
  ])('refuses %s', (_, change, message) => {
    expect(() => checkFindings({ ...leakingFindings, ...change })).toThrow(message);
  });

  it('allows a failed control where the verdict is inconclusive', () => {
    const findings = { ...smallFindings, controls: [{ ...control, held: false }] };
    expect(checkFindings(findings).verdict).toBe('inconclusive');
  });
});

function face(reconstruction: string) {
  return { person: 'p', attack: 'a', reconstruction };
}

function withHash(sha256: string) {
  return { ...leakingFindings.provenance, models: [{ role: 'target', id: 'E', sha256 }] };
}
