import { type LabelledPortrait, loadPortraits } from '../audit/load-portraits.ts';
import { loadDataset } from '../data/load.ts';
import { type Split, splitByPerson } from '../data/splits.ts';
import type { FaceView } from '../face/alignment.ts';
import { portraitView } from '../face/portrait.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { SessionArgs } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote } from './print.ts';

/** Faces with their attributes, of some sides of a data set. */
export interface ReaderFaces<S extends Split> {
  /** The data set's own name. */
  readonly dataset: string;
  /** Names of all attributes that it labels, in its order. */
  readonly attributes: readonly string[];
  readonly faces: Readonly<Record<S, LabelledPortrait[]>>;
}

/**
 * Loads the people of these sides of a data set with attributes, such as CelebA; nobody else is read.
 *
 * @param view - what is cut out of the photos; default: the portrait.
 * @throws InputError where the data set has no attributes, or a side nobody.
 */
export async function readerFaces<const S extends Split>(
  folder: string,
  sides: readonly S[],
  options: { readonly args: SessionArgs; readonly job: JobOptions; readonly view?: FaceView },
): Promise<ReaderFaces<S>> {
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  printNote(dataset.description);
  const attributes = Object.keys(dataset.samples[0]?.attributes ?? {});
  if (attributes.length === 0) {
    throw new InputError(`${folder} does not say which attributes its faces have`, {
      hint: 'give a data set like CelebA: photos and attributes.csv, or list_attr_celeba.txt with identity_CelebA.txt',
    });
  }
  const samples = splitByPerson(dataset.samples);
  await using source = pipelineSource(options.args);
  const faces: Partial<Record<S, LabelledPortrait[]>> = {};
  for (const side of sides) {
    const loaded = await loadPortraits(samples[side], {
      ...options.job,
      openPipeline: source.openPipeline,
      view: options.view ?? portraitView(),
    });
    if (loaded.faces.length === 0) throw new InputError(`${folder} has no face of a person on the ${side} side`);
    const people = new Set(loaded.faces.map(({ person }) => person)).size;
    printNote(
      `${side} side: ${loaded.faces.length} faces of ${people} people, ${loaded.rejected} photos without a face left out`,
    );
    faces[side] = loaded.faces;
  }
  return { dataset: dataset.name, attributes, faces: faces as Record<S, LabelledPortrait[]> };
}
