import { expect, test } from 'vitest';
import { renderTrainingCurves, type TurnFigures } from './training-curves.ts';

const turn = (step: number, who: string, figures: Readonly<Record<string, number | undefined>>): TurnFigures => ({
  step,
  turn: who,
  figures: new Map(Object.entries(figures)),
});

/** An adaptive training whose policy goes from 2 to 6. */
const adaptive = (steps: number): TurnFigures[] =>
  Array.from({ length: 2 * steps }, (_, i) => {
    const share = i / (2 * steps);
    const shares = { k2: 1 - share, k3: 0, k4: 0, k5: 0, k6: share };
    return i % 2 === 0
      ? turn(i, 'recogniser', { loss: 16 - share, count: 2 + 4 * share })
      : turn(i, 'strategy', { policy_loss: 0.1, reward: 3, policy_entropy: 1, ...shares, price: share, accuracy: 0.5 });
  });

/** Points of the drawings of a class. */
const points = (page: string, name: string): [number, number][][] =>
  [...page.matchAll(new RegExp(`class="${name}"[^>]* points="([^"]*)"`, 'g'))].map(([, list = '']) =>
    list.split(' ').map((pair) => pair.split(',').map(Number) as [number, number]),
  );

test('a long training is a light page with all curves, in steps of the recogniser', () => {
  const page = renderTrainingCurves('figures.jsonl', adaptive(20_000));
  expect(page.length).toBeLessThan(300_000);
  for (const text of [
    'Training curves of figures.jsonl',
    '20,000 steps of the recogniser, 20,000 of the strategy network',
    ...['Distribution of k', 'Loss of the recogniser', 'Loss of the strategy network', 'Reward'],
    ...['Entropy of the policy', 'Price of mixing', 'Accuracy on held-out photos', 'k = 2', 'k = 6'],
  ])
    expect(page).toContain(text);
  expect(page).not.toMatch(/NaN|Infinity|undefined|<script|https?:\/\/(?!www\.w3)/);
});

test('shares stand on each other and fill the whole', () => {
  const [k2 = [], k3 = [], , , k6 = []] = points(renderTrainingCurves('x', adaptive(60)), 'share');
  const half = k2.length / 2;
  const [floor, ceiling] = [k2[0]?.[1] ?? 0, k6.at(-1)?.[1] ?? 0];
  expect(floor).toBeGreaterThan(ceiling);
  for (let i = 0; i < half; i++) {
    const top = k2[k2.length - 1 - i] ?? [0, 0];
    expect(k2[i]).toEqual([top[0], floor]);
    // What k = 2 leaves goes to k = 6 alone: k = 3 is nothing, on top of it.
    expect(k3[i]).toEqual(top);
    expect(k3[k3.length - 1 - i]).toEqual(top);
    expect(k6[k6.length - 1 - i]?.[1]).toBeCloseTo(ceiling, 1);
  }
  // From all to nearly nothing.
  expect(k2.at(-1)?.[1]).toBeLessThan(ceiling + 0.02 * (floor - ceiling));
  expect(k2[half]?.[1]).toBeGreaterThan(floor - 0.02 * (floor - ceiling));
});

test('a figure that was no number breaks its line, is marked and counted, and its neighbours keep their scale', () => {
  const losses = [4, 3, undefined, undefined, 2, 1];
  const page = renderTrainingCurves(
    'x',
    losses.map((loss, i) => turn(i, 'recogniser', { loss })),
  );
  const [first = [], second = []] = points(page, 'line');
  expect([first.length, second.length]).toEqual([2, 2]);
  expect([...page.matchAll(/class="missing"/g)]).toHaveLength(2);
  expect(page).toContain('2 figures were no number');
  expect(page).toContain('no number</td>');
  const heights = [...first, ...second].map(([, y]) => y);
  expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  expect((heights[1] ?? 0) - (heights[0] ?? 0)).toBeCloseTo((heights[3] ?? 0) - (heights[2] ?? 0), 1);
});

test.each([
  ['of one step', [turn(0, 'recogniser', { loss: 2 })]],
  ['that came apart at once', [turn(0, 'recogniser', { loss: undefined })]],
  ['whose loss was beyond all bounds', [turn(0, 'recogniser', { loss: 1e30 })]],
])('a training %s is drawn too, and has no choices to show', (_, turns) => {
  const page = renderTrainingCurves('x', turns);
  expect(page).not.toMatch(/NaN|Infinity|undefined/);
  expect(page).not.toContain('Distribution of k');
  expect(page).toContain('1 step of the recogniser.');
});

test('a log that was begun late says so', () => {
  const page = (step: number) => renderTrainingCurves('x', [turn(step, 'recogniser', { loss: 2 })]);
  expect(page(1200)).toContain('The log begins after 1,200 turns');
  expect(page(0)).not.toContain('The log begins');
});

test('names from a log are escaped', () => {
  const page = renderTrainingCurves('<i>', [turn(0, 'recogniser', { '<script>': 1, constructor: 2 })]);
  expect(page).not.toContain('<script>');
  expect(page).toContain('&#60;script&#62;');
});
