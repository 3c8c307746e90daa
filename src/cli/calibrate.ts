import { CALIBRATION_FMRS, calibrate } from '../audit/calibration.ts';
import { embedSamples } from '../audit/sample-faces.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceSample } from '../data/sample.ts';
import { splitOf } from '../data/splits.ts';
import { pairsNeeded } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { encoderArgs, openCachedEncoder } from './encoder-options.ts';
import { peopleArgs, pipelineSource, readPhotoSize } from './face-source.ts';
import { prepareOutputFile, writeOutputFile } from './output-file.ts';
import { percent, printJson, printLine, printNote, table } from './print.ts';

/** `faceward calibrate`: thresholds at fixed false match rates, measured on people of the calibration side. */
export const calibrateCommand = command({
  name: 'calibrate',
  description:
    'Measures an encoder’s thresholds at false match rates of 1e-2, 1e-3 and 1e-4, on one face of each person of the calibration side (15 % of the people, by a hash of the name); and how like themselves people are, on up to five.',
  examples: [
    'faceward calibrate --encoder dlib --data lfw/ --out dlib-calibration.json',
    'faceward calibrate --encoder my.onnx --data faces/ --everyone --out my-calibration.json',
  ],
  args: {
    ...peopleArgs,
    out: { type: 'string', description: 'file to write; default: stdout', valueHint: 'file' },
    everyone: {
      type: 'boolean',
      description: 'use all people: only for faces that nothing is trained on or tested with',
    },
    ...encoderArgs,
  },
  async run({ args, job }) {
    if (args.out !== undefined) await prepareOutputFile(args.out);
    const dataset = await loadDataset(args.data, { readSize: readPhotoSize });
    printNote(dataset.description);
    const samples = fewOfEach(
      args.everyone ? dataset.samples : dataset.samples.filter(({ person }) => splitOf(person) === 'calibration'),
    );
    requirePeople(new Set(samples.map(({ person }) => person)).size, args.everyone === true);
    await using opened = await openCachedEncoder(args);
    const { encoder } = opened;
    await using source = pipelineSource(args);
    const { embeddings, skipped } = await embedSamples(samples, encoder, {
      ...job,
      openPipeline: source.openPipeline,
    });
    if (skipped.length > 0) printNote(`${skipped.length} photos left out, such as ${skipped[0]?.reason}`);
    const faces = samples.flatMap(({ id, person }) => {
      const embedding = embeddings.get(id);
      return embedding ? [{ person, embedding }] : [];
    });
    const side = args.everyone ? 'all people' : 'people of the calibration side';
    const name = dataset.kind === 'lfw' ? 'LFW' : dataset.name;
    const firsts = [...new Map(faces.toReversed().map((face) => [face.person, face])).values()].reverse();
    const calibration = calibrate(
      firsts,
      encoder,
      { name, selection: `${side}, first image of each` },
      { faces, selection: `${side}, first ${IMAGES_OF_EACH} images of each` },
    );
    if (args.out === undefined) return printJson(calibration);
    await writeOutputFile(args.out, `${JSON.stringify(calibration, undefined, 2)}\n`);
    printLine(
      table([
        ['FMR', 'threshold', '95 % interval of the FMR'],
        ...calibration.thresholds.map((row) => [
          percent(row.fmr),
          row.similarity.toFixed(4),
          `${percent(row.low, 4)} to ${percent(row.high, 4)}`,
        ]),
      ]),
    );
    printLine(
      `${args.out}: ${calibration.thresholds[0]?.impostorPairs} impostor pairs of ${calibration.dataset.people} people`,
    );
  },
});

/** The lowest FMR asks for most: refused before a face is looked at. @throws InputError where there are too few people. */
function requirePeople(people: number, isEveryone: boolean): void {
  const pairs = pairsNeeded(Math.min(...CALIBRATION_FMRS));
  const needed = Math.ceil((1 + Math.sqrt(1 + 8 * pairs)) / 2);
  if (people >= needed) return;
  throw new InputError(
    `thresholds down to an FMR of ${Math.min(...CALIBRATION_FMRS)} need ${needed} people, but there are ${people}${isEveryone ? '' : ' on the calibration side'}`,
    { hint: isEveryone ? 'bring more people' : 'bring more people, or take all of them with --everyone' },
  );
}

/** Images of each person: enough to know how like themselves people are, and few enough that nobody decides alone. */
const IMAGES_OF_EACH = 5;

function fewOfEach(samples: readonly FaceSample[]): FaceSample[] {
  return [...Map.groupBy(samples, ({ person }) => person).values()].flatMap((own) => own.slice(0, IMAGES_OF_EACH));
}
