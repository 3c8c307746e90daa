import type { Graph } from '../../../graph/graph.ts';
import { createSession, type SessionOptions } from '../../../runtime/session.ts';
import { ModelFileError } from '../../../util/errors.ts';
import { croppedNetwork } from './cropped-network.ts';
import { enlargedCrop, type PixelFormat } from './crops.ts';
import type { PresentationNetwork } from './presentation-network.ts';

/** What a network of MiniFASNet's kind is given, and which of its classes is the bona fide one. */
export interface CropConvention extends PixelFormat {
  /** By how much the face's box is enlarged. */
  readonly cropFactor: number;
  readonly sizePx: number;
  /** Number of the class, counted from 0. */
  readonly bonaFide: number;
}

/** How Silent-Face's own MiniFASNets take a face: class 1 is the real one. */
export const SILENT_FACE = { order: 'BGR', range: '0..255', sizePx: 80, bonaFide: 1 } as const satisfies Omit<
  CropConvention,
  'cropFactor'
>;

/** The factor of the crop that Silent-Face's file names begin with, such as 2.7 of `2.7_80x80_MiniFASNetV2.onnx`; undefined where the name says none. */
export function cropFactorOf(fileName: string): number | undefined {
  const factor = Number(/^(\d+(?:\.\d+)?)_/.exec(fileName)?.[1]);
  return factor >= 1 ? factor : undefined;
}

/**
 * Opens a MiniFASNet as the user has it: one input [N,3,S,S], one output of logits [N,classes].
 *
 * Silent-Face's two, with {@link SILENT_FACE}, measured as human's networks in {@link ./human-networks.ts}: V2 at 2.7 has an AUC of 0.93 (0.86 to 0.97) on prints and 0.90 (0.81 to 0.95) on screens, V1SE at 4.0
 * 0.95 (0.88 to 0.98) and 0.92 (0.84 to 0.96), both fused 0.95 and 0.92: as stated. Bona fide photos that went through the same simulated cameras as the attacks are harder: 0.72 to 0.83.
 *
 * @throws ModelFileError where it is no such network; CapabilityError where the device is not offered.
 */
export async function openCropNetwork(
  name: string,
  model: Graph | Uint8Array,
  convention: CropConvention,
  options: SessionOptions = {},
): Promise<PresentationNetwork> {
  const session = await createSession(model, options);
  if (session.inputNames.length !== 1 || session.outputNames.length !== 1) {
    await session.release();
    throw new ModelFileError(
      `"${name}" has ${session.inputNames.length} inputs and ${session.outputNames.length} outputs`,
      {
        hint: 'a presentation-attack network takes a face and gives a number for each class',
      },
    );
  }
  const { order, range, cropFactor, sizePx, bonaFide } = convention;
  return croppedNetwork(name, session, {
    ...{ input: session.inputNames[0] as string, output: session.outputNames[0] as string, order, range },
    leastClasses: Math.max(2, bonaFide + 1),
    cropOf: ({ image, face }) => enlargedCrop(image, face.box, cropFactor, sizePx),
    scoreOf: (logits) => softmax(logits)[bonaFide] as number,
  });
}

function softmax(logits: Float32Array): number[] {
  const highest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
