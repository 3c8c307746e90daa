/**
 * Prints what an audit of our own verification comes to, of its attempts: `node scripts/liveness-figures.ts CALIBRATION.jsonl.gz JUDGED.jsonl.gz`, an attempt a line (`src/audit/liveness/attempt.ts`).
 *
 * The same as the audit does at its end, in seconds: it fits the verification to the first, judges the second, and tells what each check does alone, what is lost without it, and what an attack that was not
 * fitted to comes to. Nobody may be in both.
 */
import { checkMatrix, withoutChecks, withoutSpecies } from '../src/audit/liveness/ablation.ts';
import { BONA_FIDE } from '../src/audit/liveness/attempt.ts';
import { judgeBy, localFitting } from '../src/audit/liveness/audit-local.ts';
import { livenessFigures } from '../src/audit/liveness/figures.ts';
import { fitLiveness } from '../src/audit/liveness/fit.ts';
import { cacheDirectory } from '../src/cli/cache-directory.ts';
import { chooseThreshold } from '../src/cli/chosen-threshold.ts';
import { openBundledEncoder } from '../src/encoder/bundled.ts';
import type { Rate } from '../src/metric/intervals.ts';
import { DATASET, readAttempts } from './liveness-attempts.ts';

const [fitted, judged] = process.argv.slice(2);
if (!fitted || !judged) {
  console.error('usage: node scripts/liveness-figures.ts CALIBRATION.jsonl.gz JUDGED.jsonl.gz');
  process.exit(2);
}
const matcher = await openBundledEncoder('faceres', { cacheDir: cacheDirectory() });
const threshold = await chooseThreshold(matcher, '0.001', undefined);
await matcher.close();
if (!threshold) throw new TypeError('no calibration comes along for the matcher');
const sides = { calibration: await readAttempts(fitted, 'calibration'), test: await readAttempts(judged, 'test') };
const fitting = localFitting(DATASET);
const calibration = fitLiveness(sides.calibration, fitting);
const { bonaFide, species } = livenessFigures(judgeBy(calibration, threshold, sides.test));

const percent = (share: number): string => String(Number((100 * share).toFixed(1)));
const words = ({ rate, low, high }: Rate): string => `${percent(rate)} (${percent(low)} to ${percent(high)})`;
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const heading = (cells: readonly string[]): string => `${row(cells)}\n${row(cells.map(() => '---'))}`;

console.log(heading(['attack', 'attempts', 'matcher alone', 'APCER', 'IAPAR']));
for (const one of species)
  console.log(row([one.species, one.apcer.trials, words(one.matched), words(one.apcer), words(one.iapar)]));
const { bpcer, nonResponse, matched } = bonaFide;
console.log(
  `\nPeople's own, ${bpcer.trials}: not passed ${words(bpcer)}, of these not refused ${words(nonResponse)}; matched ${words(matched)}`,
);

const names = Object.keys(calibration.checks);
const presented = species.map((one) => one.species);
for (const [title, columns] of [
  ['Each check alone', checkMatrix(sides, names)],
  ['Without one check', withoutChecks(sides, names, fitting)],
] as const) {
  console.log(`\n${title}: taken for live\n\n${heading(['', ...names])}`);
  for (const name of presented)
    console.log(row([name, ...columns.map(({ passing }) => percent(passing[name]?.rate ?? Number.NaN))]));
  console.log(row([BONA_FIDE, ...columns.map((one) => percent(1 - one.bpcer.rate))]));
}
console.log('\nNot fitted to: taken for live\n');
for (const { without, passing } of withoutSpecies(sides, fitting)) {
  const share = passing[without];
  if (share) console.log(`${without}: ${words(share)}`);
}
