import { type CertificateAttack, measureSmoothing, type SmoothingMeasurements } from '../audit/robustness/smoothing.ts';
import { chooseSubjects } from '../audit/subjects.ts';
import { type CertifiedShare, lengthInLevels } from '../metric/certified-radius.ts';
import type { Rate } from '../metric/intervals.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { readFaces, samplesFor } from './audit-faces.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { listOf, positiveNumber, wholeNumber } from './option-values.ts';
import { percent, printJson, printLine, printNote, table } from './print.ts';

/** Probability that a certificate is wrong. */
const ALPHA = 0.001;

/** Radii of the table, in deviations of the noise. */
const RADII = [0, 0.25, 0.5, 1, 1.5, 2, 2.5] as const;

/** `faceward bench smoothing`: what randomised smoothing certifies, and whether that holds. */
export const benchSmoothingCommand = command({
  name: 'bench smoothing',
  description:
    'Measures randomised smoothing in front of an encoder: the share of comparisons that are decided rightly and certified to a radius within which no change of the face alters the decision, and whether PGD within that radius does. People of the test side are compared; those of the calibration side fix the threshold, under the noise.',
  examples: [
    'faceward bench smoothing --encoder my.onnx --data faces/',
    'faceward bench smoothing --encoder my.onnx --data faces/ --sigma 0.05,0.1,0.25 --samples 1000 --attacked 20 --json > smoothing.json',
  ],
  args: {
    ...peopleArgs,
    ...encoderArgs,
    sigma: {
      type: 'string',
      description: 'deviations of the noise, of a face in 0..1',
      default: '0.05,0.1,0.25',
      valueHint: 'deviations',
    },
    pairs: {
      type: 'string',
      description: 'photos to certify, each against another of the same person and one of somebody else',
      default: '50',
      valueHint: 'n',
    },
    guesses: { type: 'string', description: 'noisy looks that guess the decision', default: '100', valueHint: 'n' },
    samples: { type: 'string', description: 'noisy looks that certify it', default: '500', valueHint: 'n' },
    fmr: { type: 'string', description: 'false match rate of the threshold', default: '0.001', valueHint: 'rate' },
    attacked: {
      type: 'string',
      description: 'certified comparisons of each kind that PGD attacks; 0 for an encoder without weights',
      default: '10',
      valueHint: 'n',
    },
    seed: { type: 'string', description: 'seed of everything random', default: '1', valueHint: 'n' },
    json: { type: 'boolean', description: 'print JSON, with every comparison' },
  },
  async run({ args, job }) {
    const sigmas = listOf(args.sigma).map((text) => positiveNumber(text, '--sigma'));
    if (sigmas.length === 0) throw new InputError('--sigma names no deviation', { hint: 'such as 0.1' });
    const seed = wholeNumber(args.seed, '--seed');
    const people = wholeNumber(args.pairs, '--pairs', { min: 2 });
    const settings = {
      fmr: positiveNumber(args.fmr, '--fmr'),
      guesses: wholeNumber(args.guesses, '--guesses', { min: 1 }),
      samples: wholeNumber(args.samples, '--samples', { min: 1 }),
      attacked: wholeNumber(args.attacked, '--attacked'),
      alpha: ALPHA,
      seed,
    };
    const encoder = await openEncoderFromArgs(args);
    try {
      const random = new Random(seed);
      const chosen = await samplesFor(args.data, { people, auxiliaryPeople: 0, random });
      printNote(chosen.description);
      const { attacked, calibration } = await readFaces(chosen, args, job);
      const subjects = chooseSubjects(attacked.faces, { people, random });
      const measured: SmoothingMeasurements[] = [];
      for (const sigma of sigmas) {
        measured.push(
          await measureSmoothing({
            ...job,
            ...sessionOptions(args),
            ...settings,
            encoder,
            subjects,
            calibration: { name: chosen.name, faces: calibration.faces },
            sigma,
            radii: RADII.map((deviations) => deviations * sigma),
          }),
        );
      }
      const numbers = 3 * encoder.view.widthPx * encoder.view.heightPx;
      if (args.json) {
        printJson({
          encoder: { id: encoder.id, hash: encoder.hash },
          dataset: chosen.name,
          settings,
          numbers,
          measured,
        });
      } else printLine(measured.map((one) => describe(one, numbers)).join('\n\n'));
    } finally {
      await encoder.close();
    }
  },
});

function describe({ sigma, threshold, genuine, impostors, attacks }: SmoothingMeasurements, numbers: number): string {
  const rows = RADII.map((deviations, i) => [
    (deviations * sigma).toFixed(3),
    lengthInLevels(deviations * sigma, numbers).toFixed(3),
    shareAt(genuine, i),
    shareAt(impostors, i),
  ]);
  return [
    `sigma ${sigma}, threshold ${threshold.similarity.toFixed(4)} at FMR ${percent(threshold.fmr)} under the noise (${threshold.impostorPairs} impostor pairs)`,
    table([['radius, l2', 'RMS, levels of 255', 'genuine certified', 'impostors certified'], ...rows]),
    ...attacks.map(describeAttack),
  ].join('\n');
}

function describeAttack({ goal, trials, overturned, outvoted, bareFooled }: CertificateAttack): string {
  const verb = goal === 'dodge' ? 'dodging' : 'impersonation';
  return `PGD within the certified radius, ${verb}, ${trials} faces: overturned ${interval(overturned)}, outvoted ${interval(outvoted)}; without smoothing fooled ${interval(bareFooled)}`;
}

const shareAt = (shares: readonly CertifiedShare[], i: number): string => {
  const found = shares[i];
  return found ? interval(found.share) : 'none';
};

const interval = ({ rate, low, high }: Rate): string =>
  `${percent(rate, 0)} (${percent(low, 0)} to ${percent(high, 0)})`;
