import { type PassRate, scoreTranslation } from '../attack/evasion/translation/score.ts';
import { CALIBRATION_FMRS } from '../audit/calibration.ts';
import { createJudge } from '../audit/judge.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Image } from '../image/image.ts';
import type { Threshold } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { type Calibrations, calibrationsFor } from './audit-calibration.ts';
import { openOtherEncoders } from './audit-judges.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs } from './encoder-options.ts';
import { wholeNumber } from './option-values.ts';
import { percent, printJson, printLine, table } from './print.ts';
import { translatedPicture, translatorFaces, translatorFromFile, translatorInput } from './translator-faces.ts';

/** What one encoder makes of the held-out faces. */
interface EncoderScore {
  readonly encoder: string;
  readonly threshold: Threshold;
  readonly rates: readonly PassRate[];
}

/** `faceward bench translation`: whether encoders are deceived by translated faces. */
export const benchTranslationCommand = command({
  name: 'bench translation',
  description:
    'Measures on held-out photos how often encoders take one person’s translated faces for the other, beside the same faces untranslated and the other person’s own.',
  examples: [
    'faceward bench translation --from faces/ann --to faces/ben --translator ann-to-ben.onnx',
    'faceward bench translation --from faces/ann --to faces/ben --translator ann-to-ben.onnx --encoder my.onnx --calibration my.json --judge dlib',
  ],
  args: {
    from: { type: 'string', description: 'photos of the person in the picture', required: true, valueHint: 'folder' },
    to: { type: 'string', description: 'photos of the person to be seen', required: true, valueHint: 'folder' },
    translator: {
      type: 'string',
      description: 'made by faceward train translator from the same folders',
      required: true,
      valueHint: 'file.onnx',
    },
    judge: { type: 'string', description: 'another encoder; default: the bundled ones', valueHint: 'encoder' },
    calibration: {
      type: 'string',
      description: 'thresholds made by faceward calibrate; shipped for the bundled encoders',
      valueHint: 'file',
    },
    fmr: {
      type: 'string',
      description: `false match rate of the threshold: ${CALIBRATION_FMRS.join(', ')}`,
      default: '0.001',
      valueHint: 'rate',
    },
    seed: { type: 'string', description: 'seed of the intervals', default: '1', valueHint: 'n' },
    ...encoderArgs,
    json: { type: 'boolean', description: 'print JSON' },
  },
  repeatable: ['judge', 'calibration'],
  async run({ args, job }) {
    const seed = wholeNumber(args.seed, '--seed');
    const translator = await translatorFromFile(args.translator, args);
    const encoder = await openEncoderFromArgs(args);
    const encoders = [encoder, ...(await openOtherEncoders(args.judge, '--judge', args, encoder))];
    try {
      const paths = args.calibration === undefined ? [] : args.calibration.split(',');
      const calibrations = await calibrationsFor(paths, encoders);
      const thresholds = await Promise.all(encoders.map((one) => thresholdOf(one, calibrations, Number(args.fmr))));
      const from = (await translatorFaces(args.from, args, job)).heldOut;
      const to = (await translatorFaces(args.to, args, job)).heldOut;
      const small = from.map(translatorInput);
      const translated = (await translator.translate(small)).map(translatedPicture);
      const scores: EncoderScore[] = [];
      for (const [i, one] of encoders.entries()) {
        const judge = createJudge(one);
        const embed = (images: readonly Image[]): Promise<Float32Array[]> => judge.embedImages(images, job);
        const embeddings = {
          // At the translator's size, so that the two differ by the translation alone.
          from: await embed(small.map(translatedPicture)),
          translated: await embed(translated),
          fromReferences: await embed(from),
          toReferences: await embed(to),
        };
        const threshold = thresholds[i] as Threshold;
        const rates = scoreTranslation(embeddings, threshold, new Random(seed).fork(one.id));
        scores.push({ encoder: one.id, threshold, rates });
      }
      if (args.json) printJson({ heldOut: { from: from.length, to: to.length }, scores });
      else printLine(scores.map(describe).join('\n\n'));
    } finally {
      await Promise.all([translator.close(), ...encoders.map((one) => one.close())]);
    }
  },
});

async function thresholdOf(encoder: Encoder, calibrations: Calibrations, fmr: number): Promise<Threshold> {
  const thresholds = await calibrations.thresholdsOf(encoder);
  const threshold = thresholds?.find((candidate) => candidate.fmr === fmr);
  if (threshold) return threshold;
  throw new InputError(`encoder "${encoder.id}" has no threshold at FMR ${fmr}`, {
    hint: 'make one with `faceward calibrate` and give --calibration',
  });
}

function describe({ encoder, threshold, rates }: EncoderScore): string {
  const rows = rates.map(({ name, passed, comparisons, similarity }) => [
    name,
    `${percent(passed.value, 1)} (${percent(passed.low, 1)} to ${percent(passed.high, 1)})`,
    `${comparisons} comparisons`,
    `median similarity ${similarity.toFixed(3)}`,
  ]);
  return `${encoder}, threshold ${threshold.similarity.toFixed(4)} at FMR ${percent(threshold.fmr, 1)}\n${table(rows)}`;
}
