/**
 * Prints the figures of robustness findings as Markdown tables, for docs/results/: `node scripts/robustness-table.ts findings.json …`.
 */
import { readFile } from 'node:fs/promises';
import { type Findings, MEASURE, parseFindings, type Rate } from '../src/audit/findings.ts';
import { VERDICT_FMR } from '../src/audit/verdict.ts';

const GOALS = [MEASURE.dodging, MEASURE.impersonation] as const;

const percent = (share: number): string => (100 * share).toFixed(0);
const share = (rate: Pick<Rate, 'rate' | 'low' | 'high'> | undefined): string =>
  rate ? `${percent(rate.rate)} (${percent(rate.low)}–${percent(rate.high)})` : '–';
const level = (value: number | null): string => (value === null ? 'never' : value.toFixed(2));

function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return;
  for (const cells of [header, header.map(() => '---'), ...rows]) console.log(`| ${cells.join(' | ')} |`);
  console.log();
}

/** Success against epsilon, white-box, of the target and of it behind defences. */
function printCurves({ curves }: Findings): void {
  for (const [unit, own] of Map.groupBy(curves, ({ x }) => x.unit)) {
    const header = ['', ...(own[0]?.points.map(({ x }) => `${x} ${unit}`) ?? [])];
    printTable(
      header,
      own.map(({ name, points }) => [name, ...points.map(({ y, low = y, high = y }) => share({ rate: y, low, high }))]),
    );
  }
}

function printTransfer({ rates, controls, threatCard }: Findings): void {
  const made = rates.filter(
    ({ perturbation, fmr, attack }) =>
      perturbation && fmr === VERDICT_FMR && !attack.includes(',') && !attack.includes(' '),
  );
  const one = made.find(({ perturbation, target }) => perturbation?.madeWith.join() !== target);
  if (!one) return;
  const alike = made.filter(
    ({ attack, perturbation }) => attack === one.attack && perturbation?.epsilon === one.perturbation?.epsilon,
  );
  const noise = controls.filter(({ expected, fmr }) => expected === 'chance' && fmr === VERDICT_FMR);
  const encoders = [...new Set([threatCard.target, ...alike.map(({ target }) => target)])];
  for (const goal of GOALS) {
    const rows = [
      ...Map.groupBy(
        [...alike, ...noise].filter(({ name }) => name === goal),
        ({ perturbation, attack }) => perturbation?.madeWith.join(' + ') || attack,
      ),
    ];
    printTable(
      [`${goal}, ${one.attack}, linf ${one.perturbation?.epsilon}: made with`, ...encoders.map((id) => `fools ${id}`)],
      rows.map(([makers, own]) => [makers, ...encoders.map((id) => share(own.find(({ target }) => target === id)))]),
    );
  }
}

for (const path of process.argv.slice(2)) {
  const findings = parseFindings(await readFile(path, 'utf8'), path);
  const { sentence, provenance, threatCard, smallest = [], queries = [], rates, costs } = findings;
  console.log(`${findings.verdict}: ${sentence}\n`);
  console.log(`\`${provenance.command}\`, seed ${provenance.seed}, ${Math.round(threatCard.computeSeconds)} s\n`);
  printTable(
    ['attack', 'target', 'norm', 'goal', 'median', 'interval', 'pairs', 'FMR'],
    smallest.map(({ attack, target, norm, name, median, low, high, pairs, fmr }) => [
      attack,
      target,
      norm,
      name,
      level(median),
      `${level(low)}–${level(high)}`,
      String(pairs),
      String(fmr),
    ]),
  );
  printCurves(findings);
  printTransfer(findings);
  printTable(
    ['attack', 'target', 'goal', 'success', 'trials', 'median queries'],
    queries.map((row) => [
      row.attack,
      row.target,
      row.name,
      share(row),
      `${row.successes} of ${row.trials}`,
      row.median === null ? `> ${row.budget}` : String(row.median),
    ]),
  );
  printTable(
    ['outcome', 'attack', 'rate', 'trials'],
    rates
      .filter(
        ({ attack, name }) => attack.includes('on the photo') || name === 'no face found' || name.endsWith(', worn'),
      )
      .map((row) => [
        row.name,
        `${row.attack} ${row.perturbation?.epsilon ?? ''}`,
        share(row),
        `${row.successes} of ${row.trials}`,
      ]),
  );
  printTable(
    ['defence', 'measure', 'without', 'with'],
    costs.map((row) => [row.defence, row.measure, percent(row.without), percent(row.with)]),
  );
}
