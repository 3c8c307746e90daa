import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { facedFindings, leakingFindings, littleFindings, smallFindings } from '../../test/fixtures/findings.ts';
import { formatInterval, formatPercent } from '../audit/figures.ts';
import { type Findings, MEASURE } from '../audit/findings.ts';
import { renderReport } from './html.ts';

/** What a reader sees: tags dropped, the five escapes undone. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#\d+;/g, decode)
    .replace(/[ \n]+/g, ' ');
}

function decode(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

const HOSTILE = `"><img src=x onerror=alert(1)><script>alert('&')</script>`;

describe('renderReport', () => {
  it.each([
    [leakingFindings, 'Leaks'],
    [littleFindings, 'Leaks little'],
    [smallFindings, 'Inconclusive'],
  ])('puts the verdict in the first heading and its sentence under it', (findings, verdict) => {
    const page = renderReport(findings);
    const [heading = ''] = page.match(/<h\d[^>]*>.*?<\/h\d>/s) ?? [];
    expect(heading).toMatch(/^<h1/);
    expect(textOf(heading).trim()).toBe(verdict);
    expect(textOf(page)).toContain(findings.sentence);
  });

  it.each([leakingFindings, facedFindings])('fetches nothing and runs nothing', (findings) => {
    const page = renderReport(findings, { baseline: littleFindings });
    expect(
      page.match(/https?:|<script|<link|<iframe|@import|url\(|\son\w+=|\sstyle=|javascript:/i)?.[0],
    ).toBeUndefined();
    const [policy = ''] = page.match(/Content-Security-Policy" content="[^"]*/) ?? [];
    const [, style = ''] = page.match(/<style>(.*?)<\/style>/s) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(decode(policy)).toContain(`default-src 'none'; style-src 'sha256-${hash}'; img-src data:;`);
    for (const [, source = ''] of page.matchAll(/src="([^"]*)"/g)) expect(source).toMatch(/^data:image\/png;base64,/);
  });

  it('escapes what others named', () => {
    const page = renderReport(poison(facedFindings), { baseline: poison(littleFindings) });
    // With quoted attributes taken out, what is left of a tag is what a browser would obey.
    const tags = page.replace(/="[^"]*"/g, '').match(/<[^>]*>/g) ?? [];
    expect(tags.filter((tag) => /script|onerror|alert/.test(tag))).toEqual([]);
    expect(page.includes('<img src=x')).toBe(false);
    expect(textOf(page).includes(HOSTILE)).toBe(true);
  });

  it('shows every rate with its interval and its trials', () => {
    const text = textOf(renderReport(leakingFindings));
    for (const { rate, low, high, successes, trials } of [...leakingFindings.rates, ...leakingFindings.people]) {
      expect(text).toContain(`${formatPercent(rate)} ${successes} of ${trials} ${formatInterval({ low, high })}`);
    }
  });

  it('draws each dot where its figure says', () => {
    const [rate] = smallFindings.rates;
    const page = renderReport({ ...smallFindings, rates: rate ? [{ ...rate, rate: 0.25, low: 0.1, high: 0.5 }] : [] });
    expect(page).toMatch(/class="whisker" x1="10%" x2="50%"[^>]*\/><svg class="strip-mark" x="25%"/);
  });

  it('tells a control that did not hold in words', () => {
    const controls = smallFindings.controls.map((control, i) => ({ ...control, held: i !== 0 }));
    const text = textOf(renderReport({ ...smallFindings, controls }));
    expect(text).toContain('1 of 3 controls did not hold.');
    expect(text).toContain('✗ not held');
  });

  it('shows faces only where the findings carry them, each marked', () => {
    expect(renderReport(leakingFindings)).not.toContain('<img');
    const page = renderReport(facedFindings);
    expect(page.match(/class="made"/g)).toHaveLength(2);
    expect(page.match(/Made by attack/g)).toHaveLength(2);
  });

  it('has unique ids, and every label points at one', () => {
    const page = renderReport(facedFindings, { baseline: littleFindings });
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/(?:aria-labelledby="|href="#)([^"]*)"/g)) expect(ids).toContain(id);
  });

  it('puts curves over one budget under what their names share, and says all of a single one', () => {
    const [curve] = leakingFindings.curves;
    const named = (name: string, label: string) => (curve ? [{ ...curve, name, x: { ...curve.x, label } }] : []);
    const curves = [
      ...named('SAR of the attack, selected, judged by E', 'queries'),
      ...named('SAR of the attack, selected, judged by J', 'queries'),
      ...named('SAR of another, judged by E', 'pairs'),
    ];
    const page = renderReport({ ...leakingFindings, curves });
    expect(page.match(/<h3>SAR of the attack, selected<\/h3>/g)).toHaveLength(1);
    const captions = [...page.matchAll(/<figcaption>(.*?)<br>/g)].map(([, caption = '']) => decode(caption));
    expect(captions).toEqual(['judged by E', 'judged by J', 'SAR of another, judged by E']);
  });

  it('says where a rate counts as a leak at each threshold that it shows', () => {
    const [rate] = leakingFindings.rates;
    const rates = rate ? [1e-2, 1e-3, 1e-4].map((fmr) => ({ ...rate, fmr })) : [];
    expect(textOf(renderReport({ ...leakingFindings, rates })).replaceAll('\u00a0', ' ')).toContain(
      'counts as a leak from here: 5 % at FMR 0.1 % and 0.01 %, 10 % at FMR 1 %',
    );
  });

  it('advises what the doubt asks for', () => {
    const advice = (changes: Partial<Findings>) => textOf(renderReport({ ...smallFindings, ...changes }));
    expect(advice({})).toContain('Audit more people:');
    const unfound = smallFindings.controls.map((control) => ({ ...control, held: control.expected !== 'leaks' }));
    expect(advice({ controls: unfound })).toContain('Attack harder, or more people:');
    const { target } = smallFindings.threatCard;
    const [rate] = smallFindings.rates;
    const blind = {
      ...{ target, judge: target, fmr: 1e-3 },
      ...{ name: MEASURE.genuine, attack: 'real photos', low: 0 },
    };
    const rates = rate ? [...smallFindings.rates, { ...rate, ...blind, rate: 0, successes: 0 }] : [];
    expect(advice({ rates })).toContain('Find out why the encoder recognises nobody.');
  });

  it('compares only where a baseline is given', () => {
    expect(renderReport(littleFindings)).not.toContain('Against the baseline');
    const text = textOf(renderReport(littleFindings, { baseline: leakingFindings }));
    expect(text).toContain('The verdict was “leaks” and is now “leaks little”.');
  });
});

