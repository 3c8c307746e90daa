import { CALIBRATION_FMRS, readCalibration, shippedCalibration, thresholdsOf } from '../audit/calibration.ts';
import { alignedFace, type FacePlace } from '../encoder/aligned-face.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { mainFace } from '../face/main-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { cosineSimilarity } from '../metric/similarity.ts';
import type { Threshold } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { percent, printJson, printLine, printNote } from './print.ts';

/** `faceward verify`: one comparison, with a threshold that says what it costs. */
export const verifyCommand = command({
  name: 'verify',
  description:
    'Compares the main faces of two photos, and says whether they pass as one person at a stated false match rate.',
  examples: [
    'faceward verify a.jpg b.jpg',
    'faceward verify a.jpg b.jpg --encoder dlib --fmr 1e-4 --json',
    'faceward verify a.jpg b.jpg --encoder my.onnx --calibration my-calibration.json',
  ],
  args: {
    a: { type: 'positional', description: 'a photo', required: true },
    b: { type: 'positional', description: 'another photo', required: true },
    fmr: {
      type: 'string',
      description: `false match rate of the threshold: ${CALIBRATION_FMRS.join(', ')}`,
      default: '0.001',
      valueHint: 'rate',
    },
    calibration: {
      type: 'string',
      description: 'thresholds made by faceward calibrate; shipped for the bundled encoders',
      valueHint: 'file',
    },
    aligned: { type: 'boolean', description: 'the pictures are aligned faces already (ArcFace’s 112x112 template)' },
    ...encoderArgs,
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run({ args }) {
    const encoder = await openEncoderFromArgs(args);
    await using source = pipelineSource(args);
    try {
      const threshold = await chooseThreshold(encoder, args.fmr, args.calibration);
      const faces = [];
      for (const path of [args.a, args.b])
        faces.push(await readFace(path, encoder, args.aligned ? undefined : source.openPipeline));
      const [first, second] = await encoder.embed(faces);
      if (!first || !second) throw new InputError(`encoder "${encoder.id}" gave no embedding`);
      const similarity = cosineSimilarity(first, second);
      const decision = threshold && (similarity >= threshold.similarity ? 'match' : 'no match');
      if (args.json)
        printJson({ similarity, decision: decision ?? null, encoder: encoder.id, threshold: threshold ?? null });
      else printLine(describe(similarity, threshold, encoder));
    } finally {
      await encoder.close();
    }
  },
});

async function chooseThreshold(
  encoder: Encoder,
  fmr: string,
  path: string | undefined,
): Promise<Threshold | undefined> {
  const calibration = path === undefined ? await shippedCalibration(encoder) : await readCalibration(path, encoder);
  if (!calibration) return undefined;
  const thresholds = thresholdsOf(calibration);
  const threshold = thresholds.find((candidate) => candidate.fmr === Number(fmr));
  if (threshold) return threshold;
  throw new InputError(`there is no threshold at FMR ${fmr}`, {
    hint: `there is one at: ${thresholds.map((candidate) => candidate.fmr).join(', ')}`,
  });
}

async function readFace(
  path: string,
  encoder: Encoder,
  openPipeline: (() => Promise<FacePipeline>) | undefined,
): Promise<Image> {
  const { image } = await decodeImage(path);
  const place: FacePlace = openPipeline ? await findMainFace(image, path, await openPipeline()) : 'canonical';
  return alignedFace(image, place, encoder.view);
}

async function findMainFace(image: Image, path: string, pipeline: FacePipeline): Promise<FacePlace> {
  const faces = await pipeline.detect(image);
  const face = mainFace(faces, image);
  if (!face) {
    throw new InputError(`${path}: no face was found`, {
      hint: 'give --aligned where the picture is an aligned face already',
    });
  }
  if (faces.length > 1) printNote(`${path}: there are ${faces.length} faces; the largest near the middle is compared`);
  return face.landmarks;
}

function describe(similarity: number, threshold: Threshold | undefined, encoder: Encoder): string {
  const shown = `cosine similarity ${similarity.toFixed(4)} (encoder ${encoder.id})`;
  if (!threshold) {
    return `${shown}\nno decision: this encoder has no thresholds; make them with faceward calibrate and give --calibration`;
  }
  const { fmr, interval, dataset, impostorPairs } = threshold;
  const decision = similarity >= threshold.similarity ? 'match' : 'no match';
  return `${decision}: ${shown}
threshold ${threshold.similarity.toFixed(4)} at FMR ${percent(fmr)} (measured ${percent(interval.rate, 4)}, 95 % interval ${percent(interval.low, 4)} to ${percent(interval.high, 4)})
on ${impostorPairs} impostor pairs: ${dataset}`;
}
