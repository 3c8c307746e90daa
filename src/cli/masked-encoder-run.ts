import type { MaskedPerson } from '../defence/training/masking/masked-batch.ts';
import {
  type MaskedTrainingOptions,
  maskedEncoderGraph,
  trainMaskedEncoder,
} from '../defence/training/masking/masked-training.ts';
import { actionsOf } from '../defence/training/masking/strategy.ts';
import { strategyGraph } from '../defence/training/masking/strategy-model.ts';
import { writeGraph } from '../graph/onnx-file.ts';
import { InputError } from '../util/errors.ts';
import { cardPath, type EncoderCard, maskedEncoderCard } from './encoder-card.ts';
import { prepareCurves, writeCurves } from './figures-log-file.ts';
import { noiseNote } from './masking-options.ts';
import { forgetNoise, noiseDraws } from './noise-secret.ts';
import { writeOutputFile } from './output-file.ts';
import { printLine, printNote } from './print.ts';
import { openStepLog, type StepLog } from './step-log.ts';
import type { TrainingRun } from './training-run.ts';

/** Where a training on masked faces writes. */
export interface MaskedEncoderOutput {
  readonly out: string;
  readonly run: TrainingRun;
  readonly data: EncoderCard['data'];
  readonly logs: { readonly mixLog: string | undefined; readonly figuresLog: string | undefined };
  readonly summary: () => string | undefined;
  /** What the noise of a private training is made of, where it is to be repeated. */
  readonly noiseSeed: string | undefined;
}

/** Trains a recogniser on masked faces, and writes it with its front before it, its card, its logs, and where there is one the strategy network. */
export async function maskedEncoderRun(
  people: readonly MaskedPerson[],
  options: MaskedTrainingOptions,
  { out, run, data, logs, summary, noiseSeed }: MaskedEncoderOutput,
): Promise<void> {
  const { masking, strategy } = options;
  const note = noiseNote(masking, noiseSeed);
  if (note !== undefined) printNote(note);
  const begun = run.resume?.step;
  const isPrivate = masking.epsilon !== undefined;
  // What can be refused comes before the logs, which would be in the way of the next attempt.
  const trained = strategy.constraint ? withHeldOut(people) : people;
  const curves = logs.figuresLog === undefined ? undefined : await prepareCurves(logs.figuresLog, begun !== undefined);
  using mixLog = await optionalLog(logs.mixLog, begun);
  using figuresLog = await optionalLog(logs.figuresLog, begun);
  const { weights, front, privacy } = await trainMaskedEncoder(trained, {
    ...options,
    ...(isPrivate ? { draws: await noiseDraws(out, trained, { noiseSeed, resumes: begun !== undefined }) } : {}),
    ...(mixLog ? { onMix: (mix) => mixLog.write(mix) } : {}),
    ...(figuresLog ? { onTurn: (step, turn, figures) => figuresLog.write({ step, turn, ...figures }) } : {}),
  });
  const trainingFigures = summary();
  const faces = trained.reduce((sum, person) => sum + person.faces.length, 0);
  const noise = noiseSeed === undefined ? 'secret' : 'reproducible';
  const card = maskedEncoderCard(options, { ...data, faces }, { trainingFigures, privacy, noise });
  await writeOutputFile(cardPath(out), `${JSON.stringify(card, undefined, 2)}\n`);
  const written = [out, cardPath(out)];
  if (masking.mix.kind === 'adaptive') {
    const path = `${out.replace(/\.onnx$/i, '')}.strategy.onnx`;
    await writeOutputFile(path, writeGraph(strategyGraph(weights, front, actionsOf(strategy.choice))));
    written.push(path);
  }
  await run.finish(maskedEncoderGraph(weights, { ...options, front }, { card: JSON.stringify(card) }));
  await forgetNoise(out);
  if (logs.figuresLog !== undefined && curves !== undefined) {
    await writeCurves(logs.figuresLog, curves);
    written.push(curves);
  }
  for (const path of written) printLine(path);
  if (trainingFigures !== undefined) printLine(trainingFigures);
}

const optionalLog = async (path: string | undefined, resume: number | undefined): Promise<StepLog | undefined> =>
  path === undefined ? undefined : openStepLog(path, { resume });

/** Photos that a person must have for one to be held out. */
const LEAST_TO_HOLD_OUT = 3;

/** The last photo of everybody with three or more is held out: the accuracy of a constraint is measured on these. */
function withHeldOut(people: readonly MaskedPerson[]): MaskedPerson[] {
  if (people.every(({ faces }) => faces.length < LEAST_TO_HOLD_OUT)) {
    throw new InputError(`--accuracy-target needs people with ${LEAST_TO_HOLD_OUT} photos or more`, {
      hint: 'one photo of each such person is held out',
    });
  }
  return people.map((person) =>
    person.faces.length < LEAST_TO_HOLD_OUT
      ? person
      : { ...person, faces: person.faces.slice(0, -1), ids: person.ids.slice(0, -1), heldOut: person.faces.slice(-1) },
  );
}
