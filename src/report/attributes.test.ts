import { describe, expect, test } from 'vitest';
import { attributeFindings, protectedFindings } from '../../test/fixtures/attribute-findings.ts';
import { leakingFindings } from '../../test/fixtures/findings.ts';
import { checkFindings } from '../audit/findings.ts';
import { compareFindings } from './compare.ts';
import { renderReport } from './html.ts';

const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/[ \n\u00a0]+/g, ' ');

describe('the report of an audit of attributes', () => {
  test.each([attributeFindings, protectedFindings])('is of findings that the schema takes', (findings) => {
    expect(checkFindings(findings)).toEqual(findings);
  });

  test('says what templates give away, and has every part', () => {
    const text = textOf(renderReport(attributeFindings));
    expect(text).toContain('Leaks');
    expect(text).toContain('Male in 97.0 %');
    for (const title of [
      'What is given away?',
      'Is it alike for all?',
      'How well are people recognised?',
      'Can templates be freed',
      'Does the measurement work?',
    ])
      expect(text).toContain(title);
    expect(text).not.toContain('What does the protection change?');
    expect(text).toContain('6 of 128 directions');
  });

  test('judges a protection by the attacker who was trained on it', () => {
    const text = textOf(renderReport(protectedFindings));
    expect(text).toContain('The protected photos still give attributes away: Male is read in 78.0 %');
    expect(text).toContain('trained on protected photos');
    expect(text).toContain('matches 95.0 % of genuine pairs');
    expect(text).toContain('What does the protection change?');
    expect(text).toContain('JPEG of quality 75');
    expect(text).toContain('Protect more strongly');
  });

  test('counts and names protected photos that are missing or unreadable', () => {
    const text = textOf(renderReport(protectedFindings));
    expect(text).toContain('3 protected photos are missing or unreadable');
    expect(text).toMatch(/missing\s+2\s+[\d,]+\s+000017\.jpg, 000018\.jpg/);
    expect(text).toMatch(/unreadable\s+1\s+[\d,]+\s+000019\.jpg/);
    expect(textOf(renderReport(attributeFindings))).not.toContain('missing or unreadable');
  });

  test('shows each part of the people before the protection, and after it to either attacker', () => {
    const table = textOf(
      renderReport(protectedFindings).match(/By part of the people<\/caption>.*?<\/table>/s)?.[0] ?? '',
    );
    expect(table).toMatch(/young\s+original\s+logistic regression, templates of \S+\s+93\.0 %/);
    expect(table).toMatch(/young\s+protected, the attack learnt from original ones\s+.*?54\.0 %/);
    expect(table).toMatch(/young\s+protected, the attack learnt from protected ones\s+.*?77\.0 %/);
  });

  test('compares a projection with attacks that learnt from as many people', () => {
    const text = textOf(renderReport(attributeFindings));
    expect(text).toMatch(/Male\s+\S+\s+logistic regression\s+95\.5 % \([^)]*\)\s+68\.0 %/);
    expect(text).toContain('fitted on half of the training people');
  });

  test('fetches nothing and shows no face', () => {
    expect(renderReport(protectedFindings)).not.toMatch(/https?:|<script|<img|data:image|\sstyle=/);
  });
});

describe('compared with a baseline', () => {
  test('readings are matched one by one', () => {
    const { rows } = compareFindings(protectedFindings, attributeFindings);
    const male = rows.filter(
      ({ name, attack }) => name === 'balanced accuracy on Male' && attack === 'logistic regression',
    );
    expect(male).toMatchObject([{ difference: 0, overlaps: true }]);
    const adaptive = rows.find(({ attack }) => attack === 'logistic regression, protected photos, trained anew');
    expect(adaptive?.baseline).toBeUndefined();
    // Parts of the people are not compared: they are too few.
    expect(rows.length).toBe(new Set(rows.map(({ name, attack, judge }) => `${name} ${attack} ${judge}`)).size);
  });

  test('audits of two kinds are said to be that', () => {
    expect(compareFindings(attributeFindings, leakingFindings).caveats.join()).toContain('two kinds');
  });
});
