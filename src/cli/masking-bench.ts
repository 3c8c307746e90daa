import { resolve } from 'node:path';
import type { Generator } from '../attack/inversion/latent-optimisation.ts';
import type { ModelInversionAttack } from '../attack/inversion/model/attack.ts';
import { createJudge, type Judge, measureThresholds } from '../audit/judge.ts';
import { loadFaces } from '../audit/load-faces.ts';
import type { Contender } from '../audit/masking/contender.ts';
import { type MaskingBench, openMaskingBench } from '../audit/masking/measure.ts';
import { LEAST_PHOTOS, type TrainedPeople, trainedPeople } from '../audit/masking/people.ts';
import { MASKING_RESULT_SCHEMA, type MaskingResult } from '../audit/masking/result.ts';
import type { AuditFace } from '../audit/subjects.ts';
import { choosePhotos } from '../audit/training/people.ts';
import type { AuditStore } from '../audit/work-folder.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceSample } from '../data/sample.ts';
import { refuseTestPeople, splitByPerson } from '../data/splits.ts';
import { KEPT_FREQUENCIES } from '../defence/training/masking/front.ts';
import {
  type MaskedEncoder,
  type MaskedTrainingOptions,
  maskedEncoderGraph,
  trainMaskedEncoder,
} from '../defence/training/masking/masked-training.ts';
import { encoderFromGraph } from '../encoder/onnx-encoder.ts';
import { CANONICAL_EXTENT } from '../encoder/view.ts';
import type { CheckpointReason, TrainingState } from '../nn/training.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { openEncoderFromArgs, type SessionArgs } from './encoder-options.ts';
import { type pipelineSource, readPhotoSize } from './face-source.ts';
import { reproducibleDraws } from './noise-secret.ts';
import { openPolicyHistory } from './policy-history.ts';
import { printNote } from './print.ts';
import { type LeftOut, nameLeftOut, usablePeople } from './training-people.ts';
import type { TrainingRun } from './training-run.ts';

/** What decides the figures of a comparison of maskings; it stands in every result. */
export interface MaskingBenchSettings {
  readonly faceward: string;
  readonly data: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly scale: number;
  readonly margin: number;
  readonly sizePx: number;
  readonly width: number;
  readonly embeddingSize: number;
  readonly judges: readonly string[];
  readonly attacks: readonly string[];
  readonly attacked: number;
  readonly linked: number;
  readonly recoverySteps: number;
}

/** The seed of whatever is measured: the same people, pairs and draws for all contenders and all seeds of their trainings. */
const MEASURING_SEED = 1;

/** Photos of the attacker's people, and of those on whom recognisers are tried, at most. */
const ATTACKERS = { people: 2000, photos: 10, total: 2000 } as const;
const STRANGERS = { people: 2000, photos: 6, total: 2000 } as const;

/** What an inversion spends: a quarter of an audit's, since there are dozens of models. */
const EFFORT = { draws: 1000, candidates: 3, iterations: 40, views: 30 } as const;

/** One training to run and to measure. */
export interface MaskingTask {
  readonly contender: Contender;
  readonly seed: number;
}

/** Faces, judges and attackers, read once for all contenders. */
export interface OpenedMaskingBench extends AsyncDisposable {
  readonly people: TrainedPeople;
  readonly bench: MaskingBench;
}

/** How {@link openMaskingBenchData} opens what it needs. */
interface OpenOptions extends JobOptions, SessionOptions {
  readonly attacks: readonly ModelInversionAttack[];
  readonly generator: Generator;
  readonly source: ReturnType<typeof pipelineSource>;
}

/**
 * Reads the data set's three sides and lets the judges see them.
 *
 * @throws InputError where a side has too few people.
 */
