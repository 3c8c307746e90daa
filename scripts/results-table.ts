/**
 * Prints the rates, controls and curves of findings as Markdown tables, for docs/results/: `node scripts/results-table.ts findings.json …`.
 */
import { readFile } from 'node:fs/promises';
import { type Control, type Curve, MEASURE, parseFindings, type Rate } from '../src/audit/findings.ts';

const percent = (share: number): string => (100 * share).toFixed(1);
const cell = ({ rate, low, high }: Rate): string => `${percent(rate)} (${percent(low)}–${percent(high)})`;

function printRow(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function printTable(
  rows: readonly (Rate | Control)[],
  columns: readonly string[],
  columnOf: (row: Rate) => string,
): void {
  printRow(['', ...columns]);
  printRow(['---', ...columns.map(() => '---')]);
  for (const [attack, own] of Map.groupBy(rows, (row) => row.attack)) {
    const cells = columns.map((column) => own.find((row) => columnOf(row) === column));
    printRow([attack, ...cells.map((row) => (row ? cell(row) : '–'))]);
  }
  console.log();
}

/** Two real photos of a person stand in the column of type-II: they are its ceiling. */
function columnOf({ name, fmr }: Rate): string {
  const measure = name === MEASURE.genuine ? MEASURE.typeTwo : name;
  return fmr === null ? measure : `${measure} at FMR ${100 * fmr} %`;
}

function printCurves(curves: readonly Curve[]): void {
  for (const [unit, own] of Map.groupBy(curves, ({ x }) => x.unit)) {
    const points = own[0]?.points ?? [];
    printRow([unit, ...points.map(({ x }) => String(x))]);
    printRow(['---', ...points.map(() => '---')]);
    for (const { name, points: reached } of own)
      printRow([
        name,
        ...reached.map(({ y, low, high }) => `${percent(y)} (${percent(low ?? y)}–${percent(high ?? y)})`),
      ]);
    console.log();
  }
}

for (const path of process.argv.slice(2)) {
  const { rates, controls, curves, sentence, provenance, threatCard } = parseFindings(
    await readFile(path, 'utf8'),
    path,
  );
  console.log(
    `${sentence}\n\n\`${provenance.command}\`, seed ${provenance.seed}, ${Math.round(threatCard.computeSeconds)} s\n`,
  );
  const chance = controls.filter(({ expected }) => expected === 'chance');
  for (const [judge, own] of Map.groupBy(rates, (row) => row.judge)) {
    const beside = chance.filter((row) => row.judge === judge);
    const trials = Math.max(...own.map((row) => row.trials));
    console.log(`Judged by ${judge}, per cent (95 % Wilson interval; ${trials} trials at most):\n`);
    printTable([...own, ...beside], [...new Set(own.map(columnOf))], columnOf);
  }
  console.log('Planted encoders, each judged by itself:\n');
  const planted = controls.filter(({ expected }) => expected !== 'chance');
  const plantedColumn = (row: Rate): string => `${row.target}, ${columnOf(row)}`;
  printTable(planted, [...new Set(planted.map(plantedColumn))], plantedColumn);
  printCurves(curves);
}
