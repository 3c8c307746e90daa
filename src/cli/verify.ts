import { CALIBRATION_FMRS } from '../audit/calibration.ts';
import { alignedFace, type FacePlace } from '../encoder/aligned-face.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { mainFace } from '../face/main-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { cosineSimilarity } from '../metric/similarity.ts';
import type { Threshold } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { chooseThreshold } from './chosen-threshold.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs } from './encoder-options.ts';
import { type PipelineSource, pipelineSource } from './face-source.ts';
import { type LiveArgs, liveArgs } from './live-args.ts';
import { percent, printJson, printLine, printNote } from './print.ts';

/** `faceward verify`: one comparison, with a threshold that says what it costs. */
export const verifyCommand = command({
  name: 'verify',
  description:
    'Compares the main faces of two photos, and says whether they pass as one person at a stated false match rate. With --live a clip takes the first photo’s place, and is looked at for signs of an attack: print, screen, a photo that is moved, a recording.',
  examples: [
    'faceward verify a.jpg b.jpg',
    'faceward verify --live clip.mp4 --against person.jpg --liveness-calibration calibration.json',
    'faceward verify --live frames/ --against person.jpg --challenge turn-left@1.2,smile@5.6 --enrolment turning.mp4',
    'faceward verify a.jpg b.jpg --encoder dlib --fmr 1e-4 --json',
    'faceward verify a.jpg b.jpg --encoder my.onnx --calibration my-calibration.json',
  ],
  args: {
    a: { type: 'positional', description: 'a photo', required: false },
    b: { type: 'positional', description: 'another photo', required: false },
    ...liveArgs,
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
  async run({ args, job }) {
    const sides = sidesOf(args);
    const encoder = await openEncoderFromArgs(args);
    await using source = pipelineSource(args);
    try {
      const threshold = await chooseThreshold(encoder, args.fmr, args.calibration);
      const openPipeline = args.aligned ? undefined : source.openPipeline;
      const known = await readFace(sides.against, encoder, openPipeline);
      const live = 'live' in sides ? await judgeLive(sides.live, args, source, job) : undefined;
      const shown =
        live?.faceFor(encoder.view) ?? (await readFace('photo' in sides ? sides.photo : '', encoder, openPipeline));
      const [first, second] = await encoder.embed([shown, known]);
      if (!first || !second) throw new InputError(`encoder "${encoder.id}" gave no embedding`);
      const similarity = cosineSimilarity(first, second);
      const decision = threshold && (similarity >= threshold.similarity ? 'match' : 'no match');
      const identity = { similarity, decision: decision ?? null, encoder: encoder.id, threshold: threshold ?? null };
      const passes = live?.calibrated && live.judgement.decision === 'pass' && !live.judgement.audit;
      const accepted = live && decision === 'match' && passes;
      if (args.json) printJson(live ? { accepted, ...identity, liveness: live.json } : identity);
      else {
        if (live) printLine(`${accepted ? 'accepted' : 'not accepted'}\n`);
        printLine(describe(similarity, threshold, encoder));
        if (live) printLine(`\n${live.text}`);
      }
    } finally {
      await encoder.close();
    }
  },
});

/** What a clip gave; what looks at it is loaded here, since two photos need none of it. */
async function judgeLive(path: string, args: LiveArgs, source: PipelineSource, job: JobOptions) {
  const { describeLiveness, judgeClip, livenessOf } = await import('./verify-live.ts');
  const result = await judgeClip(path, args, source, job);
  return { ...result, json: livenessOf(result), text: describeLiveness(result) };
}

/** What is compared: two photos, or a clip and a photo. @throws InputError where it is neither. */
function sidesOf(args: {
  readonly a?: string | undefined;
  readonly b?: string | undefined;
  readonly live?: string | undefined;
  readonly against?: string | undefined;
}): { readonly against: string } & ({ readonly photo: string } | { readonly live: string }) {
  const { a, b, live, against } = args;
  if (live !== undefined || against !== undefined) {
    if (live !== undefined && against !== undefined && a === undefined) return { live, against };
    throw new InputError('a clip is compared with one photo', {
      hint: 'faceward verify --live clip.mp4 --against person.jpg',
    });
  }
  if (a !== undefined && b !== undefined) return { photo: a, against: b };
  throw new InputError('two photos are compared', { hint: 'faceward verify a.jpg b.jpg' });
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
