import { z } from 'zod';
import { type Findings, findingsSchema, formatFindings } from '../src/audit/findings.ts';

/** The parts of JSON Schema that zod writes for the findings. */
interface Node {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly format?: string;
}

/** The page that describes every field of `findings.json`, with an example. */
export function documentFindings(example: Findings): string {
  // zod's own type for JSON Schema also knows booleans and references, which this schema does not give.
  const root = z.toJSONSchema(findingsSchema) as Node;
  return `# findings.json

<!-- Written by scripts/document-findings.ts from src/audit/findings.ts; edit the descriptions there. -->

Every audit writes its findings to \`findings.json\`, schema \`faceward.findings/1\`; \`report.html\` shows the same figures to people.
Rates are shares of 1. A file that does not fit is refused, and so is a row whose rate its own counts deny, or a verdict other than
\`inconclusive\` where a control did not hold or none was run. \`?\` marks what may be absent.

| exit status | means |
|---|---|
| 0 | done |
| 2 | bad input |
| 3 | the gate that was asked for failed (\`--fail-on leaks\`, \`--fail-on fooled\`) |
| 4 | inconclusive |

## How the verdict comes about

The first two are decided at a false match rate of 0.1 %. Of templates (\`src/audit/verdict.ts\`):

1. A control is *held* where it came out as \`expected\`. One that did not, or a missing kind of control, makes the audit **inconclusive**.
2. **leaks**: the lower bound of a type-I or type-II SAR is above the level of a leak and above the upper bound of every chance control
   with the same measure, judge and false match rate. The level is ten times the false match rate, at least 5 %.
3. An encoder that hardly recognises people in real photos (the lower bound of its genuine TMR is not above the level) is **inconclusive**: what
   matches nobody shows no leak, and proves nothing by that.
4. **leaks-little**: the upper bound of every such rate is below the level. There is no "safe".
5. Else **inconclusive**: the sample is too small, and the sentence says how many more people would settle it.

Of robustness (\`src/audit/robustness/decide.ts\`):

1. **inconclusive** where a control or a self-test did not hold or is missing, or the encoder hardly recognises people in clean photos.
2. **fooled**: the lower bound of a dodging or impersonation success, with changes of at most 8 of 255 levels and whatever the attacker's access, is above the same level
   and above the upper bound of what noise of equal size does. Pairs that are wrong when clean do not count.
3. **withstood**: the upper bound of every such rate is below the level. There is no "safe".
4. Else **inconclusive**.

Of attributes (\`src/audit/attributes/decide.ts\`), of the templates of the first encoder or, where protected photos are given, of these:

1. **inconclusive** where a self-test did not hold or none was run: what was planted must be found, though a protection moves it; what was not must not; unchanged photos must give the same figures.
2. **leaks**: the lower bound of any attack's balanced accuracy, on an attribute that was asked for and all test people, is above 60 %; chance is 50 %. Of protected photos every attack counts,
   on templates and on portraits, whether it knows the protection or not, and after whatever was done to the photo.
3. **leaks-little**: every upper bound is below 60 % and, of protected photos, attackers who were trained on such photos were among them. There is no "safe".
4. Else **inconclusive**.

Of what a model gives away of its training photos (\`src/audit/training/decide.ts\`):

1. **inconclusive** where a control or a self-test did not hold or none was run, or a classifier hardly knows its own training photos.
2. **leaks**: the lower bound of an attack accuracy@1 under a judge that had no part in the attack is more than 10 points above guessing (of an encoder, above what is
   rebuilt of people whom it was not trained on, by Newcombe's interval of the difference), or the lower bound of a membership AUC is above 0.6,
   or that of the share found at a false positive rate of 1 % is above 10 %.
3. **leaks-little**: every upper bound is below these levels, but for membership figures of so few held-out photos that their interval reaches from guessing to the level. Where membership was not
   measured, or so, this is of inversion alone, and the sentence says so. There is no "safe".
4. Else **inconclusive**.

Many attacks and judges give many chances to cross a level by luck: the bounds are those of single rates, not corrected for their number.

## Fields

${rows(root, '').join('\n\n')}

## Example

${'```'}json
${formatFindings(example)}${'```'}
`;
}

/** A table of an object's fields, and after it the tables of the objects inside. */
function rows(node: Node, path: string): string[] {
  const fields = Object.entries(node.properties ?? {});
  if (fields.length === 0) return [];
  const table = fields.map(([field, own]) => {
    const mark = node.required?.includes(field) ? '' : '?';
    return `| \`${field}\`${mark} | ${typeName(own)} | ${(own.description ?? '').replaceAll('|', '\\|')} |`;
  });
  const title = path === '' ? [] : [`### ${path}`];
  const inner = fields.flatMap(([field, own]) => {
    const isList = own.type === 'array';
    return rows(isList ? (own.items ?? {}) : own, `${path}${path && '.'}${field}${isList ? '[]' : ''}`);
  });
  return [...title, ['| field | type | meaning |', '|---|---|---|', ...table].join('\n'), ...inner];
}

function typeName(node: Node): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (node.anyOf !== undefined) return node.anyOf.map(typeName).join(' or ');
  if (node.type === 'array') return `list of ${typeName(node.items ?? {})}`;
  if (node.type === 'number' && node.maximum === 1)
    return node.exclusiveMinimum === 0 ? 'share, above 0' : 'share, 0 to 1';
  if (node.type === 'integer' && node.minimum === 0) return 'count';
  if (node.format === 'date-time') return 'date and time, ISO 8601';
  return node.type ?? 'any';
}
