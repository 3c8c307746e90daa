import { basename, dirname, join } from 'node:path/posix';

/** A source file as the rules see it; the path is relative to the repository, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One rule of DESIGN.md: gives a message, which names the file and what it does, for every breach. */
export type SourceRule = (file: SourceFile) => string[];

/** The stages that a stage builds on directly; what those build on is allowed as well. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  util: [],
  graph: ['util'],
  runtime: ['graph'],
  nn: ['runtime'],
  image: ['util'],
  metric: ['util'],
  data: ['util'],
  face: ['runtime', 'image'],
  encoder: ['face'],
  gallery: ['encoder'],
  attack: ['nn', 'encoder', 'metric', 'data'],
  defence: ['nn', 'encoder', 'metric', 'data'],
  audit: ['attack', 'defence', 'gallery'],
  report: ['audit'],
  server: ['report'],
  cli: ['report'],
};

/** Packages that one place alone may import. */
const OWNED_PACKAGES: readonly { readonly package: RegExp; readonly owner: string }[] = [
  { package: /^(sharp|exifr)$/, owner: 'src/image/' },
  { package: /^(@bufbuild\/protobuf|onnx-buf)(\/|$)/, owner: 'src/graph/' },
  { package: /^onnxruntime-/, owner: 'src/runtime/' },
  { package: /^(@electric-sql\/pglite|postgres)(\/|$)/, owner: 'src/gallery/store/' },
  { package: /^pg-boss$/, owner: 'src/server/jobs/' },
  { package: /^(citty|cli-progress|@clack\/prompts)$/, owner: 'src/cli/' },
];

/** They run in a browser as they are. */
const NODE_FREE_STAGES: readonly string[] = ['graph', 'nn', 'metric', 'face', 'attack', 'defence'];
const TALKING_STAGES: readonly string[] = ['cli', 'server'];
const CATCH_ALL = /^(helpers?|utils?|misc|miscellaneous|common|shared|lib)$/;

/** The rules by what they demand; each speaks of shipped code, so tests beside the source are left out. */
export const SOURCE_RULES: Readonly<Record<string, SourceRule>> = {
  'a stage imports only stages below it': (file) =>
    importsOf(file.text)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ specifier, target: stageOf(join(dirname(file.path), specifier)) }))
      .filter(({ target }) => target !== stageOf(file.path) && !isBelow(stageOf(file.path), target))
      .map(({ specifier, target }) => `${file.path} imports ${specifier}: ${stageOf(file.path)} may not use ${target}`),

  'a package with an owner is imported by its owner alone': (file) =>
    importsOf(file.text).flatMap((specifier) =>
      OWNED_PACKAGES.filter((owned) => owned.package.test(specifier) && !file.path.startsWith(owned.owner)).map(
        ({ owner }) => `${file.path} imports ${specifier}: only ${owner} may`,
      ),
    ),

  'stages that run in a browser use nothing of Node': (file) => {
    if (!NODE_FREE_STAGES.includes(stageOf(file.path))) return [];
    const imported = importsOf(file.text).filter((specifier) => specifier.startsWith('node:'));
    const globals = codeOf(file.text).match(/\b(process\.\w+|Buffer\b|__dirname\b|require\()/g) ?? [];
    return [...imported, ...globals].map(
      (used) => `${file.path} uses ${used}: ${stageOf(file.path)} must run in a browser`,
    );
  },

  'only cli and server read the environment or print': (file) =>
    TALKING_STAGES.includes(stageOf(file.path))
      ? []
      : found(
          file,
          /\b(process\.(env(?!\.\w+ = )|argv|stdout|stderr|exit)|console\.\w+)/g,
          'only cli/ and server/ may',
        ),

  'randomness comes seeded from util': (file) =>
    stageOf(file.path) === 'util'
      ? []
      : [
          ...found(file, /\bMath\.random\b/g, 'use Random of util/random.ts'),
          ...found(
            file,
            /(\bnew Random\(|\bseed\w*\s*[:=?]+\s*)(Date\.now|performance\.now|randomInt)/g,
            'a seed is given',
          ),
        ],

  'errors are of Faceward’s own classes': (file) =>
    found(file, /\bthrow new (Error|TypeError|RangeError|SyntaxError)\(/g, 'use a class of util/errors.ts'),

  'no catch-all file or folder': (file) =>
    file.path
      .split('/')
      .slice(2)
      .map((part) => basename(part, '.ts'))
      .filter((part) => CATCH_ALL.test(part))
      .map((part) => `${file.path}: "${part}" says nothing of what is inside`),

  'file names are kebab-case': (file) =>
    file.path
      .split('/')
      .filter((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part))
      .map((part) => `${file.path}: "${part}" is not kebab-case`),
};

/** The specifiers of all imports of a TypeScript source: static, type-only, dynamic with a literal, and re-exports. */
export function importsOf(text: string): string[] {
  const pattern = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...withoutComments(text).matchAll(pattern)].map((match) => match[2] ?? '');
}

/** The source without comments and without what strings say, so that words in them break no rule. */
function codeOf(text: string): string {
  return tokensReplaced(text, () => ' ');
}

function withoutComments(text: string): string {
  return tokensReplaced(text, (token) => (/^\/[/*]/.test(token) ? ' ' : token));
}

/** Comments, strings, templates without nested ones, and regular expressions where one can stand. */
const TOKENS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\$]|\$(?!\{))*`|(?<=[(,=:[!&|?{};\n]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/g;

function tokensReplaced(text: string, replace: (token: string) => string): string {
  return text.replace(TOKENS, replace);
}

function found(file: SourceFile, pattern: RegExp, instead: string): string[] {
  return [...codeOf(file.text).matchAll(pattern)].map(([what]) => `${file.path} has ${what}: ${instead}`);
}

function stageOf(path: string): string {
  const [root, stage = '', ...rest] = path.split('/');
  return root === 'src' && rest.length > 0 ? stage : `${root}/${stage}`;
}

function isBelow(stage: string, target: string): boolean {
  return (BELOW[stage] ?? []).some((below) => below === target || isBelow(below, target));
}
