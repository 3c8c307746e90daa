import type { FaceSample } from '../../data/sample.ts';
import type { Split } from '../../data/splits.ts';
import { InputError } from '../../util/errors.ts';
import { TRANSFORMATIONS } from '../protection/transformations.ts';
import { type AttributeFace, type ReadFacesOptions, readAttributeFaces } from './faces.ts';
import type { ProtectedFaces } from './protection.ts';
import type { Sides } from './sides.ts';

/**
 * Reads the protected photos of everybody whose original was read, and those of test people after each transformation.
 *
 * @throws InputError where no test photo has a protected one.
 */
export async function readProtected(
  samples: Readonly<Record<Split, readonly FaceSample[]>>,
  originals: Sides,
  options: Omit<ReadFacesOptions, 'stage' | 'pathOf' | 'originals' | 'transform'>,
  pathOf: (sample: FaceSample) => string | undefined,
): Promise<ProtectedFaces> {
  const read = async (side: Split, transformation?: (typeof TRANSFORMATIONS)[number]) => {
    const byId = new Map(originals[side].map((face) => [face.id, face]));
    const own = samples[side].filter((sample) => byId.has(sample.id) && pathOf(sample) !== undefined);
    const { faces } = await readAttributeFaces(own, {
      ...options,
      stage: `reading protected photos of ${side} people${transformation ? `, ${transformation.words}` : ''}`,
      pathOf,
      originals: byId,
      ...(transformation ? { transform: transformation.apply } : {}),
    });
    return faces;
  };
  const test = await read('test');
  if (test.length === 0) {
    throw new InputError('no photo of a test person has a protected one', {
      hint: 'the photos in --protected must be called as those in --data, in the same folders',
    });
  }
  const [train, calibration] = [await read('train'), await read('calibration')];
  const transformed = new Map<string, readonly AttributeFace[]>();
  for (const transformation of TRANSFORMATIONS.filter(({ name }) => name !== 'as-it-is'))
    transformed.set(transformation.words, await read('test', transformation));
  return { train, calibration, test, transformed };
}
