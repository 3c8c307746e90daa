import { resolve } from 'node:path';
import { type LivenessPerson, livenessPerson } from '../audit/liveness/liveness-person.ts';
import { loadDataset } from '../data/load.ts';
import type { FaceSample } from '../data/sample.ts';
import { splitByPerson } from '../data/splits.ts';
import { decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { type PipelineSource, readPhotoSize } from './face-source.ts';
import { printError, printNote } from './print.ts';

/** Photos of one person that are read, at most: one is enrolled. */
const PHOTOS = 6;

/** The people of a liveness audit, by what they are for. */
export interface LivenessSides {
  readonly name: string;
  readonly calibration: readonly LivenessPerson[];
  readonly test: readonly LivenessPerson[];
  /** Somebody of the training side, who drives faces that are not his own. */
  readonly driver: LivenessPerson;
  /** Photos that could not be read. */
  readonly rejected: number;
}

/**
 * Reads the people of a liveness audit: those of the calibration side fix thresholds, those of the test side are attacked, one of the training side drives.
 *
 * @throws InputError where a side has nobody with two photos that look at the camera.
 */
export async function readLivenessPeople(
  folder: string,
  source: PipelineSource,
  job: JobOptions,
): Promise<LivenessSides> {
  const dataset = await loadDataset(resolve(folder), { readSize: readPhotoSize });
  printNote(dataset.description);
  const { train, calibration, test } = splitByPerson(dataset.samples);
  const pipeline = await source.openPipeline();
  let rejected = 0;
  const readSide = async (
    samples: readonly FaceSample[],
    most = Number.POSITIVE_INFINITY,
  ): Promise<LivenessPerson[]> => {
    const people: LivenessPerson[] = [];
    const byPerson = Map.groupBy(samples, ({ person }) => person);
    let done = 0;
    for (const [person, own] of byPerson) {
      throwIfAborted(job);
      if (people.length >= most) break;
      const photos: Image[] = [];
      for (const { path } of own.slice(0, PHOTOS)) {
        try {
          photos.push((await decodeImage(path)).image);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          rejected++;
          printError(error);
        }
      }
      const found = await livenessPerson(person, photos, pipeline);
      if (found) people.push(found);
      job.onProgress?.({ stage: 'reading people', done: ++done, total: byPerson.size });
    }
    return people;
  };
  const sides = { calibration: await readSide(calibration), test: await readSide(test) };
  const [driver] = await readSide(train, 1);
  for (const [side, people] of Object.entries(sides))
    if (people.length === 0)
      throw new InputError(`${folder}: nobody on the ${side} side has two photos that look at the camera`, {
        hint: 'give more people, each with two photos or more, uncropped; 15 % are on either side, by a hash of the name',
      });
  if (!driver)
    throw new InputError(`${folder}: nobody on the training side could drive a face`, { hint: 'give more people' });
  const { length } = sides.test;
  printNote(`${length} people are attacked; ${sides.calibration.length} others fix the thresholds`);
  return { name: dataset.name, ...sides, driver, rejected };
}
