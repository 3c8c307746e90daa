import { Matrix, QrDecomposition } from 'ml-matrix';
import { ShapeError } from '../../../util/errors.ts';
import { type Factorisation, factorise } from './factorisation.ts';
import { type FewestSeen, type GappedTracks, onlyPoints, seenThroughout } from './gapped-tracks.ts';
import { shapeDistance } from './shape-distance.ts';

/** A person's rigid shape: biometric data, to be stored encrypted. It is plain JSON. */
export interface EnrolledShape {
  /** How many points the tracker follows; a session that follows another number cannot be compared. */
  readonly tracked: number;
  /** Those of them that were seen well enough, rising. */
  readonly points: readonly number[];
  /** [3][points]: `factorise`'s shape. */
  readonly shape: readonly (readonly number[])[];
}

/** What an enrolment gives. */
export interface ShapeEnrolment {
  readonly shape: EnrolledShape;
  /** {@link turnQuality}: from {@link LEAST_ENROLMENT_QUALITY} on the head turned enough; below it, ask for another clip. */
  readonly quality: number;
  /** Frames that could be used. */
  readonly frames: number;
}

/** The head then turned by some 9 degrees at least, and the third direction is twice as strong as the noise. */
export const LEAST_ENROLMENT_QUALITY = 0.5;

/** The fewest that the geometry is done with. */
export const FEWEST_SEEN: FewestSeen = { frames: 5, points: 20 };

/** Strength of the third direction of a head that turns by some 18 degrees to either side; it goes with the sine. */
const FULL_TURN = 0.05;

/**
 * How much the head turned, as far as the tracks show it, 0..1: the strength of the shape's third direction, as a share of {@link FULL_TURN}, but no more than it stands out of the fourth, which is the
 * strongest of the noise: 0 where they are alike, 1 from three times on. A photo has no third direction either.
 */
export function turnQuality({ strengths }: Pick<Factorisation, 'strengths'>): number {
  const [, , third = 0, noise = 0] = strengths;
  return Math.max(0, Math.min(1, third / FULL_TURN, (third / (noise || Number.MIN_VALUE) - 1) / 2));
}

/**
 * Enrols the shape of a head that turned in a clip.
 *
 * @returns undefined where too few points were seen throughout.
 * @throws ShapeError where the points lie on a line.
 */
export function enrolShape(tracks: GappedTracks): ShapeEnrolment | undefined {
  const seen = seenThroughout(tracks, FEWEST_SEEN);
  if (!seen) return undefined;
  const own = factorise(seen.tracks);
  const shape = { tracked: tracks.points, points: seen.points, shape: own.shape.to2DArray() };
  return { shape, quality: turnQuality(own), frames: seen.frames.length };
}

/** A session's shape against the enrolled one. */
export interface ShapeComparison {
  /** {@link shapeDistance}, 0..1. */
  readonly distance: number;
  /** {@link turnQuality} of the session. */
  readonly quality: number;
  /** How many points were compared. */
  readonly points: number;
}

/**
 * Compares tracks with an enrolled shape on the points that both have.
 *
 * @returns undefined where they have too few.
 * @throws ShapeError where the enrolled shape is of other points, or the session's lie on a line.
 */
export function compareWithEnrolled(tracks: GappedTracks, enrolled: EnrolledShape): ShapeComparison | undefined {
  if (enrolled.tracked !== tracks.points || enrolled.shape.length !== 3)
    throw new ShapeError(`the enrolled shape is of ${enrolled.tracked} tracked points, not of ${tracks.points}`);
  const seen = seenThroughout(onlyPoints(tracks, enrolled.points), FEWEST_SEEN);
  if (!seen) return undefined;
  const own = factorise(seen.tracks);
  const distance = shapeDistance(own, { shape: partOfShape(enrolled, seen.points) });
  return { distance, quality: turnQuality(own), points: seen.points.length };
}

/** Some points of an enrolled shape, about their own centroid, with orthonormal rows again. */
function partOfShape({ shape }: EnrolledShape, places: readonly number[]): Matrix {
  const rows = shape.map((row) => {
    const part = places.map((place) => row[place] ?? 0);
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    return part.map((value) => value - mean);
  });
  return new QrDecomposition(new Matrix(rows).transpose()).orthogonalMatrix.transpose();
}
