import { describe, expect, test } from 'vitest';
import type { Leakage, SelfTest } from '../findings.ts';
import { type AttributeEvidence, decideAttributes } from './decide.ts';
import { PROTECTED } from './protection.ts';

const held: SelfTest = { name: 'a planted attribute is found', sentence: 'it was', held: true };

function row(low: number, high: number, more: Partial<Leakage> = {}): Leakage {
  const figure = { value: (low + high) / 2, low, high };
  return {
    attribute: 'Male',
    asked: true,
    source: 'templates',
    target: 'E',
    attack: 'a line',
    protection: null,
    adaptive: false,
    transformation: null,
    subgroup: null,
    present: 100,
    absent: 100,
    people: 100,
    balancedAccuracy: figure,
    auc: figure,
    eer: { value: 1 - figure.value, low: 1 - high, high: 1 - low },
    informationBits: { value: 0, low: 0, high: 0 },
    informationChanceBits: 0,
    entropyBits: 1,
    ...more,
  };
}

const evidence = (leakage: readonly Leakage[], more: Partial<AttributeEvidence> = {}): AttributeEvidence => ({
  target: 'E',
  asked: ['Male'],
  leakage,
  recognition: [],
  selfTests: [held],
  isProtected: false,
  ...more,
});

const verdictOf = (leakage: readonly Leakage[], more: Partial<AttributeEvidence> = {}) =>
  decideAttributes(evidence(leakage, more)).verdict;

describe('templates', () => {
  test.each([
    ['leaks', 0.61, 0.8],
    ['inconclusive', 0.6, 0.8],
    ['inconclusive', 0.45, 0.6],
    ['leaks-little', 0.45, 0.59],
  ])('%s from %d to %d', (verdict, low, high) => {
    expect(verdictOf([row(low, high)])).toBe(verdict);
  });

  test('the strongest attack decides', () => {
    expect(verdictOf([row(0.45, 0.55), row(0.7, 0.8, { attack: 'a curve' })])).toBe('leaks');
  });

  test.each([
    ['portraits', { source: 'photos', target: 'portraits' }],
    ['another encoder', { target: 'F' }],
    ['part of the people', { subgroup: 'men' }],
    ['what was not asked for', { asked: false }],
    ['protected templates', { protection: 'null-space projection of Male' }],
  ] as const)('%s do not decide', (_what, more) => {
    expect(verdictOf([row(0.45, 0.55), row(0.9, 0.95, more)])).toBe('leaks-little');
  });

  test('the bound of the rule turned round counts too', () => {
    expect(verdictOf([row(0.38, 0.58)])).toBe('inconclusive');
  });

  test('an attribute that was asked for and could not be measured clears nothing', () => {
    expect(verdictOf([row(0.45, 0.55)], { asked: ['Male', 'Young'] })).toBe('inconclusive');
    expect(verdictOf([row(0.7, 0.8)], { asked: ['Male', 'Young'] })).toBe('leaks');
    expect(verdictOf([])).toBe('inconclusive');
  });

  test('nothing is said where a self-test failed, or none was run', () => {
    expect(verdictOf([row(0.9, 0.95)], { selfTests: [held, { ...held, held: false }] })).toBe('inconclusive');
    expect(verdictOf([row(0.9, 0.95)], { selfTests: [] })).toBe('inconclusive');
  });
});

describe('protected photos', () => {
  const safe = row(0.45, 0.55, { protection: PROTECTED });
  const knowing = row(0.45, 0.55, { protection: PROTECTED, adaptive: true });
  const read = row(0.9, 0.95);
  const isProtected = { isProtected: true, protectedShare: 1 };

  test('are judged by themselves, whatever the originals give away', () => {
    expect(verdictOf([read, safe, knowing], isProtected)).toBe('leaks-little');
  });

  test('leak where one attacker who knows the protection reads them', () => {
    expect(verdictOf([safe, row(0.7, 0.8, { protection: PROTECTED, adaptive: true })], isProtected)).toBe('leaks');
  });

  test('leak where portraits do, or a blurred photo does', () => {
    const seen = row(0.7, 0.8, { protection: PROTECTED, source: 'photos', target: 'portraits' });
    expect(verdictOf([safe, knowing, seen], isProtected)).toBe('leaks');
    expect(
      verdictOf([safe, knowing, row(0.7, 0.8, { protection: PROTECTED, transformation: 'blurred' })], isProtected),
    ).toBe('leaks');
  });

  test('are not cleared where no attacker was trained on such photos', () => {
    const { verdict, sentence } = decideAttributes(evidence([read, safe], isProtected));
    expect(verdict).toBe('inconclusive');
    expect(sentence).toContain('no attacker was trained on protected photos');
  });

  test('are not cleared of an attribute that no attacker was trained to read off such photos', () => {
    const young = { attribute: 'Young' };
    const rows = [read, row(0.9, 0.95, young), safe, knowing, row(0.45, 0.55, { ...young, protection: PROTECTED })];
    const both = { ...isProtected, asked: ['Male', 'Young'] };
    const { verdict, sentence } = decideAttributes(evidence(rows, both));
    expect(verdict).toBe('inconclusive');
    expect(sentence).toContain('no attacker was trained to read Young');
    const trained = row(0.45, 0.55, { ...young, protection: PROTECTED, adaptive: true });
    expect(verdictOf([...rows, trained], both)).toBe('leaks-little');
  });

  test('are not cleared by attackers who learnt from few such photos, or who cannot read the originals', () => {
    expect(verdictOf([read, safe, knowing], { ...isProtected, protectedShare: 0.2 })).toBe('inconclusive');
    const { verdict, sentence } = decideAttributes(evidence([row(0.5, 0.58), safe, knowing], isProtected));
    expect(verdict).toBe('inconclusive');
    expect(sentence).toContain('do not read Male off original photos either');
  });
});
