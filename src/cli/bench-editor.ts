import { basename } from 'node:path';
import { type FaceToEdit, measureEditor, type TreatmentFigures } from '../audit/editing/measure.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceDataset, FaceSample } from '../data/sample.ts';
import { splitByPerson } from '../data/splits.ts';
import { type AttributeEditor, openEditor } from '../defence/photo/attribute/editor.ts';
import { alignedFace } from '../encoder/aligned-face.ts';
import { BUNDLED_ENCODERS } from '../encoder/bundled.ts';
import type { AttributeReader } from '../face/attribute-reader.ts';
import { openAttributeReader } from '../face/open-attribute-reader.ts';
import { readGraph } from '../graph/onnx-file.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import type { Rate } from '../metric/intervals.ts';
import { readModelFile } from '../runtime/model-file.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { command } from './command.ts';
import { type SessionArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { listOf, wholeNumber } from './option-values.ts';
import { printJson, printLine, printNote, table } from './print.ts';
import { openTestEncoders, protectionArgs, SEVERAL_ENCODERS, severalOf } from './protection-encoders.ts';

/** `faceward bench editor`: whether edits do what they should, and leave the rest. */
export const benchEditorCommand = command({
  name: 'bench editor',
  description:
    'Measures an editor of attributes on people of the test side: how often a judge sees each attribute turned round, how much else it sees changed, and whether encoders still recognise the person; beside nothing, blur, blocks, noise and an edit at random.',
  examples: [
    'faceward bench editor --editor editor.onnx --judge judge.onnx --data celeba/',
    'faceward bench editor --editor editor.onnx --judge judge.onnx --data celeba/ --encoders dlib,my.onnx --calibration my.json --json',
  ],
  args: {
    editor: { type: 'string', description: 'the editor (faceward train editor)', required: true, valueHint: 'file' },
    judge: {
      type: 'string',
      description: 'a reader (faceward train attributes) that the editor was not made with',
      required: true,
      valueHint: 'file',
    },
    data: {
      type: 'string',
      description: 'data set with attributes, such as CelebA',
      required: true,
      valueHint: 'folder',
    },
    encoders: {
      type: 'string',
      description: `encoders that the editor was not made with, ${SEVERAL_ENCODERS}; default: ${BUNDLED_ENCODERS.join(',')}`,
      valueHint: 'encoders',
    },
    people: { type: 'string', description: 'people of the test side, at most', default: '300', valueHint: 'n' },
    ...protectionArgs,
    seed: { type: 'string', description: 'seed of everything random', default: '1', valueHint: 'n' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  repeatable: ['encoders', 'calibration'],
  async run({ args, job }) {
    const seed = wholeNumber(args.seed, '--seed');
    const people = wholeNumber(args.people, '--people', { min: 2 });
    const session = sessionOptions(args);
    const [editorFile, judgeFile] = [readModelFile(args.editor), readModelFile(args.judge)];
    const graph = readGraph(editorFile.bytes);
    const madeWith = listOf(graph.metadata.identity).map((spec) => basename(spec, '.onnx'));
    if (graph.metadata.identity === undefined)
      printNote('the editor does not say which encoders it was made with: those given here may be among them');
    await using encoders = await openTestEncoders([], severalOf(args.encoders, BUNDLED_ENCODERS), args, ({ id }) =>
      madeWith.includes(id),
    );
    for (const { encoder } of encoders.all.filter(({ role }) => role === 'used'))
      printNote(`the editor was made with ${encoder.id}: what it recognises says little of other encoders`);
    const matchers = encoders.all.flatMap(({ encoder, threshold }) => (threshold ? [{ encoder, threshold }] : []));
    const editor = await openEditor(graph, session);
    const judge = await openAttributeReader(readGraph(judgeFile.bytes), session);
    try {
      requireSameView(editor, judge);
      const dataset = await loadDataset(args.data, { readSize: readPhotoSize });
      requireLabels(dataset, editor.attributes);
      const random = new Random(seed);
      const samples = choosePeople(splitByPerson(dataset.samples).test, people, random);
      const faces = await facesToEdit(samples, { ...args, attributes: editor.attributes, judge, job });
      printNote(`${faces.length} faces of ${new Set(faces.map(({ person }) => person)).size} people of the test side`);
      const figures = await measureEditor(faces, { ...job, editor, judge, matchers, seed });
      const models = { editor: editorFile.hash, judge: judgeFile.hash };
      const thresholds = encoders.all.map(({ encoder: { id, hash }, role, threshold }) => ({
        id,
        hash,
        role,
        threshold,
      }));
      if (args.json) printJson({ dataset: dataset.name, seed, models, thresholds, ...figures });
      else {
        const { accuracy } = figures.judge;
        printLine(`the judge agrees with the labels of the clean faces in ${percent(accuracy)} %`);
        const { psnr, ssim } = figures.reconstruction;
        printLine(`reconstruction: ${psnr.toFixed(1)} dB, SSIM ${ssim.toFixed(3)}`);
        printLine(describe(figures.treatments));
      }
    } finally {
      await editor.close();
      await judge.close();
    }
  },
});

/** @throws InputError where the judge does not look at what the editor edits, or reads none of its attributes. */
function requireSameView(editor: AttributeEditor, judge: AttributeReader): void {
  if (editor.view.widthPx !== judge.view.widthPx) {
    throw new InputError(`the editor edits ${editor.view.widthPx} px, the judge reads ${judge.view.widthPx} px`, {
      hint: 'give a judge that was trained on portraits of the editor’s size',
    });
  }
  if (!editor.attributes.some((name) => judge.attributes.includes(name))) {
    throw new InputError('the judge reads none of the editor’s attributes', {
      hint: `give one that reads ${editor.attributes.join(', ')}`,
    });
  }
}

/** @throws InputError where the data set does not know an attribute: every face would count as having none. */
function requireLabels({ name, samples }: FaceDataset, attributes: readonly string[]): void {
  const known = Object.keys(samples.find(({ attributes: labels }) => labels)?.attributes ?? {});
  const missing = attributes.filter((attribute) => !known.includes(attribute));
  if (missing.length === 0) return;
  throw new InputError(`${name} has no labels for ${missing.join(', ')}`, {
    hint: 'give a data set like CelebA: photos and attributes.csv, or list_attr_celeba.txt with identity_CelebA.txt',
  });
}

/** All photos of so many people, those with several photos first: genuine pairs need two. */
function choosePeople(samples: readonly FaceSample[], people: number, random: Random): FaceSample[] {
  const own = [...Map.groupBy(samples, ({ person }) => person).values()];
  const [several, single] = [own.filter(({ length }) => length > 1), own.filter(({ length }) => length === 1)];
  return [...random.sample(several, several.length), ...random.sample(single, single.length)].slice(0, people).flat();
}

async function facesToEdit(
  samples: readonly FaceSample[],
  options: SessionArgs & {
    readonly attributes: readonly string[];
    readonly judge: Awaited<ReturnType<typeof openAttributeReader>>;
    readonly job: JobOptions;
  },
): Promise<FaceToEdit[]> {
  const { attributes, judge, job } = options;
  await using source = pipelineSource(options);
  const pipeline = await source.openPipeline();
  const faces: FaceToEdit[] = [];
  for (const [done, { path, person, attributes: labels }] of samples.entries()) {
    throwIfAborted(job);
    const photo = labels && (await decodedPhoto(path));
    const [face] = photo ? await pipeline.detect(photo, { maxFaces: 1 }) : [];
    if (photo && face) {
      faces.push({
        person,
        photo,
        face,
        portrait: alignedFace(photo, face.landmarks, judge.view),
        own: Float32Array.from(attributes, (name) => (labels[name] ? 1 : -1)),
        labels: judge.attributes.map((name) => labels[name] === true),
      });
    }
    job.onProgress?.({ stage: 'reading photos', done: done + 1, total: samples.length });
  }
  if (faces.length === 0) throw new InputError('no face of a person of the test side was found');
  return faces;
}

/** A broken photo is left out; the others go on. */
async function decodedPhoto(path: string): Promise<Image | undefined> {
  try {
    return (await decodeImage(path)).image;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    printNote(`left out: ${error.message}`);
    return undefined;
  }
}

const percent = ({ rate, low, high }: Rate): string =>
  `${(100 * rate).toFixed(1)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;

function describe(treatments: readonly TreatmentFigures[]): string {
  const matchers = treatments[0]?.kept.map(({ matcher }) => matcher) ?? [];
  return table([
    [
      '%',
      'edit accuracy',
      'on the photo',
      'others changed',
      'dB',
      'SSIM',
      ...matchers.map((id) => `pairs kept, ${id}`),
    ],
    ...treatments.map((one) => [
      one.treatment,
      one.accuracy ? percent(one.accuracy) : ((one.meanAccuracy ?? 0) * 100).toFixed(1),
      one.accuracyOnPhoto ? percent(one.accuracyOnPhoto) : '',
      (100 * one.preservationError.value).toFixed(1),
      one.psnr.toFixed(1),
      one.ssim.toFixed(3),
      ...one.kept.map(({ otherOriginal }) => percent(otherOriginal)),
    ]),
  ]);
}
