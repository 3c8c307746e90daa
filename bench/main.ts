import { readdir } from 'node:fs/promises';
import type { Row } from './row.ts';

/** Files here that are no suites. */
const NO_SUITES = ['clock.ts', 'main.ts', 'row.ts', 'torch-peer.ts'];

/**
 * `npm run bench -- <suite> [--json]`: runs a suite, a file of this folder that exports `run(): Promise<Row[]>`, and prints its rows; timed figures live here, not
 * in tests.
 */
async function main(words: readonly string[]): Promise<number> {
  const suites = (await readdir(import.meta.dirname))
    .filter((file) => file.endsWith('.ts') && !NO_SUITES.includes(file))
    .map((file) => file.replace(/\.ts$/, ''))
    .sort();
  const [suite, ...others] = words.filter((word) => word !== '--json');
  if (suite === undefined || others.length > 0 || !suites.includes(suite)) {
    process.stderr.write(`usage: npm run bench -- <${suites.join('|')}> [--json]\n`);
    return 2;
  }
  const { run }: { readonly run: () => Promise<Row[]> } = await import(`./${suite}.ts`);
  const rows = await run();
  process.stdout.write(
    words.includes('--json') ? `${JSON.stringify(rows, undefined, 2)}\n` : rows.map(describe).join(''),
  );
  return 0;
}

function describe({ name, unit, ours, peer, ratio, runs }: Row): string {
  const beside = peer === null || ratio === null ? '' : `, peer ${number(peer)}: ${ratio.toFixed(2)} times as fast`;
  return `${name}\n    ${number(ours)} ${unit}${beside} (median of ${runs})\n`;
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

process.exitCode = await main(process.argv.slice(2));
