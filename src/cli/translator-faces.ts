import { readFile } from 'node:fs/promises';
import { isHeldOut, openTranslator, TRANSLATED_PX, type Translator } from '../attack/evasion/translation/translator.ts';
import { loadFaces } from '../audit/load-faces.ts';
import { loadDataset } from '../data/load.ts';
import { readGraph } from '../graph/onnx-file.ts';
import type { Image } from '../image/image.ts';
import { resizeImage } from '../image/resize.ts';
import { fromPlanar, toPlanar } from '../image/tensor.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import { type SessionArgs, sessionOptions } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote } from './print.ts';

/** One person's faces, filling the canonical frame: those that a translator may learn from, and those that it is measured on. */
export interface TranslatorFaces {
  readonly train: readonly Image[];
  readonly heldOut: readonly Image[];
}

/** The faces in a folder of photos of one person. @throws InputError where there is none on either side. */
export async function translatorFaces(folder: string, args: SessionArgs, job: JobOptions): Promise<TranslatorFaces> {
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  await using source = pipelineSource(args);
  const { faces, rejected } = await loadFaces(dataset.samples, { ...job, openPipeline: source.openPipeline });
  const side = (held: boolean): Image[] => faces.filter(({ id }) => isHeldOut(id) === held).map(({ image }) => image);
  const [train, heldOut] = [side(false), side(true)];
  printNote(
    `${folder}: ${train.length} faces to learn from, ${heldOut.length} held out, ${rejected} photos without a face left out`,
  );
  if (train.length === 0 || heldOut.length === 0) {
    throw new InputError(`${folder} has too few photos with a face`, { hint: 'about a fifth are held out; give more' });
  }
  return { train, heldOut };
}

/** A face as a translator takes it: planar [3,64,64], RGB, 0..1. */
export const translatorInput = (face: Image): Float32Array =>
  toPlanar([resizeImage(face, TRANSLATED_PX, TRANSLATED_PX)]);

/** The picture of what a translator takes or gives, 64 px. */
export function translatedPicture(planar: Float32Array): Image {
  const [picture] = fromPlanar(planar, { widthPx: TRANSLATED_PX, heightPx: TRANSLATED_PX });
  return picture as Image;
}

/** Opens a translator's file. @throws InputError where it cannot be read; ModelFileError where it is none. */
export async function translatorFromFile(path: string, args: SessionArgs): Promise<Translator> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new InputError(`${path} cannot be read`, { hint: 'train one with `faceward train translator`', cause });
  });
  return openTranslator(readGraph(bytes), sessionOptions(args));
}
