import { EVASION_ATTACKS } from '../attack/evasion/attacks.ts';
import { measureSqueezing, type SqueezingMeasurements } from '../audit/robustness/squeezing.ts';
import { chooseSubjects } from '../audit/subjects.ts';
import type { Rate } from '../metric/intervals.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { readFaces, samplesFor } from './audit-faces.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { peopleArgs } from './face-source.ts';
import { listOf, positiveNumber, wholeNumber } from './option-values.ts';
import { percent, printJson, printLine, printNote, table } from './print.ts';

const BUDGETED = EVASION_ATTACKS.filter(({ perturb }) => perturb !== undefined);

/** `faceward bench squeezing`: how many adversarial faces feature squeezing detects. */
export const benchSqueezingCommand = command({
  name: 'bench squeezing',
  description:
    'Measures the detection of adversarial faces by feature squeezing: the alarm is fixed at a false alarm rate on people of the calibration side; false alarms and detections are counted on those of the test side. The attacks do not know the detector.',
  examples: [
    'faceward bench squeezing --encoder my.onnx --data faces/',
    'faceward bench squeezing --encoder my.onnx --data faces/ --attacks FGSM,BIM --eps 2,4,8 --false-alarms 0.01 --json',
  ],
  args: {
    ...peopleArgs,
    ...encoderArgs,
    attacks: {
      type: 'string',
      description: `attacks, of ${BUDGETED.map(({ name }) => name).join(', ')}`,
      default: 'FGSM,BIM',
      valueHint: 'names',
    },
    eps: {
      type: 'string',
      description: 'largest changes of a pixel, in levels of 255',
      default: '2,4,8',
      valueHint: 'levels',
    },
    'false-alarms': { type: 'string', description: 'false alarm rate', default: '0.05', valueHint: 'rate' },
    fmr: { type: 'string', description: 'false match rate of the threshold', default: '0.001', valueHint: 'rate' },
    pairs: { type: 'string', description: 'pairs of each goal, at most', default: '50', valueHint: 'n' },
    seed: { type: 'string', description: 'seed of everything random', default: '1', valueHint: 'n' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run({ args, job }) {
    const attacks = listOf(args.attacks).map((name) => {
      const attack = BUDGETED.find((candidate) => candidate.name === name);
      if (attack) return attack;
      throw new InputError(`--attacks knows no "${name}"`, {
        hint: `it takes: ${BUDGETED.map((one) => one.name).join(', ')}`,
      });
    });
    const seed = wholeNumber(args.seed, '--seed');
    const people = wholeNumber(args.pairs, '--pairs', { min: 2 });
    const settings = {
      epsilons: listOf(args.eps).map((text) => positiveNumber(text, '--eps') / 255),
      falseAlarmRate: positiveNumber(args['false-alarms'], '--false-alarms'),
      fmr: positiveNumber(args.fmr, '--fmr'),
      seed,
    };
    const encoder = await openEncoderFromArgs(args);
    try {
      const random = new Random(seed);
      const chosen = await samplesFor(args.data, { people, auxiliaryPeople: 0, random });
      printNote(chosen.description);
      const { attacked, calibration } = await readFaces(chosen, args, job);
      const measured = await measureSqueezing({
        ...job,
        ...sessionOptions(args),
        ...settings,
        attacks,
        encoder,
        subjects: chooseSubjects(attacked.faces, { people, random }),
        calibration: { name: chosen.name, faces: calibration.faces },
      });
      if (args.json) {
        printJson({ encoder: { id: encoder.id, hash: encoder.hash }, dataset: chosen.name, settings, ...measured });
      } else printLine(describe(measured));
    } finally {
      await encoder.close();
    }
  },
});

function describe({ alarm, threshold, falseAlarms, detections }: SqueezingMeasurements): string {
  const rows = detections.map(({ attack, goal, epsilon, detected, detectedOfSuccessful }) => [
    attack,
    goal === 'dodge' ? 'dodging' : 'impersonation',
    (255 * epsilon).toFixed(1),
    interval(detected),
    detectedOfSuccessful
      ? `${interval(detectedOfSuccessful)} of ${detectedOfSuccessful.trials}`
      : 'none fools the encoder',
  ]);
  return [
    `alarm from distance ${alarm.distance.toFixed(4)} on: false alarms ${interval(alarm.interval)} of ${alarm.interval.trials} calibration faces, ${interval(falseAlarms)} of ${falseAlarms.trials} other clean faces`,
    `recognised from similarity ${threshold.similarity.toFixed(4)} on, FMR ${percent(threshold.fmr)} (${threshold.impostorPairs} impostor pairs)`,
    table([['attack', 'goal', 'eps', 'detected', 'detected of those that fool'], ...rows]),
  ].join('\n');
}

const interval = ({ rate, low, high }: Rate): string =>
  `${percent(rate, 1)} (${percent(low, 1)} to ${percent(high, 1)})`;
