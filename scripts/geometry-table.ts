/**
 * Prints the synthetic table of the liveness geometry: `node scripts/geometry-table.ts [PEOPLE]` (default 200).
 */
import { geometryTable } from '../test/fixtures/geometry-table.ts';

const people = Number(process.argv[2] ?? 200);
console.log(`equal error rates, ${people} people (0.5 is useless)\n`);
console.log('| case | homography residual | rank-3 residual | shape against enrolment |\n| --- | --- | --- | --- |');
for (const { species, homography, rank, shape } of geometryTable(people, 1))
  console.log(`| ${[species, ...[homography, rank, shape].map((rate) => rate.toFixed(3))].join(' | ')} |`);
