import { describe, expect, test } from 'vitest';
import { attackTracks, bonaFideTracks, meanFace, personFace } from '../../../../test/fixtures/synthetic-tracks.ts';
import { ShapeError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { compareWithEnrolled, enrolShape, LEAST_ENROLMENT_QUALITY } from './enrolment.ts';
import { factorise } from './factorisation.ts';
import { type GappedTracks, onlyPoints, seenThroughout } from './gapped-tracks.ts';
import { pointTracks } from './point-tracks.ts';
import { shapeDistance } from './shape-distance.ts';

const random = new Random('enrolment');
const mean = meanFace(random);
const [face, other] = [personFace(mean, random), personFace(mean, random)];

/** Without these points in every second frame. */
function without(tracks: GappedTracks, points: readonly number[]): GappedTracks {
  const xy = tracks.xy.slice();
  for (let f = 0; f < tracks.frames; f += 2)
    for (const p of points) xy.fill(Number.NaN, 2 * (f * tracks.points + p), 2 * (f * tracks.points + p) + 2);
  return { ...tracks, xy };
}

describe('an enrolled shape', () => {
  const enrolled = enrolShape(bonaFideTracks(face, random));
  const compare = (tracks: GappedTracks, with_ = enrolled) =>
    with_ ? compareWithEnrolled(tracks, with_.shape) : undefined;

  test('is near to another capture of the person, and far from a photo of them and from somebody else', () => {
    const own = compare(bonaFideTracks(face, random))?.distance ?? Number.NaN;
    expect(compare(attackTracks('flat photo', face, other, random))?.distance).toBeGreaterThan(own);
    expect(compare(bonaFideTracks(other, random))?.distance).toBeGreaterThan(own);
  });

  test('of points that were seen is compared on those that the session saw as well', () => {
    const gaps = { enrolment: [0, 1, 2, 3, 4], session: [3, 4, 5, 6, 7] };
    const [first, second] = [bonaFideTracks(face, random), bonaFideTracks(face, random)];
    const both = Array.from({ length: 32 }, (_, i) => i + 8);
    const compared = compare(without(second, gaps.session), enrolShape(without(first, gaps.enrolment)));
    expect(compared?.points).toBe(32);
    // The same on tracks that never had the others, but for the noise of those: nothing of a point that is left out counts.
    const [a, b] = [first, second].map((tracks) => {
      const seen = seenThroughout(onlyPoints(tracks, both), { frames: 1, points: 1 });
      return factorise(seen?.tracks ?? pointTracks([]));
    });
    if (!a || !b) throw new TypeError('unreachable');
    expect(compared?.distance).toBeCloseTo(shapeDistance(a, b), 1);
  });

  test('is exactly that of a part of the points, where there is no noise', () => {
    const rigid = (frames: number, seed: string): GappedTracks => {
      const turns = new Random(seed);
      return pointTracks(
        Array.from({ length: frames }, () => {
          const camera = Array.from({ length: 8 }, () => turns.normal());
          const c = (i: number): number => camera[i] ?? 0;
          return face.flatMap(([x, y, z]) => [
            c(0) * x + c(1) * y + c(2) * z + c(6),
            c(3) * x + c(4) * y + c(5) * z + c(7),
          ]);
        }),
      );
    };
    const part = compare(without(rigid(9, 'b'), [0, 9, 17]), enrolShape(without(rigid(7, 'a'), [4, 5])));
    expect(part?.points).toBe(35);
    expect(part?.distance).toBeLessThan(1e-6);
  });

  test('says whether the head turned enough', () => {
    expect(enrolled?.quality).toBeGreaterThan(LEAST_ENROLMENT_QUALITY);
    const still = pointTracks(
      Array.from({ length: 20 }, () => face.flatMap(([x, y]) => [x + random.normal(), y + random.normal()])),
    );
    expect(enrolShape(still)?.quality).toBeLessThan(LEAST_ENROLMENT_QUALITY);
  });

  test('is none where too few points were seen, and not compared with other points', () => {
    const most = Array.from({ length: 25 }, (_, i) => i);
    const tracks = bonaFideTracks(face, random);
    expect(enrolShape(without(tracks, most))?.frames ?? 0).toBeLessThan(tracks.frames);
    expect(enrolShape(onlyPoints(tracks, most.slice(0, 15)))).toBeUndefined();
    expect(() => compare(onlyPoints(tracks, most))).toThrow(ShapeError);
  });
});
