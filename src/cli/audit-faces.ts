import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type ChosenSamples, chooseSamples } from '../audit/choose-samples.ts';
import { type LoadedFaces, loadFaces } from '../audit/load-faces.ts';
import { loadFolder } from '../data/folder.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceSample } from '../data/sample.ts';
import type { JobOptions } from '../util/progress.ts';
import type { SessionArgs } from './encoder-options.ts';
import { pipelineSource, readPhotoSize } from './face-source.ts';
import { printNote } from './print.ts';

/** The photos of an audit, and whether every face of a photo is a person of its own. */
export type AuditSamples = ChosenSamples & { readonly name: string; readonly everyFace: boolean };

/** Chooses the photos of an audit from a data set, or where none is given from the sample photos of a dependency; what was chosen is noted on stderr. */
export async function samplesFor(
  data: string | undefined,
  options: Parameters<typeof chooseSamples>[1],
): Promise<AuditSamples> {
  if (data === undefined) {
    const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
    const { samples } = await loadFolder(folder, { aligned: false });
    const photos = samples.filter(({ id }) => /^sample\d\.jpg$/.test(id));
    return {
      attacked: photos,
      calibration: [],
      auxiliary: [],
      description: `no --data: the ${photos.length} sample photos of @vladmandic/face-api, every face a person; a sample so small shows that the audit works, and little more`,
      name: 'sample photos of @vladmandic/face-api',
      everyFace: true,
    };
  }
  const dataset = await loadDataset(resolve(data), { readSize: readPhotoSize });
  printNote(dataset.description);
  return { ...chooseSamples(dataset, options), name: dataset.name, everyFace: false };
}

/** Reads the faces of each side; photos that are left out are noted on stderr. */
export async function readFaces(
  chosen: AuditSamples,
  args: SessionArgs,
  job: JobOptions,
): Promise<Record<'attacked' | 'calibration' | 'auxiliary', LoadedFaces>> {
  await using source = pipelineSource(args);
  const load = (samples: readonly FaceSample[]): Promise<LoadedFaces> =>
    loadFaces(samples, {
      ...job,
      openPipeline: source.openPipeline,
      faces: chosen.everyFace ? 'all' : 'largest',
      onRejected: (_sample, reason) => printNote(`left out: ${reason}`),
    });
  return {
    attacked: await load(chosen.attacked),
    calibration: await load(chosen.calibration),
    auxiliary: await load(chosen.auxiliary),
  };
}
