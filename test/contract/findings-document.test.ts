import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentFindings } from '../../scripts/findings-document.ts';
import { parseFindings } from '../../src/audit/findings.ts';
import { smallFindings } from '../fixtures/findings.ts';

describe('docs/findings.md', () => {
  const page = readFileSync(new URL('../../docs/findings.md', import.meta.url), 'utf8');

  it('is what the schema says (else run scripts/document-findings.ts)', () => {
    expect(page === documentFindings(smallFindings)).toBe(true);
  });

  it('holds an example that the schema accepts', () => {
    const [, example = ''] = page.match(/```json\n(.*?)```/s) ?? [];
    expect(parseFindings(example).verdict).toBe('inconclusive');
  });

  it('says what every field means', () => {
    const fields = page.split('## Example')[0]?.match(/^\| `.*$/gm) ?? [];
    expect(fields.length).toBeGreaterThan(80);
    expect(fields.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  });
});
