import type { FaceSample } from '../../data/sample.ts';
import type { Split } from '../../data/splits.ts';
import { InputError } from '../../util/errors.ts';
import { TRANSFORMATIONS } from '../protection/transformations.ts';
import { type AttributeFace, type ReadFacesOptions, readAttributeFaces } from './faces.ts';
import type { ProtectedFaces } from './protection.ts';
import type { Sides } from './sides.ts';

/** An original photo that has no protected one which can be read. */
export interface LeftOut {
  /** The sample's. */
  readonly id: string;
  readonly reason: string;
}

/** The faces of protected photos, and the photos of each side that are not among them. */
export interface ProtectedPhotos extends ProtectedFaces {
  readonly leftOut: Readonly<Record<Split, readonly LeftOut[]>>;
}

/**
 * Reads the protected photos of everybody whose original was read, and those of test people after each transformation; keeps account of those that are missing or cannot be read.
 *
 * @throws InputError where no test photo has a protected one.
 */
export async function readProtected(
  samples: Readonly<Record<Split, readonly FaceSample[]>>,
  originals: Sides,
  options: Omit<ReadFacesOptions, 'stage' | 'pathOf' | 'originals' | 'transform'>,
  pathOf: (sample: FaceSample) => string | undefined,
): Promise<ProtectedPhotos> {
  const read = async (side: Split, of: readonly FaceSample[], transformation?: (typeof TRANSFORMATIONS)[number]) =>
    readAttributeFaces(of, {
      ...options,
      stage: `reading protected photos of ${side} people${transformation ? `, ${transformation.words}` : ''}`,
      pathOf,
      originals: new Map(originals[side].map((face) => [face.id, face])),
      ...(transformation ? { transform: transformation.apply } : {}),
    });
  const readSide = async (side: Split): Promise<ReadSide> => {
    const ids = new Set(originals[side].map(({ id }) => id));
    const known = samples[side].filter(({ id }) => ids.has(id));
    const there = known.filter((sample) => pathOf(sample) !== undefined);
    const { faces, rejected } = await read(side, there);
    const leftOut = (of: readonly FaceSample[], reason: string): LeftOut[] => of.map(({ id }) => ({ id, reason }));
    const missing = known.filter((sample) => !there.includes(sample));
    return {
      faces,
      samples: there.filter((sample) => !rejected.includes(sample)),
      leftOut: [...leftOut(missing, 'missing'), ...leftOut(rejected, 'unreadable')],
    };
  };
  const test = await readSide('test');
  if (test.faces.length === 0) {
    throw new InputError('no photo of a test person has a protected one', {
      hint: 'the photos in --protected must be called as those in --data, in the same folders',
    });
  }
  const [train, calibration] = [await readSide('train'), await readSide('calibration')];
  const transformed = new Map<string, readonly AttributeFace[]>();
  for (const transformation of TRANSFORMATIONS.filter(({ name }) => name !== 'as-it-is'))
    transformed.set(transformation.words, (await read('test', test.samples, transformation)).faces);
  return {
    ...{ train: train.faces, calibration: calibration.faces, test: test.faces, transformed },
    leftOut: { train: train.leftOut, calibration: calibration.leftOut, test: test.leftOut },
  };
}

/** The protected photos of one side. */
interface ReadSide {
  readonly faces: readonly AttributeFace[];
  /** Of those faces. */
  readonly samples: readonly FaceSample[];
  readonly leftOut: readonly LeftOut[];
}
