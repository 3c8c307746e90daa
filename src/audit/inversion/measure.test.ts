import { describe, expect, test } from 'vitest';
import { meanColourEncoder, photo, plain, redEncoder, threshold } from '../../../test/fixtures/audit.ts';
import { MEASURE } from '../findings.ts';
import { genuineRates } from '../genuine-rates.ts';
import { createJudge } from '../judge.ts';
import type { Subject } from '../subjects.ts';
import { attackRates, leakRegister, qualityRows, type Reconstructions, rankRates } from './measure.ts';

/** A person whose photos have these reds: the template's, and those of the others. */
const subject = (person: string, template: number, ...others: number[]): Subject => ({
  person,
  template: photo(person, 0, [template, 0, 0]),
  others: others.map((red, i) => photo(person, i + 1, [red, 0, 0])),
});

const made = (...reds: number[]): Reconstructions => ({
  attack: 'by hand',
  target: 'red',
  images: reds.map((red) => plain([red, 0, 0])),
});

/** Accepts equal reds alone. */
const judge = () => createJudge(redEncoder(), [threshold('red', 1e-2, 0.5), threshold('red', 1e-3, 0.9)]);

describe('attackRates', () => {
  // a: both photos are met; b: the template alone; c: neither; d has no other photo, and its template is met.
  const subjects = [subject('a', 10, 10), subject('b', 20, 21), subject('c', 30, 30), subject('d', 40)];
  const reconstructions = made(10, 20, 99, 40);

  test('type-I against the template, type-II against another photo, at each threshold', async () => {
    const rows = await attackRates(reconstructions, subjects, judge());
    expect(rows.map(({ name, fmr, successes, trials }) => [name, fmr, successes, trials])).toEqual([
      [MEASURE.typeOne, 1e-2, 3, 4],
      [MEASURE.typeOne, 1e-3, 3, 4],
      [MEASURE.typeTwo, 1e-2, 1, 3],
      [MEASURE.typeTwo, 1e-3, 1, 3],
    ]);
    for (const { attack, target, judge: by, rate, low, high } of rows) {
      expect([attack, target, by]).toEqual(['by hand', 'red', 'red']);
      expect(low).toBeLessThan(rate);
      expect(high).toBeGreaterThan(rate);
    }
  });

  test('a similarity between the thresholds counts at one of them', async () => {
    // cos 30 degrees = 0.866
    const colours = createJudge(meanColourEncoder(), [
      threshold('mean colour', 1e-2, 0.85),
      threshold('mean colour', 1e-3, 0.88),
    ]);
    const image = plain([173, 100, 0]);
    const rows = await attackRates({ attack: 'by hand', target: 'x', images: [image] }, [subject('a', 200)], colours);
    expect(rows.map(({ fmr, successes }) => [fmr, successes])).toEqual([
      [1e-2, 1],
      [1e-3, 0],
    ]);
  });

  test('without other photos there is no type-II row', async () => {
    const rows = await attackRates(made(40), [subject('d', 40)], judge());
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set([MEASURE.typeOne]));
  });

  test('genuine photos by the same measure: two of three are met', async () => {
    const rows = await genuineRates(subjects, judge());
    expect(rows.map(({ name, successes, trials, target, judge: by }) => [name, successes, trials, target, by])).toEqual(
      [
        [MEASURE.genuine, 2, 3, 'red', 'red'],
        [MEASURE.genuine, 2, 3, 'red', 'red'],
      ],
    );
    expect(await genuineRates([subject('d', 40)], judge())).toEqual([]);
  });
});

