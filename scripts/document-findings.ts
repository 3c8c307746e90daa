/** Writes docs/findings.md from the schema of the findings: `npx node scripts/document-findings.ts`. */
import { writeFileSync } from 'node:fs';
import { smallFindings } from '../test/fixtures/findings.ts';
import { documentFindings } from './findings-document.ts';

writeFileSync(new URL('../docs/findings.md', import.meta.url), documentFindings(smallFindings));
