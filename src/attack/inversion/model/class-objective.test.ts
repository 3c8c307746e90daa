import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../../test/fixtures/evaluate.ts';
import type { Value } from '../../../graph/builder.ts';
import { gradients } from '../../../graph/differentiate.ts';
import { reduceSum } from '../../../graph/ops/reduction.ts';
import { float32 } from '../../../graph/tensor.ts';
import { classGoal, poincareDistance } from './class-objective.ts';

/** The distance by its definition in double precision: arccosh(1 + 2 |u-v|^2 / ((1-|u|^2) (1-|v|^2))). */
function byDefinition(logits: readonly number[], label: number): number {
  const mean = logits.reduce((sum, value) => sum + value, 0) / logits.length;
  const size = logits.reduce((sum, value) => sum + Math.abs(value - mean), 0);
  const u = logits.map((value) => (value - mean) / size);
  const v = logits.map((_, k) => (k === label ? 0.9999 : 0));
  const squares = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
  const apart = squares(u.map((value, k) => value - (v[k] as number)));
  return Math.acosh(1 + (2 * apart) / ((1 - squares(u)) * (1 - squares(v))));
}

const ROWS = [
  [0.3, -1.2, 2.5, 0.4],
  [9, 1, 0, -1],
  [-3, -2, -2.5, -7],
];
const LABELS = [2, 0, 3];

const distances = async (rows: readonly (readonly number[])[]): Promise<number[]> => {
  const logits = float32(rows.flat(), [rows.length, 4]);
  const goals = float32(
    LABELS.flatMap((label) => [...classGoal(label, 4)]),
    [3, 4],
  );
  const { distance = [] } = await evaluate({ logits, goals }, (inputs) => ({
    distance: poincareDistance(inputs.logits, inputs.goals),
  }));
  return distance;
};

describe('poincareDistance', () => {
  test('is the distance of the Poincaré ball, and less where the class leads', async () => {
    const values = await distances(ROWS);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(byDefinition(ROWS[i] as number[], LABELS[i] as number), 3);
    });
    expect(values[1]).toBeLessThan(values[2] as number);
  });

  test('is blind to what all logits of a face have in common, and to their scale', async () => {
    const [values, shifted, scaled] = [
      await distances(ROWS),
      await distances(ROWS.map((row) => row.map((value) => value + 20))),
      await distances(ROWS.map((row) => row.map((value) => value * 7))),
    ];
    values.forEach((value, i) => {
      expect(shifted[i]).toBeCloseTo(value, 3);
      expect(scaled[i]).toBeCloseTo(value, 3);
    });
  });

  test('its gradient is that of central differences', async () => {
    const goals = float32(
      LABELS.flatMap((label) => [...classGoal(label, 4)]),
      [3, 4],
    );
    const { gradient = [] } = await evaluate({ logits: float32(ROWS.flat(), [3, 4]), goals }, (inputs) => ({
      gradient: gradients(reduceSum(poincareDistance(inputs.logits, inputs.goals)), [inputs.logits])[0] as Value,
    }));
    ROWS.forEach((row, i) => {
      row.forEach((_, k) => {
        const at = (by: number): number =>
          byDefinition(
            row.map((value, j) => value + (j === k ? by : 0)),
            LABELS[i] as number,
          );
        expect(gradient[i * 4 + k]).toBeCloseTo((at(1e-4) - at(-1e-4)) / 2e-4, 2);
      });
    });
  });
});