/** Puts a hostile string wherever a name, a path or a sentence of others may stand. */
function poison(findings: Findings): Findings {
  return {
    ...findings,
    audit: HOSTILE,
    sentence: HOSTILE,
    threatCard: { ...findings.threatCard, target: HOSTILE, attacker: HOSTILE, knows: [HOSTILE], accessReason: HOSTILE },
    rates: findings.rates.map((rate) => ({ ...rate, attack: HOSTILE, judge: HOSTILE, name: HOSTILE })),
    controls: findings.controls.map((control) => ({ ...control, attack: HOSTILE, target: HOSTILE })),
    curves: findings.curves.map((curve) => ({
      ...curve,
      name: HOSTILE,
      x: { ...curve.x, label: HOSTILE, unit: HOSTILE },
    })),
    people: findings.people.map((person) => ({ ...person, person: HOSTILE })),
    quality: findings.quality.map((row) => ({ ...row, attack: HOSTILE, measure: HOSTILE, unit: HOSTILE })),
    costs: findings.costs.map((row) => ({ ...row, defence: HOSTILE, measure: HOSTILE, unit: HOSTILE })),
    faces: (findings.faces ?? []).map((face) => ({ ...face, person: HOSTILE, attack: HOSTILE })),
    provenance: {
      ...findings.provenance,
      command: HOSTILE,
      platform: { [HOSTILE]: HOSTILE },
      data: findings.provenance.data.map((set) => ({ ...set, name: HOSTILE })),
      models: findings.provenance.models.map((model) => ({ ...model, id: HOSTILE })),
    },
  };
}
