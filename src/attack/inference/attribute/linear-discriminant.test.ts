import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { withFreeBatch } from '../../../graph/graph.ts';
import { Random } from '../../../util/random.ts';
import { discriminate, fitDiscriminant } from './linear-discriminant.ts';
import { openRowFunction } from './row-function.ts';

/** Points of two classes in the plane, normal with the same skewed covariance, more of one class than of the other. */
function points(count: number): { readonly features: Float32Array[]; readonly labels: boolean[][] } {
  const random = new Random('points');
  const labels = Array.from({ length: count }, (_, i) => [i % 4 === 0]);
  const features = labels.map(([present]) => {
    const [u, v] = [random.normal(), random.normal()];
    return Float32Array.of(2 * u + (present ? 1 : 0) + 5, u + 0.5 * v + (present ? 1.5 : 0));
  });
  return { features, labels };
}

/** The textbook's log-odds: from the two means, the pooled covariance and the classes' shares. */
function textbook({ features, labels }: ReturnType<typeof points>): (x: readonly [number, number]) => number {
  const classes = [false, true].map((label) => features.filter((_, i) => labels[i]?.[0] === label));
  const means = classes.map((rows) =>
    [0, 1].map((k) => rows.reduce((sum, row) => sum + (row[k] ?? 0), 0) / rows.length),
  );
  const pooled = [0, 1].map((j) =>
    [0, 1].map((k) => {
      const sum = classes.flatMap((rows, c) =>
        rows.map((row) => ((row[j] ?? 0) - (means[c]?.[j] ?? 0)) * ((row[k] ?? 0) - (means[c]?.[k] ?? 0))),
      );
      return sum.reduce((total, value) => total + value, 0) / features.length;
    }),
  );
  const [[a = 0, b = 0] = [], [, d = 0] = []] = pooled;
  const determinant = a * d - b * b;
  const inverse = [
    [d / determinant, -b / determinant],
    [-b / determinant, a / determinant],
  ];
  const quadratic = (x: readonly number[], c: number): number => {
    const apart = x.map((value, k) => value - (means[c]?.[k] ?? 0));
    return [0, 1].reduce(
      (sum, j) =>
        sum + [0, 1].reduce((part, k) => part + (apart[j] ?? 0) * (inverse[j]?.[k] ?? 0) * (apart[k] ?? 0), 0),
      0,
    );
  };
  const [absent = [], present = []] = classes;
  return (x) => (quadratic(x, 0) - quadratic(x, 1)) / 2 + Math.log(present.length / absent.length);
}

test('gives the log-odds of two normal distributions of equal covariance', async () => {
  const known = points(3000);
  const rule = await fitDiscriminant(known.features, known.labels, { ridge: 0, threads: 1 });
  const builder = new GraphBuilder('rule');
  builder.output('log_odds', discriminate(builder.input('features', [1, 2]), rule));
  const { apply, close } = await openRowFunction(withFreeBatch(builder.build()), { threads: 1 });
  const places = [
    [5, 0],
    [8, 3],
    [3, -1],
    [5.5, 1],
  ] as const;
  const wanted = textbook(known);
  const given = await apply(places.map((place) => Float32Array.from(place)));
  await close();
  places.forEach((place, i) => {
    expect(given[i]?.[0]).toBeCloseTo(wanted(place), 2);
  });
});
