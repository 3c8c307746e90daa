import { embedSamples } from '../audit/sample-faces.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceDataset, FacePair } from '../data/sample.ts';
import { compareAll, type ScoreSet } from '../metric/score-set.ts';
import { cosineSimilarity } from '../metric/similarity.ts';
import { equalErrorRate, type FoldAccuracy, rocCurve, tarAtFmr, tenFoldAccuracy } from '../metric/verification.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { encoderArgs, openCachedEncoder } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { percent, printJson, printLine, printNote } from './print.ts';

const FMRS = [1e-2, 1e-3] as const;

/** `faceward bench verification`: how well an encoder tells people apart, by the data set's protocol. */
export const benchVerificationCommand = command({
  name: 'bench verification',
  description:
    'Measures how well an encoder tells people apart: accuracy over the folds of pairs.txt (LFW’s View 2), equal error rate, TAR at FMR 1e-2 and 1e-3, ROC. Without pairs.txt all pairs are compared.',
  examples: [
    'faceward bench verification --encoder dlib --data lfw/',
    'faceward bench verification --encoder my.onnx --flip --data lfw/ --json > figures.json',
  ],
  args: {
    data: {
      type: 'string',
      description: 'folder with one folder of photos for each person; LFW with pairs.txt',
      required: true,
      valueHint: 'folder',
    },
    pairs: { type: 'string', description: 'pairs.txt, where it is not found by itself', valueHint: 'file' },
    ...encoderArgs,
    json: { type: 'boolean', description: 'print JSON, with the points of the ROC' },
  },
  async run({ args, job }) {
    const dataset = await loadDataset(args.data, {
      readSize: readPhotoSize,
      ...(args.pairs === undefined ? {} : { pairsFile: args.pairs }),
    });
    printNote(dataset.description);
    await using opened = await openCachedEncoder(args);
    const { encoder } = opened;
    await using source = pipelineSource(args);
    const { embeddings, skipped } = await embedSamples(samplesOfProtocol(dataset), encoder, {
      ...job,
      openPipeline: source.openPipeline,
    });
    if (skipped.length > 0) printNote(`${skipped.length} photos left out, such as ${skipped[0]?.reason}`);
    const comparisons = dataset.pairs ? compareFolds(dataset.pairs, embeddings) : compareEveryone(dataset, embeddings);
    const figures = measure(comparisons);
    const result = {
      encoder: { id: encoder.id, hash: encoder.hash },
      dataset: { name: dataset.name, description: dataset.description },
      photosLeftOut: skipped.length,
      ...figures,
    };
    if (args.json) printJson(result);
    else printLine(describe(figures));
  },
});

/** The comparisons of each fold; one fold where there is no protocol. */
type Folds = readonly (ScoreSet & { readonly leftOut: number })[];

function samplesOfProtocol({ samples, pairs }: FaceDataset): FaceDataset['samples'] {
  if (!pairs) return samples;
  const used = new Set(pairs.flatMap(({ a, b }) => [a, b]));
  return samples.filter(({ id }) => used.has(id));
}

function compareFolds(pairs: readonly FacePair[], embeddings: ReadonlyMap<string, Float32Array>): Folds {
  return [...Map.groupBy(pairs, ({ fold }) => fold).values()].map((fold) => {
    const genuine: number[] = [];
    const impostors: number[] = [];
    for (const { a, b, same } of fold) {
      const [first, second] = [embeddings.get(a), embeddings.get(b)];
      if (first && second) (same ? genuine : impostors).push(cosineSimilarity(first, second));
    }
    return { genuine, impostors, leftOut: fold.length - genuine.length - impostors.length };
  });
}

function compareEveryone({ samples }: FaceDataset, embeddings: ReadonlyMap<string, Float32Array>): Folds {
  const found = samples.flatMap(({ id, person }) => {
    const embedding = embeddings.get(id);
    return embedding ? [{ person, embedding }] : [];
  });
  const scores = compareAll(
    found.map(({ embedding }) => embedding),
    found.map(({ person }) => person),
  );
  return [{ ...scores, leftOut: 0 }];
}

interface Figures {
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  readonly pairsLeftOut: number;
  /** Null without folds. */
  readonly accuracy: FoldAccuracy | null;
  readonly equalErrorRate: ReturnType<typeof equalErrorRate>;
  /** Null where there are too few impostor pairs for the FMR. */
  readonly tar: readonly { readonly fmr: number; readonly found: ReturnType<typeof tarAtFmr> | null }[];
  readonly roc: ReturnType<typeof rocCurve>;
}

function measure(folds: Folds): Figures {
  const genuine = folds.flatMap((fold) => Array.from(fold.genuine));
  const impostors = folds.flatMap((fold) => Array.from(fold.impostors));
  if (genuine.length === 0) {
    throw new InputError('there is no genuine pair to compare', {
      hint: 'at least one person needs two photos with a face',
    });
  }
  return {
    genuinePairs: genuine.length,
    impostorPairs: impostors.length,
    pairsLeftOut: folds.reduce((sum, { leftOut }) => sum + leftOut, 0),
    accuracy: folds.length > 1 ? tenFoldAccuracy(folds) : null,
    equalErrorRate: equalErrorRate(genuine, impostors),
    tar: FMRS.map((fmr) => ({ fmr, found: impostors.length >= 1 / fmr ? tarAtFmr(genuine, impostors, fmr) : null })),
    roc: rocCurve(genuine, impostors),
  };
}

function describe(figures: Figures): string {
  const { accuracy, tar } = figures;
  const rows: string[][] = [];
  if (accuracy) {
    rows.push([
      `accuracy, ${accuracy.folds.length} folds`,
      `${percent(accuracy.mean)} +- ${percent(accuracy.standardDeviation)}`,
    ]);
  }
  rows.push(['equal error rate', percent(figures.equalErrorRate.rate)]);
  for (const { fmr, found } of tar) {
    const shown = found
      ? `${percent(found.tar.rate)} (${percent(found.tar.low)} to ${percent(found.tar.high)}), threshold ${found.similarity.toFixed(4)}`
      : 'too few impostor pairs';
    rows.push([`TAR at FMR ${percent(fmr)}`, shown]);
  }
  const left = figures.pairsLeftOut > 0 ? `, ${figures.pairsLeftOut} pairs left out` : '';
  return `${figures.genuinePairs} genuine and ${figures.impostorPairs} impostor pairs${left}
${rows.map(([name = '', value = '']) => `${name.padEnd(22)}${value}`).join('\n')}`;
}
