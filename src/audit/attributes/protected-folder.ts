import { basename, join, parse, relative, resolve, sep } from 'node:path';
import { type PhotoFolder, readPhotoFolder } from '../../data/photo-files.ts';
import type { FaceDataset, FaceSample } from '../../data/sample.ts';
import { InputError } from '../../util/errors.ts';

/**
 * Finds the protected photo of each sample in a folder: under the same path below the photos' folder, with the same ending or another, or with one appended (`000001.jpg`, `000001.png`, `000001.jpg.png`); below a
 * folder called as the data set's own (`images/`) too.
 *
 * @throws InputError where the folder cannot be read, or holds no photo of the data set.
 */
export async function protectedPhotosOf(
  dataset: Pick<FaceDataset, 'root' | 'name' | 'samples'>,
  folder: string,
): Promise<(sample: FaceSample) => string | undefined> {
  const top = resolve(folder);
  const byName = new Map<string, string>();
  for (const path of photosBelow(await readPhotoFolder(top))) {
    const name = relative(top, path).split(sep).join('/');
    for (const key of [withoutEnding(name), name]) byName.set(key, path);
  }
  const inner = basename(dataset.root);
  const pathOf = ({ id }: FaceSample): string | undefined => {
    const names = [id, withoutEnding(id), `${inner}/${id}`, withoutEnding(`${inner}/${id}`)];
    return names.map((name) => byName.get(name)).find((path) => path !== undefined);
  };
  if (!dataset.samples.some((sample) => pathOf(sample) !== undefined)) {
    throw new InputError(`${top} holds no photo that is called as one of ${dataset.name}`, {
      hint: 'protected photos must be called as those in --data, in the same folders',
    });
  }
  return pathOf;
}

const photosBelow = (folder: PhotoFolder): string[] => [
  ...folder.photos.map((photo) => join(folder.path, photo)),
  ...folder.folders.flatMap(photosBelow),
];

function withoutEnding(path: string): string {
  const { dir, name } = parse(path);
  return dir === '' ? name : `${dir}/${name}`;
}
