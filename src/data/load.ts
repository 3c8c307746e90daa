import { resolve, sep } from 'node:path';
import { InputError } from '../util/errors.ts';
import { findCelebaLabels, loadCelebA } from './celeba.ts';
import { loadFolder } from './folder.ts';
import { findPairsFile, type LfwOptions, loadLfw } from './lfw.ts';
import { requireFolder } from './photo-files.ts';
import type { FaceDataset } from './sample.ts';
import { readLines } from './text-lines.ts';

/**
 * Loads a data set and says in its `description` what it was taken for: CelebA by its labels, LFW by its `pairs.txt`, else a folder of people.
 *
 * A `pairs.txt` that lies beside the folder and speaks of photos that are not here (a subset of LFW) is left aside, and the description says so
 * where it speaks of these people at all; one that is asked for by `options.pairsFile` or lies inside the folder must fit.
 *
 * @throws InputError where `root` is not a folder, no photo is found, or a label file is malformed.
 */
export async function loadDataset(root: string, options: LfwOptions = {}): Promise<FaceDataset> {
  const top = resolve(root);
  await requireFolder(top);
  if (options.pairsFile !== undefined) return loadLfw(top, options);
  if ((await findCelebaLabels(top)) !== undefined) return loadCelebA(top, options);
  const pairsFile = await findPairsFile(top);
  if (pairsFile === undefined) return loadFolder(top, options);
  if (resolve(pairsFile).startsWith(top + sep)) return loadLfw(top, { ...options, pairsFile });
  try {
    return await loadLfw(top, { ...options, pairsFile });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const folder = await loadFolder(top, options);
    if (!(await speaksOf(pairsFile, folder))) return folder;
    return { ...folder, description: `${folder.description}; ${pairsFile} is left aside (${error.message})` };
  }
}

/** Whether a label file names anybody of a data set; otherwise it belongs to another one and merely lies near. */
async function speaksOf(labelFile: string, { samples }: FaceDataset): Promise<boolean> {
  const people = new Set(samples.map(({ person }) => person));
  return (await readLines(labelFile)).some(({ text }) =>
    text.split(text.includes('\t') ? '\t' : /\s+/).some((field) => people.has(field)),
  );
}