export async function openMaskingBenchData(
  { device, threads }: SessionArgs,
  settings: MaskingBenchSettings,
  { source, attacks, generator, ...options }: OpenOptions,
): Promise<OpenedMaskingBench> {
  const dataset = await loadDataset(resolve(settings.data), { readSize: readPhotoSize });
  printNote(dataset.description);
  const { train, calibration, test } = splitByPerson(dataset.samples);
  refuseTestPeople([...train, ...calibration], 'training');
  const leftOut: LeftOut[] = [];
  const onRejected = ({ id }: FaceSample, reason: string) => leftOut.push({ name: id, reason });
  const read = async (samples: readonly FaceSample[]): Promise<AuditFace[]> =>
    (await loadFaces(samples, { ...options, onRejected, openPipeline: source.openPipeline })).faces;
  const random = new Random(MEASURING_SEED);
  const photosOf = Map.groupBy(train, ({ person }) => person);
  const faces = await read(train.filter(({ person }) => (photosOf.get(person)?.length ?? 0) >= LEAST_PHOTOS));
  const usable = usablePeople(faces, LEAST_PHOTOS);
  const people = trainedPeople(usable.people, settings);
  const untrained = await read(train.filter(({ person }) => photosOf.get(person)?.length === LEAST_PHOTOS - 1));
  const attackers = await read(choosePhotos(calibration, { ...ATTACKERS, random: random.fork('attackers') }));
  const strangers = await read(choosePhotos(test, { ...STRANGERS, random: random.fork('strangers') }));
  nameLeftOut([...leftOut, ...usable.leftOut], 'skip');
  const opened = await Promise.all(
    settings.judges.map((spec) => openEncoderFromArgs({ device, threads, encoder: spec })),
  );
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((encoder) => encoder.close()));
  };
  try {
    const judges: Judge[] = [];
    for (const encoder of opened) {
      const judge = createJudge(encoder);
      judges.push({
        ...judge,
        thresholds: (await measureThresholds(judge, attackers, `${dataset.name}, calibration people`, options)) ?? [],
      });
    }
    const [first, ...others] = judges;
    if (!first) throw new InputError('a comparison needs a judge', { hint: 'name one with --judges' });
    const bench = await openMaskingBench({
      ...options,
      ...{ people: people.measured, attackers, strangers, untrained, judges: [first, ...others], attacks, generator },
      ...{ attacked: settings.attacked, linked: settings.linked, recoverySteps: settings.recoverySteps },
      ...{ effort: EFFORT, seed: MEASURING_SEED },
    });
    const count = people.masked.reduce((sum, person) => sum + person.faces.length, 0);
    printNote(
      `${count} photos of ${people.masked.length} people are trained on, one more of each is held out; ${attackers.length} photos are the attacker’s, ${strangers.length} are of people nobody has seen`,
    );
    return { people, bench, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Trains a contender, or goes on with it, and measures it. */
export async function runMaskingTask(
  { contender, seed }: MaskingTask,
  { people, bench }: Pick<OpenedMaskingBench, 'people' | 'bench'>,
  {
    settings,
    run,
    store,
    checkpointSteps,
    ...options
  }: JobOptions &
    SessionOptions & {
      readonly settings: MaskingBenchSettings;
      readonly run: TrainingRun;
      readonly store: AuditStore;
      readonly checkpointSteps: number;
    },
): Promise<MaskingResult> {
  const begun = process.cpuUsage();
  const training = trainingOptions(contender, seed, settings);
  const history = contender.masking.mix.kind === 'adaptive' ? await openPolicyHistory(store) : undefined;
  const onCheckpoint = async (state: TrainingState, why: CheckpointReason): Promise<void> => {
    // A history is the same whether its training was interrupted or not.
    if (why === 'due') await history?.add(state);
    await run.onCheckpoint(state);
  };
  const trained = await trainMaskedEncoder(people.masked, {
    ...options,
    ...training,
    ...{ onCheckpoint, checkpointSteps },
    ...(run.resume ? { resume: run.resume } : {}),
  });
  const measuring = process.cpuUsage();
  const graph = maskedEncoderGraph(trained.weights, { ...training, front: trained.front });
  const whole = { box: { x: 0, y: 0, width: CANONICAL_EXTENT, height: CANONICAL_EXTENT } };
  const encoder = await encoderFromGraph({
    ...options,
    ...{ id: `${contender.name}, seed ${seed}`, hash: `${contender.name}, seed ${seed}`, graph },
    view: { ...whole, widthPx: settings.sizePx, heightPx: settings.sizePx },
  });
  try {
    const { weights, front } = trained;
    const maskings = history?.policies() ?? [weights];
    const figures = await bench.measure({ contender, seed, encoder, front, maskings }, store);
    await run.finish(graph);
    return {
      schema: MASKING_RESULT_SCHEMA,
      settings: { ...settings },
      ...{ contender: contender.name, seed },
      cost: {
        trainingSeconds: secondsBetween(begun, measuring),
        measuringSeconds: secondsBetween(measuring, process.cpuUsage()),
      },
      privacy: privacyOf(trained),
      ...figures,
    };
  } finally {
    await encoder.close();
  }
}

function trainingOptions(
  { masking, augmentations, norm, strategy }: Contender,
  seed: number,
  { steps, batchSize, learningRate, scale, margin, sizePx, width, embeddingSize }: MaskingBenchSettings,
): MaskedTrainingOptions {
  return {
    ...{ masking, augmentations, strategy, seed, frequencies: KEPT_FREQUENCIES },
    ...{ steps, batchSize, learningRate, scale, margin },
    form: { sizePx, width, embeddingSize, norm },
    // An experiment, to be repeated: its epsilon is a figure of the method, and promised to nobody.
    ...(masking.epsilon === undefined ? {} : { draws: reproducibleDraws(`seed ${seed}`) }),
  };
}

function privacyOf({ privacy }: MaskedEncoder): MaskingResult['privacy'] {
  if (!privacy) return null;
  const { loss, noiseMultiplier } = privacy;
  return { epsilon: loss.epsilon, delta: loss.delta, noiseMultiplier };
}

const secondsBetween = (before: NodeJS.CpuUsage, after: NodeJS.CpuUsage): number =>
  Math.round((after.user + after.system - before.user - before.system) / 1e5) / 10;
