/**
 * Fits the calibration that comes with `faceward verify --live` to measured attempts: `node scripts/fit-liveness-calibration.ts ATTEMPTS.jsonl.gz OUT.json`.
 *
 * ATTEMPTS holds an attempt of an audit a line (`src/audit/liveness/attempt.ts`: scores of checks, no picture, no landmark, no template), of calibration people alone, measured with the presentation-attack
 * network that comes along: an audit fits its own in the same way.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { attemptSchema } from '../src/audit/liveness/attempt.ts';
import { localFitting } from '../src/audit/liveness/audit-local.ts';
import { fitLiveness } from '../src/audit/liveness/fit.ts';
import { openNamedNetwork } from '../src/cli/liveness-networks.ts';
import { OWN_NETWORK } from '../src/cli/presentation-network-forms.ts';
import { splitOf } from '../src/data/splits.ts';
import { formatLivenessCalibration } from '../src/defence/liveness/liveness-calibration.ts';

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: node scripts/fit-liveness-calibration.ts ATTEMPTS.jsonl.gz OUT.json');
  process.exit(2);
}
const lines = gunzipSync(await readFile(from))
  .toString()
  .trimEnd()
  .split('\n');
const attempts = lines.map((line) => attemptSchema.parse(JSON.parse(line)));
const others = attempts.filter(({ person }) => splitOf(person) !== 'calibration');
if (others.length > 0) throw new TypeError(`${others[0]?.person} is not on the calibration side`);
const network = await openNamedNetwork(OWN_NETWORK, { threads: 1 });
const calibration = fitLiveness(attempts, localFitting('lfw-250-subset'));
await network.close();
await writeFile(to, formatLivenessCalibration({ ...calibration, network: network.name }));
console.log(`${to}: ${attempts.length} attempts of ${new Set(attempts.map(({ person }) => person)).size} people`);