describe('rankRates', () => {
  /** Person n has the colour (10 n, 200 - 10 n, 0): neighbours are alike, so that similarities have an order. */
  const colour = (n: number) => [10 * n, 200 - 10 * n, 0] as const;
  const people = Array.from(
    { length: 12 },
    (_, n): Subject => ({
      person: `person ${n}`,
      template: photo(`person ${n}`, 0, colour(n)),
      others: [photo(`person ${n}`, 1, colour(n))],
    }),
  );
  const shifted = (by: number): Reconstructions => ({
    attack: 'by hand',
    target: 'x',
    images: people.map((_, n) => plain([10 * (n + by), 200 - 10 * (n + by), 0])),
  });
  const colours = () => createJudge(meanColourEncoder());

  test('right reconstructions have rank 1', async () => {
    const rows = await rankRates(shifted(0), people, [], colours());
    expect(rows.map(({ name, successes, trials, fmr }) => [name, successes, trials, fmr])).toEqual([
      [MEASURE.rankOne, 12, 12, null],
      [MEASURE.rankFive, 12, 12, null],
    ]);
  });

  test('those of the next person have rank 2 or 3: the last, whom nobody follows, keeps rank 1', async () => {
    const rows = await rankRates(shifted(1), people, [], colours());
    expect(rows.map(({ successes }) => successes)).toEqual([1, 12]);
  });

  test('strangers in the gallery push people down', async () => {
    const strangers = Array.from({ length: 5 }, (_, i) => photo(`stranger ${i}`, 0, colour(0)));
    const rows = await rankRates(shifted(0), people, strangers, colours());
    // The first person ties with five strangers, and a tie counts against.
    expect(rows.map(({ successes }) => successes)).toEqual([11, 11]);
  });

  test('is not told of fewer than ten people with another photo', async () => {
    const nine = [...people.slice(0, 9), { ...(people[9] as Subject), others: [] }];
    expect(await rankRates(shifted(0), nine, [], colours())).toEqual([]);
  });
});

describe('leakRegister', () => {
  test('counts each person’s other photos, five at most, the most exposed first', async () => {
    const subjects = [
      subject('none', 1, 2, 3),
      subject('half', 5, 5, 6),
      subject('alone', 7),
      subject('all', 9, 9, 9, 9, 9, 9, 9, 9),
    ];
    const rows = await leakRegister(made(1, 5, 7, 9), subjects, judge(), 1e-3);
    expect(rows.map(({ person, successes, trials, worstDecile }) => [person, successes, trials, worstDecile])).toEqual([
      ['all', 5, 5, true],
      ['half', 1, 2, false],
      ['none', 0, 2, false],
    ]);
  });

  test('nobody is in the worst decile where nobody leaks', async () => {
    const rows = await leakRegister(made(50, 60), [subject('a', 1, 2), subject('b', 3, 4)], judge(), 1e-3);
    expect(rows.map(({ worstDecile }) => worstDecile)).toEqual([false, false]);
  });

  test('is empty without a threshold at the rate, and without other photos', async () => {
    expect(await leakRegister(made(1), [subject('a', 1, 1)], judge(), 1e-4)).toEqual([]);
    expect(await leakRegister(made(1), [subject('a', 1)], judge(), 1e-3)).toEqual([]);
  });
});

describe('qualityRows', () => {
  const grey = (level: number) => [level, level, level] as const;
  const person = (level: number): Subject => ({
    person: `p${level}`,
    template: photo(`p${level}`, 0, grey(level)),
    others: [],
  });
  const rowsOf = (templates: readonly number[], images: readonly number[]) =>
    Object.fromEntries(
      qualityRows(
        { attack: 'by hand', target: 'x', images: images.map((level) => plain(grey(level), 32)) },
        templates.map(person),
      ).map((row) => [row.measure, row]),
    );

  test('mean and deviation over pictures, worked out by hand', () => {
    // Differences of 51 and 102 levels: 0.2 and 0.4; mean squares 0.04 and 0.16: 13.979 and 7.959 dB.
    const { L1, PSNR } = rowsOf([100, 0], [151, 102]);
    expect(L1?.mean).toBeCloseTo(0.3, 5);
    expect(L1?.deviation).toBeCloseTo(0.1, 5);
    expect(PSNR?.mean).toBeCloseTo((13.9794 + 7.9588) / 2, 3);
    expect(PSNR?.unit).toBe('dB');
    expect(PSNR?.images).toBe(2);
  });

  test('equal pictures have finite figures: SSIM 1, L1 0, and the PSNR of rounding to 8 bits', () => {
    const { SSIM, PSNR, L1 } = rowsOf([100, 7], [100, 7]);
    expect(SSIM?.mean).toBeCloseTo(1, 6);
    expect(L1?.mean).toBe(0);
    // A rounding error has the variance 1/12 of a level: 20 log10(255) + 10 log10(12)
    expect(PSNR?.mean).toBeCloseTo(58.92, 2);
    expect(PSNR?.deviation).toBeCloseTo(0, 6);
  });
});
