/**
 * Prints the rates and controls of findings as Markdown tables, for docs/results/: `node scripts/results-table.ts findings.json …`.
 */
import { readFile } from 'node:fs/promises';
import { type Control, parseFindings, type Rate } from '../src/audit/findings.ts';

const percent = (share: number): string => (100 * share).toFixed(1);
const cell = ({ rate, low, high }: Rate): string => `${percent(rate)} (${percent(low)}–${percent(high)})`;

function printTable(
  rows: readonly (Rate | Control)[],
  columns: readonly string[],
  columnOf: (row: Rate) => string,
): void {
  console.log(`| | ${columns.join(' | ')} |`);
  console.log(`|---|${columns.map(() => '---').join('|')}|`);
  for (const [attack, own] of Map.groupBy(rows, (row) => row.attack)) {
    const cells = columns.map((column) => own.find((row) => columnOf(row) === column));
    console.log(`| ${attack} | ${cells.map((row) => (row ? cell(row) : '–')).join(' | ')} |`);
  }
  console.log();
}

for (const path of process.argv.slice(2)) {
  const { rates, controls, sentence, provenance, threatCard } = parseFindings(await readFile(path, 'utf8'), path);
  console.log(
    `${sentence}\n\n\`${provenance.command}\`, seed ${provenance.seed}, ${Math.round(threatCard.computeSeconds)} s\n`,
  );
  const chance = controls.filter(({ expected }) => expected === 'chance');
  for (const [judge, own] of Map.groupBy(rates, (row) => row.judge)) {
    const beside = chance.filter((row) => row.judge === judge);
    const column = (row: Rate): string => (row.fmr === null ? row.name : `${row.name} at FMR ${100 * row.fmr} %`);
    console.log(
      `Judged by ${judge}, per cent (95 % Wilson interval; ${Math.max(...own.map(({ trials }) => trials))} trials at most):\n`,
    );
    printTable(
      [...own, ...beside],
      [...new Set(own.filter(({ name }) => !name.startsWith('genuine')).map(column))],
      column,
    );
    for (const row of own.filter(({ name }) => name.startsWith('genuine')))
      console.log(`Real photos (type-II ceiling) at FMR ${100 * (row.fmr ?? 0)} %: ${cell(row)}.`);
    console.log();
  }
  console.log('Planted encoders, each judged by itself:\n');
  const planted = controls.filter(({ expected }) => expected !== 'chance');
  const column = (row: Rate): string => `${row.target}, ${row.name} at FMR ${100 * (row.fmr ?? 0)} %`;
  printTable(planted, [...new Set(planted.map(column))], column);
}
