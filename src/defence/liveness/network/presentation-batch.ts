import { float32 } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import type { BatchShape } from '../../../nn/training.ts';
import type { Tensors } from '../../../runtime/session.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { EMBEDDING_SIZE, HEAD_REDUCTION } from './minifasnet.ts';
import { logSpectrum } from './spectrum.ts';

/** Share of the embedding that each step leaves out. */
const DROPOUT = 0.2;

/** Greatest change of light: of the contrast around the middle, of each channel's gain, and of all values, which are 0..1. */
const LIGHT = { contrast: 0.25, channel: 0.08, offset: 0.08 } as const;

/** A face that training sees, and what it is. */
export interface PresentationExample {
  /** `sizePx` square, as `enlargedCrop` cuts it out of a frame that bears no mark of ours: else the mark would be learnt. */
  readonly crop: Image;
  /** Number of the class; 0 is the bona fide one. */
  readonly label: number;
}

/** What a batch is made of. */
export interface PresentationBatchOptions {
  readonly classes: number;
  /** A multiple of 16, at least 32; the form is made for 80. */
  readonly sizePx: number;
  readonly batchSize: number;
  /** Whether training predicts the spectrum as well. */
  readonly fourierHead: boolean;
  readonly seed: number;
}

/** Faces [N,3,S,S], RGB, 0..1; classes, one-hot [N,K]; what the dropout leaves of the embedding [N,128]; with the head the spectra [N,1,S/8,S/8]. */
export function presentationBatchShape(options: PresentationBatchOptions): BatchShape {
  const { classes, sizePx, batchSize } = options;
  const side = sizePx / HEAD_REDUCTION;
  return {
    face: { shape: [batchSize, 3, sizePx, sizePx] },
    classes: { shape: [batchSize, classes] },
    dropout: { shape: [batchSize, EMBEDDING_SIZE] },
    ...(options.fourierHead ? { spectrum: { shape: [batchSize, 1, side, side] } } : {}),
  };
}

/** What a step is fed with. @throws InputError where an example is of another class; ShapeError where one is of another size, or their number is. */
export function presentationBatch(
  examples: readonly PresentationExample[],
  step: number,
  options: PresentationBatchOptions,
): Tensors {
  const { classes, sizePx, batchSize, fourierHead, seed } = options;
  const shapes = presentationBatchShape(options);
  if (examples.length !== batchSize) throw new ShapeError(`${examples.length} examples for a batch of ${batchSize}`);
  const random = new Random(seed).fork(`batch ${step}`);
  const numbers = 3 * sizePx * sizePx;
  const side = sizePx / HEAD_REDUCTION;
  const faces = new Float32Array(batchSize * numbers);
  const targets = new Float32Array(batchSize * classes);
  const spectra = new Float32Array(fourierHead ? batchSize * side * side : 0);
  examples.forEach(({ crop, label }, row) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new InputError(`an example of class ${label}, of ${classes}`);
    const face = augmented(crop, random.fork(`face ${row}`));
    if (crop.widthPx !== sizePx || face.length !== numbers)
      throw new ShapeError(`an example of ${crop.widthPx}x${crop.heightPx} px, not ${sizePx}x${sizePx}`);
    faces.set(face, row * numbers);
    targets[row * classes + label] = 1;
    if (fourierHead) spectra.set(logSpectrum(face, sizePx, side), row * side * side);
  });
  const kept = Float32Array.from({ length: batchSize * EMBEDDING_SIZE }, () =>
    random.uniform() < DROPOUT ? 0 : 1 / (1 - DROPOUT),
  );
  const data: Readonly<Record<string, Float32Array>> = {
    face: faces,
    classes: targets,
    dropout: kept,
    spectrum: spectra,
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, { shape }]) => [name, float32(data[name] ?? [], shape)]),
  );
}

/** A crop as planar [3,S,S], RGB, 0..1, mirrored or not, in another light. */
function augmented(crop: Image, random: Random): Float32Array {
  const planar = toPlanar([crop]);
  const { widthPx, heightPx } = crop;
  if (random.uniform() < 0.5) {
    for (let row = 0; row < 3 * heightPx; row++) planar.subarray(row * widthPx, (row + 1) * widthPx).reverse();
  }
  const draw = (greatest: number): number => greatest * (2 * random.uniform() - 1);
  const [contrast, offset] = [1 + draw(LIGHT.contrast), draw(LIGHT.offset)];
  const gains = [0, 1, 2].map(() => contrast * (1 + draw(LIGHT.channel)));
  const plane = widthPx * heightPx;
  return planar.map((value, i) => {
    const changed = 0.5 + offset + (gains[Math.floor(i / plane)] as number) * (value - 0.5);
    return Math.min(1, Math.max(0, changed));
  });
}
