import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference } from '../../../../test/fixtures/evaluate.ts';
import type { Value } from '../../../graph/builder.ts';
import { gradients } from '../../../graph/differentiate.ts';
import { logSoftmax } from '../../../graph/ops/activation.ts';
import { float32 } from '../../../graph/tensor.ts';
import type { Parameters } from '../../../nn/parameters.ts';
import { Random } from '../../../util/random.ts';
import {
  actionsOf,
  baseline,
  drawActions,
  entropyOfParts,
  gumbelNoise,
  ofChosen,
  policyLoss,
  priceOfMixing,
} from './strategy.ts';

/** A policy over three actions, for two faces that get their own rewards. */
const LOGITS = [
  [0.3, -0.8, 0.1],
  [1.2, 0.4, -0.5],
] as const;
const REWARDS = [
  [2, 5, -1],
  [0.5, 1, 4],
] as const;
const EXPLORATION = 0.3;

const probabilities = (logits: readonly number[]): number[] => {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return logits.map((logit) => Math.exp(logit) / total);
};

/** What the strategy is to climb, by enumeration: the mean over the faces of the expected reward and beta times the policy's entropy. */
function aim(logits: readonly (readonly number[])[]): number {
  const each = logits.map((row, face) => {
    const pi = probabilities(row);
    return pi.reduce((sum, p, action) => sum + p * (REWARDS[face]?.[action] ?? 0) - EXPLORATION * p * Math.log(p), 0);
  });
  return each.reduce((sum, value) => sum + value, 0) / logits.length;
}

/** The gradient of the loss with respect to the logits where `chosen` was drawn. */
async function gradientOf(chosen: readonly number[], constant: number): Promise<number[]> {
  const onehot = chosen.flatMap((action) => [0, 1, 2].map((one) => Number(one === action)));
  const advantage = chosen.map((action, face) => (REWARDS[face]?.[action] ?? 0) - constant);
  const { gradient } = await evaluate(
    { logits: float32(LOGITS.flat(), [2, 3]), onehot: float32(onehot, [2, 3]), advantage: float32(advantage, [2]) },
    ({ logits, onehot: drawn, advantage: worth }) => ({
      gradient: gradients(policyLoss(logSoftmax(logits, 1), drawn, worth, EXPLORATION), [logits])[0] as Value,
    }),
  );
  return gradient ?? [];
}

describe('REINFORCE', () => {
  test.each([0, 1.7])('follows the exact policy gradient on average, whatever the baseline (%f)', async (constant) => {
    const expected = new Array<number>(6).fill(0);
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 3; b++) {
        const weight = (probabilities(LOGITS[0])[a] ?? 0) * (probabilities(LOGITS[1])[b] ?? 0);
        (await gradientOf([a, b], constant)).forEach((value, i) => {
          expected[i] = (expected[i] ?? 0) + weight * value;
        });
      }
    }
    const h = 1e-5;
    const exact = LOGITS.flat().map((_, i) => {
      const moved = (by: number) =>
        LOGITS.map((row, face) => row.map((logit, k) => logit + (3 * face + k === i ? by : 0)));
      return -(aim(moved(h)) - aim(moved(-h))) / (2 * h);
    });
    expect(largestDifference(expected, exact)).toBeLessThan(1e-5);
  });

  test('draws each action as often as the policy has it', async () => {
    const rows = 6000;
    const pi = [0.1, 0.6, 0.3];
    const { drawn } = await evaluate(
      {
        pi: float32(Array.from({ length: rows }, () => pi.map(Math.log)).flat(), [rows, 3]),
        noise: float32(gumbelNoise(3 * rows, new Random(1)), [rows, 3]),
      },
      (inputs) => ({ drawn: drawActions(inputs.pi, inputs.noise) }),
    );
    pi.forEach((share, action) => {
      const count = drawn?.filter((value, i) => i % 3 === action && value === 1).length ?? 0;
      // Four standard deviations of a share of 6000.
      expect(Math.abs(count / rows - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / rows));
    });
  });

  test('never draws noise that is no number', () => {
    expect(gumbelNoise(10_000, new Random(2)).every(Number.isFinite)).toBe(true);
  });
});

describe('what the strategy network is told', () => {
  test('takes of a table what was chosen', async () => {
    const { picked } = await evaluate(
      { chosen: float32([0, 1, 1, 0], [2, 2]), table: float32([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]) },
      (inputs) => ({ picked: ofChosen(inputs.chosen, inputs.table) }),
    );
    expect(picked).toEqual([3, 4, 5, 6]);
  });

  test('the entropy of parts, to which those of 0 add nothing', async () => {
    const { entropy } = await evaluate({ parts: float32([0.5, 0.5, 0, 0.25, 0.25, 0.5], [2, 3]) }, ({ parts }) => ({
      entropy: entropyOfParts(parts),
    }));
    expect(largestDifference(entropy ?? [], [Math.log(2), 1.5 * Math.log(2)])).toBeLessThan(1e-6);
  });

  /** Runs what keeps buffers for some steps. */
  async function overSteps(
    values: readonly (readonly number[])[],
    build: (p: Parameters, value: Value) => Value,
  ): Promise<number[]> {
    const state = new Map<string, number>();
    const seen: number[] = [];
    for (const value of values) {
      const names = ['baseline', 'baseline_weight', 'price'];
      const feeds = {
        value: float32([...value], [value.length]),
        ...Object.fromEntries(names.map((name) => [name, float32([state.get(name) ?? 0], [])])),
      };
      const result = await evaluate(feeds, (inputs) => {
        const updates: Record<string, Value> = {};
        const given = (name: string): Value => (inputs as Readonly<Record<string, Value>>)[name] as Value;
        const p: Parameters = {
          builder: inputs.value.builder,
          training: true,
          weight: given,
          buffer: given,
          update: (name, next) => {
            updates[`next/${name}`] = next;
          },
        };
        return { seen: build(p, inputs.value), ...updates };
      });
      for (const name of names) state.set(name, result[`next/${name}`]?.[0] ?? state.get(name) ?? 0);
      seen.push(result.seen?.[0] ?? Number.NaN);
    }
    return seen;
  }

  test('the baseline is the batch’s own mean at first, then the weighted mean of those before', async () => {
    const seen = await overSteps(
      [
        [3, 5],
        [10, 10],
        [0, 2],
      ],
      (p, reward) => baseline(p, reward, 0.5),
    );
    // 4; then 4 alone; then (0.25 * 4 + 0.5 * 10) / 0.75.
    expect(largestDifference(seen, [4, 4, 8])).toBeLessThan(1e-5);
  });

  test('the price rises by what the accuracy lacks, and never below 0', async () => {
    const seen = await overSteps([[0.5], [0.9], [1], [1]], (p, accuracy) =>
      priceOfMixing(p, accuracy, { accuracy: 0.8, rate: 0.5 }),
    );
    expect(largestDifference(seen, [0, 0.15, 0.1, 0])).toBeLessThan(1e-6);
  });

  test('all that there is to choose', () => {
    expect(actionsOf('count').map(({ count }) => count)).toEqual([2, 3, 4, 5, 6]);
    expect(new Set(actionsOf('count-and-parts').map(({ power }) => power)).size).toBe(3);
    expect(actionsOf('count-and-channels')).toHaveLength(15);
  });
});
