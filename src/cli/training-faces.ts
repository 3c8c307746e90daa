import { FACE_SIZE_PX } from '../attack/inversion/inverse-dcgan.ts';
import { type LoadFacesOptions, loadFaces } from '../audit/load-faces.ts';
import type { AuditFace } from '../audit/subjects.ts';
import { loadDataset } from '../data/load.ts';
import { refuseTestPeople, splitByPerson } from '../data/splits.ts';
import type { Image } from '../image/image.ts';
import { resizeImage } from '../image/resize.ts';
import { toPlanarBytes } from '../image/tensor.ts';
import { InputError } from '../util/errors.ts';
import type { JobOptions } from '../util/progress.ts';
import type { SessionArgs } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote } from './print.ts';

/** Faces of the training side of a data set; nobody else is read. Photos that are left out are counted, and told to `job.onRejected`. @throws InputError where there is nobody. */
export async function trainingFaces(
  folder: string,
  args: SessionArgs,
  job: JobOptions & Pick<LoadFacesOptions, 'onRejected'>,
): Promise<AuditFace[]> {
  const dataset = await loadDataset(folder, { readSize: readPhotoSize });
  printNote(dataset.description);
  const { train } = splitByPerson(dataset.samples);
  refuseTestPeople(train, 'training');
  await using source = pipelineSource(args);
  const { faces, rejected } = await loadFaces(train, { ...job, openPipeline: source.openPipeline });
  if (faces.length === 0)
    throw new InputError(`${folder} has no face of a person on the training side`, {
      hint: '70 % of people are, by a hash of the name',
    });
  printNote(
    `${faces.length} faces of ${new Set(faces.map(({ person }) => person)).size} people on the training side, ${rejected} photos left out`,
  );
  return faces;
}

/** A face as planar [3,128,128], RGB, 0..255. */
export const planarFace = (image: Image): Uint8Array => toPlanarBytes(resizeImage(image, FACE_SIZE_PX, FACE_SIZE_PX));
