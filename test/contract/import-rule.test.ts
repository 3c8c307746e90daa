import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, SOURCE_RULES, type SourceFile } from './source-rules.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = readSources();

/** For each rule a breach, and the words that the message must have. */
const BREACHES: Readonly<Record<string, readonly (readonly [path: string, text: string, message: string])[]>> = {
  'a stage imports only stages below it': [
    ['src/graph/bad.ts', "import { a } from '../nn/layers.ts';", 'graph may not use nn'],
    ['src/attack/evasion/bad.ts', "export * from '../../defence/photo/cloak.ts';", 'attack may not use defence'],
    ['src/metric/bad.ts', "const { a } = await import('../image/image.ts');", 'metric may not use image'],
    ['src/util/bad.ts', "import '../../bench/main.ts';", 'util may not use bench/main.ts'],
  ],
  'a package with an owner is imported by its owner alone': [
    ['src/face/bad.ts', "import sharp from 'sharp';", 'imports sharp'],
    ['src/runtime/bad.ts', "import { fromBinary } from '@bufbuild/protobuf';", 'only src/graph/ may'],
    ['src/nn/bad.ts', "import * as ort from 'onnxruntime-node';", 'only src/runtime/ may'],
  ],
  'stages that run in a browser use nothing of Node': [
    ['src/metric/bad.ts', "import { readFile } from 'node:fs/promises';", 'uses node:fs/promises'],
    ['src/attack/bad.ts', 'const a = Buffer.from([1]);', 'uses Buffer'],
  ],
  'only cli and server read the environment or print': [
    ['src/data/bad.ts', 'const a = process.env.HOME;', 'has process.env'],
    ['src/audit/bad.ts', 'console.log(1);', 'has console.log'],
  ],
  'randomness comes seeded from util': [
    ['src/attack/bad.ts', 'const a = Math.random();', 'has Math.random'],
    ['src/cli/bad.ts', 'const a = new Random(Date.now());', 'a seed is given'],
  ],
  'errors are of Faceward’s own classes': [['src/cli/bad.ts', "throw new Error('x');", 'has throw new Error(']],
  'no catch-all file or folder': [
    ['src/graph/utils.ts', '', '"utils" says nothing'],
    ['src/attack/common/a.ts', '', '"common" says nothing'],
  ],
  'file names are kebab-case': [['src/graph/onnxFile.ts', '', '"onnxFile.ts" is not kebab-case']],
};

/** Breaks nothing, though the words of breaches stand in its comments and strings. */
const GOOD: SourceFile = {
  path: 'src/face/good.ts',
  text: `// throw new Error('x'), Math.random(), import sharp from 'sharp'
import { a } from '../image/image.ts'; /* console.log */
export const b = 'process.env and Buffer';`,
};

test('there are sources to check', () => {
  expect(SOURCES.length).toBeGreaterThan(50);
});

describe.each(Object.entries(SOURCE_RULES))('%s', (name, rule) => {
  test('in all of src/', () => {
    expect(SOURCES.flatMap(rule)).toEqual([]);
  });

  test('the rule sees a breach', () => {
    const breaches = BREACHES[name] ?? [];
    expect(breaches).not.toEqual([]);
    for (const [path, text, message] of breaches) expect(rule({ path, text }).join()).toContain(message);
  });

  test('the rule passes good code', () => {
    expect(rule(GOOD)).toEqual([]);
  });
});

test('imports are found in every form, and not in comments', () => {
  const text = `import a from './a.ts';
import type {
  B,
} from "./b.ts";
import './c.ts';
export { d } from './d.ts';
const e = import('./e.ts');
// import f from './f.ts'
const quote = /['"]/; import g from './g.ts';`;
  expect(importsOf(text)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './g.ts']);
});

function readSources(): SourceFile[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => ({
      path: `src/${path.replaceAll('\\', '/')}`,
      text: readFileSync(join(ROOT, 'src', path), 'utf8'),
    }));
}
