/** A photo of a face, and whose it is. */
export interface FaceSample {
  /** Unique in its data set and the same on every machine: the path below the photos' folder, with slashes. */
  readonly id: string;
  /** The person's name as the data set spells it; {@link splitOf} treats spellings of one name alike. */
  readonly person: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** True where the photo already is a face in the canonical frame (ArcFace's 112x112 template), so that it must not be aligned again. */
  readonly aligned: boolean;
  /** Labels by name, such as `{ Eyeglasses: true }`, where the data set has them. */
  readonly attributes?: Readonly<Record<string, boolean>>;
}

/** One comparison of a verification protocol. */
export interface FacePair {
  /** Id of a sample. */
  readonly a: string;
  readonly b: string;
  /** True for a genuine comparison. */
  readonly same: boolean;
  /** From 0. */
  readonly fold: number;
}

/** How a data set was recognised. */
export type DatasetKind = 'lfw' | 'celeba' | 'folder';

/** Photos with the people on them. */
export interface FaceDataset {
  readonly name: string;
  /** Absolute path of the folder that ids are relative to. */
  readonly root: string;
  readonly kind: DatasetKind;
  /** What was recognised, as one sentence to show: counts, and files that were used or left aside. */
  readonly description: string;
  readonly samples: readonly FaceSample[];
  readonly pairs?: readonly FacePair[];
}

/** "400 photos of 40 people". */
export function describePhotos(samples: readonly Pick<FaceSample, 'person'>[]): string {
  const people = countPeople(samples);
  const photos = samples.length === 1 ? '1 photo' : `${samples.length} photos`;
  return `${photos} of ${people === 1 ? '1 person' : `${people} people`}`;
}

/** How many different people the samples show. */
export function countPeople(samples: readonly Pick<FaceSample, 'person'>[]): number {
  return new Set(samples.map((sample) => sample.person)).size;
}
