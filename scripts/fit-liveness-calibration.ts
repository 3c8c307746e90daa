/**
 * Fits the calibration that comes with `faceward verify --live` to measured attempts: `node scripts/fit-liveness-calibration.ts ATTEMPTS.jsonl.gz OUT.json`.
 *
 * ATTEMPTS holds an attempt of an audit a line (`src/audit/liveness/attempt.ts`: scores of checks, no picture, no landmark, no template), of calibration people alone, measured with the presentation-attack
 * network that comes along: an audit fits its own in the same way.
 */
import { writeFile } from 'node:fs/promises';
import { localFitting } from '../src/audit/liveness/audit-local.ts';
import { fitLiveness } from '../src/audit/liveness/fit.ts';
import { openNamedNetwork } from '../src/cli/liveness-networks.ts';
import { OWN_NETWORK } from '../src/cli/presentation-network-forms.ts';
import { formatLivenessCalibration } from '../src/defence/liveness/liveness-calibration.ts';
import { DATASET, readAttempts } from './liveness-attempts.ts';

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: node scripts/fit-liveness-calibration.ts ATTEMPTS.jsonl.gz OUT.json');
  process.exit(2);
}
const attempts = await readAttempts(from, 'calibration');
const network = await openNamedNetwork(OWN_NETWORK, { threads: 1 });
const calibration = fitLiveness(attempts, localFitting(DATASET));
await network.close();
await writeFile(to, formatLivenessCalibration({ ...calibration, network: network.name }));
console.log(`${to}: ${attempts.length} attempts of ${new Set(attempts.map(({ person }) => person)).size} people`);
