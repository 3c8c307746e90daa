import { DLIB_SIZE_PX } from '../graph/faceapi.ts';
import { type BundledModelOptions, loadBundledModel } from '../runtime/bundled-models.ts';
import type { SessionOptions } from '../runtime/session.ts';
import type { Encoder, EncoderView } from './encoder.ts';
import type { InputConvention } from './input-convention.ts';
import { encoderFromGraph } from './onnx-encoder.ts';

/** Encoders whose weights come inside the installed packages. */
export const BUNDLED_ENCODERS = ['dlib', 'faceres'] as const;

export type BundledEncoderName = (typeof BUNDLED_ENCODERS)[number];

interface BundledEncoder extends InputConvention {
  readonly view: EncoderView;
}

/**
 * What each network looks at, and how it wants its image.
 *
 * The views are those of a small grid with the lowest error on pairs of LFW's training people (docs/results/encoders.md). faceres is given what it was trained with,
 * BGR minus ImageNet's means (HSE-FaceRec): as human feeds it, RGB 0..255, its TAR at FMR 1e-3 is 14 points lower (LFW's calibration people).
 */
const ENCODERS: Readonly<Record<BundledEncoderName, BundledEncoder>> = {
  dlib: {
    view: { box: { x: 7, y: 22, width: 98, height: 98 }, widthPx: DLIB_SIZE_PX, heightPx: DLIB_SIZE_PX },
    range: '0..255',
  },
  faceres: {
    view: { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 224, heightPx: 224 },
    channels: 'bgr',
    range: { mean: [123.68 / 255, 116.779 / 255, 103.939 / 255], deviation: [1 / 255, 1 / 255, 1 / 255] },
    output: 'embedding',
  },
};

/**
 * Opens a bundled encoder: 'dlib' gives 128 numbers (about 10 ms a face on one core), 'faceres' 1,024 (about 20 ms).
 *
 * @throws ModelFileError, StoreError as {@link loadBundledModel}; CapabilityError where the device is not offered.
 */
export async function openBundledEncoder(
  name: BundledEncoderName,
  options: BundledModelOptions & SessionOptions,
): Promise<Encoder> {
  const graph = await loadBundledModel(name, options);
  return encoderFromGraph({ ...options, ...ENCODERS[name], id: name, hash: graph.metadata.hash ?? '', graph });
}
